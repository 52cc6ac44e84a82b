"""Two relays with tracezip between them, and a socket that counts what goes from one to the other."""

import re
import signal
import socket
import subprocess
import threading


class Counter:
    """A port that passes connections on to `target` and counts the bytes from clients."""

    def __init__(self, target):
        host, port = target.split(":")
        self.target, self.bytes = (host, int(port)), 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            threading.Thread(target=self._carry, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, False), daemon=True).start()

    def _carry(self, source, sink, counted):
        try:
            while data := source.recv(1 << 16):
                if counted:
                    self.bytes += len(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def stop(self):
        self.listener.close()


class Relay:
    """`otlp relay` on two free ports."""

    def __init__(self, otlp, target, protocol, compression):
        line = [otlp, "relay", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--to", f"http://{target}"]
        line += ["--protocol", protocol, "--compression", compression]
        self.process = subprocess.Popen([str(word) for word in line], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        found = re.match(r"listening grpc=(\S+) http=(\S+)", self.process.stderr.readline())
        if not found:
            self.process.kill()
            raise RuntimeError("otlp relay did not say where it listens")
        self.grpc, self.http = found.groups()

    def stop(self):
        """Forwards what is left; (exit code, its account)."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            out, _ = self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, _ = self.process.communicate()
        return self.process.returncode, out


class Link:
    """near relay, counting socket, far relay."""

    def __init__(self, otlp, target, target_protocol, protocol, compression):
        self.far = Relay(otlp, target, target_protocol, "none")
        self.counter = Counter(self.far.grpc if protocol == "grpc" else self.far.http)
        self.near = Relay(otlp, self.counter.address, protocol, compression)

    def stop(self):
        """Both relays in the order of the data; what is wrong with them."""
        wrong = [f"relay ended with {code}: {out.strip()}" for code, out in (self.near.stop(), self.far.stop()) if code]
        self.counter.stop()
        return wrong
