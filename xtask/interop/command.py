"""The `otlp` command under test, as child processes with a time limit."""

import json
import pathlib
import re
import signal
import subprocess
import threading
import time

# No single command may take longer than this many seconds.
LIMIT = 180


class Receive:
    """`otlp receive` on two free ports, into a folder."""

    def __init__(self, otlp, folder, form="frames", max_items=None, timeout=60):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        line = [otlp, "receive", "-o", str(self.folder), "--format", form, "--json"]
        line += ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"]
        if max_items is not None:
            line += ["--max-items", str(max_items), "--timeout", f"{timeout}s"]
        self.process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.log = []
        self.ready = threading.Event()
        self.grpc = self.http = None
        threading.Thread(target=self._listen, daemon=True).start()
        if not self.ready.wait(20) or self.grpc is None:
            self.process.kill()
            raise RuntimeError("otlp receive did not say where it listens: " + " ".join(self.log))

    def _listen(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip())
            found = re.match(r"listening grpc=(\S+) http=(\S+)", line)
            if found:
                self.grpc, self.http = found.groups()
                self.ready.set()
        self.ready.set()

    def stop(self):
        """Asks it to flush and stop; (exit code, its summary)."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._wait(20)

    def wait(self, seconds=LIMIT):
        """Waits until it has its items; (exit code, its summary)."""
        return self._wait(seconds)

    def _wait(self, seconds):
        # Standard error is read by our thread, so only standard output is left to collect.
        deadline = time.monotonic() + seconds
        chunks = []
        reader = threading.Thread(target=lambda: chunks.append(self.process.stdout.read()), daemon=True)
        reader.start()
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise RuntimeError("otlp receive did not stop in time; " + " | ".join(self.log[-3:])) from None
        reader.join(5)
        out = "".join(chunks)
        return self.process.returncode, json.loads(out) if out.strip() else {}

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(5)


def run(otlp, *words):
    """Runs a command of `otlp` to its end: (exit code, stdout, stderr)."""
    done = subprocess.run([otlp, *map(str, words)], capture_output=True, text=True, timeout=LIMIT)
    return done.returncode, done.stdout, done.stderr
