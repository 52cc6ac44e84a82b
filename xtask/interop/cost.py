"""What forwarding costs: processor time and memory of `otlp relay` and of rotel, side by side on the captures."""

import os
import pathlib
import re
import statistics
import subprocess
import threading
import time

from command import run
from rotel import Rotel

ROUNDS = 5
# How often a round sends a capture: processor time is counted in steps of 10 ms.
REPEAT = 2
ITEMS = 512
# Items a second: a steady stream that none of them has to queue.
RATE = 50_000
TICK = os.sysconf("SC_CLK_TCK")


class Listening:
    """`otlp receive` or `otlp relay`, which keep nothing and say where they listen."""

    def __init__(self, otlp, *words):
        line = [str(otlp), *words, "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"]
        self.process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        first = self.process.stderr.readline()
        self.grpc, self.http = re.match(r"listening grpc=(\S+) http=(\S+)", first).groups()
        # What it says later, so that it never waits for a reader.
        threading.Thread(target=lambda: [None for _ in self.process.stderr], daemon=True).start()

    def stop(self):
        self.process.terminate()
        self.process.communicate(timeout=20)


class Side:
    """A forwarder, where what it forwards arrives, and what it cost so far."""

    def __init__(self, name, otlp, start):
        self.name, self.sink = name, Listening(otlp, "receive")
        self.forwarder = start(self.sink.grpc)
        self.costs = []

    def _stat(self, process):
        """Processor seconds of a process's threads."""
        fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def round(self, otlp, capture, items):
        before = self._stat(self.forwarder.process)
        words = ["--protocol", "grpc", "--compression", "none", "--batch-items", ITEMS, "--concurrency", 4, "--repeat", REPEAT, "--rate", RATE]
        code, _, err = run(otlp, "send", capture, "--endpoint", f"http://{self.forwarder.grpc}", *words)
        if code:
            raise RuntimeError(f"{self.name}: send ended with {code}: {err[-300:]}")
        # Until everything has gone through: nobody works any more.
        busy, quiet = None, 0
        while quiet < 8:
            time.sleep(0.1)
            now = (self._stat(self.forwarder.process), self._stat(self.sink.process))
            busy, quiet = now, quiet + 1 if now == busy else 0
        self.costs.append((self._stat(self.forwarder.process) - before) * 1e9 / (items * REPEAT))

    def peak(self):
        """Most memory, in MiB."""
        status = pathlib.Path(f"/proc/{self.forwarder.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024

    def stop(self):
        self.forwarder.stop()
        self.sink.stop()


def cost(matrix, captures):
    """Forwarders side by side, 50,000 items a second to each in turn. CPU is processor time for an item, memory the most that it had."""
    for name, signal, items in captures:

        def body(folder, name=name, items=items):
            def relay(codec):
                return lambda sink: Listening(
                    matrix.otlp, "relay", "--to", f"http://{sink}", "--protocol", "grpc", "--compression", codec
                )

            sides = [
                Side("relay", matrix.otlp, relay("none")),
                Side("relay with gzip", matrix.otlp, relay("gzip")),
                Side("rotel, which uses gzip", matrix.otlp, lambda sink: Rotel(folder / "rotel", "grpc", sink, "gzip", batch=True)),
            ]
            try:
                for number in range(ROUNDS + 1):
                    for side in sides[number % 3 :] + sides[: number % 3]:
                        side.round(matrix.otlp, matrix.data / name, items)
                figures = [(side.name, statistics.median(side.costs[1:]), side.peak()) for side in sides]
            finally:
                for side in sides:
                    side.stop()
            wrong = []
            peer = figures[-1]
            for ours in figures[:-1]:
                for what, mine, theirs in (("CPU", ours[1], peer[1]), ("memory", ours[2], peer[2])):
                    if mine > theirs / 2:
                        wrong.append(f"{ours[0]}: {what} is more than half of rotel's")
            note = "; ".join(f"{title}: {cpu:,.0f} ns, {mib:.0f} MiB" for title, cpu, mib in figures)
            return "-", wrong, note

        matrix.case(f"{signal}: {name}", items * REPEAT * ROUNDS, body)
