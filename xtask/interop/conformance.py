"""`otlp conformance` against real servers: ours must keep every rule, and the peers fail where their sources say they do."""

import json
import shutil

from command import Receive, run
from rotel import Rotel

# What the sources of rotel 0.0.1a15 foretell: 4xx and 5xx with an empty body and no content type, `; charset` refused, an unknown content
# coding taken as none.
FORETOLD = {"H1", "H9", "H10", "J6"}
# What the probes found besides: `{}` is refused as JSON, bad data over gRPC is INTERNAL, an empty value and null are refused as JSON.
FOUND = {"G8", "G15", "J7"}
# A rule that is here and passes means that the peer has changed: look, then change this list.
ROTEL = FORETOLD | FOUND


def probe(otlp, http, grpc):
    """Findings by (rule, level), and the exit code."""
    code, out, err = run(otlp, "conformance", f"http://{http}", "--grpc", f"http://{grpc}", "--json")
    if not out:
        raise RuntimeError(f"exit code {code}: {err.strip()[-300:]}")
    return code, [json.loads(line) for line in out.splitlines()]


def failed(findings):
    return [finding for finding in findings if finding["verdict"] == "fail"]


def conformance(matrix):
    """`otlp conformance`: our server keeps every rule that can be seen; the peers fail where their sources say. Received: findings that are no failure."""

    def ours(folder):
        receive = Receive(matrix.otlp, folder)
        try:
            code, findings = probe(matrix.otlp, receive.http, receive.grpc)
        finally:
            receive.kill()
        wrong = [f"{finding['rule']}: {finding['evidence']}" for finding in failed(findings)]
        if code:
            wrong.append(f"exit code {code}")
        return len(findings) - len(failed(findings)), wrong, ""

    def rotel(folder):
        receive = Receive(matrix.otlp, folder / "out")
        forwarder = None
        try:
            forwarder = Rotel(folder / "rotel", "grpc", receive.grpc, "none")
            _, findings = probe(matrix.otlp, forwarder.http, forwarder.grpc)
        finally:
            if forwarder:
                forwarder.stop()
            receive.kill()
        faults = failed(findings)
        rules = {finding["rule"] for finding in faults}
        wrong = []
        if rules - ROTEL:
            wrong.append("fails more than was foreseen: " + "; ".join(f"{f['rule']} {f['level']} {f['evidence']}" for f in faults if f["rule"] not in ROTEL))
        if ROTEL - rules:
            wrong.append("does not fail " + ", ".join(sorted(ROTEL - rules)))
        shutil.rmtree(folder)
        note = "<br>".join(f"{f['rule']} {f['level']}: {f['evidence']}" for f in faults)
        return len(findings) - len(faults), wrong, note

    matrix.case("otlp receive", "-", ours)
    matrix.case("rotel 0.0.1a15", "-", rotel)
