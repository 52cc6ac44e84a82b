"""rotel as a forwarder: OTLP in by gRPC and HTTP, OTLP out."""

import pathlib
import socket
import subprocess
import sysconfig
import time


def free_port():
    """rotel wants a number, so one is asked for and given back."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Rotel:
    """A running rotel that forwards to `target`."""

    def __init__(self, folder, protocol, target, compression, batch=False):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.grpc, self.http = (f"127.0.0.1:{free_port()}" for _ in range(2))
        program = pathlib.Path(sysconfig.get_paths()["purelib"]) / "rotel" / "rotel-agent"
        line = [program, "start", "--otlp-grpc-endpoint", self.grpc, "--otlp-http-endpoint", self.http]
        line += ["--exporter", "otlp", "--otlp-exporter-endpoint", f"http://{target}", "--otlp-exporter-protocol", protocol]
        line += ["--otlp-exporter-compression", compression, "--otlp-exporter-request-timeout", "30s"]
        # Its batcher, when it cuts a request in two, loses the resource of the second half (seen with 0.0.1a15).
        line += ["--batch-max-size", "8192", "--batch-timeout", "200ms"] if batch else ["--disable-batching"]
        line += ["--pid-file", self.folder / "pid", "--log-file", self.folder / "rotel.log"]
        self.log = (self.folder / "out.log").open("w")
        self.process = subprocess.Popen([str(word) for word in line], stdout=self.log, stderr=self.log)
        self._wait_for_port()

    def _wait_for_port(self):
        host, port = self.grpc.split(":")
        for _ in range(100):
            if self.process.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex((host, int(port))) == 0:
                    return
            time.sleep(0.1)
        self.stop()
        raise RuntimeError("rotel did not start: " + (self.folder / "out.log").read_text()[-300:])

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        self.log.close()
