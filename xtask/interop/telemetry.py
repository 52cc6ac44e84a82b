"""Reads OTLP files with Python's generated protobuf classes, which share no code with the product."""

import base64
import collections
import gzip
import json
import pathlib
import struct

import zstandard
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.profiles.v1development.profiles_service_pb2 import ExportProfilesServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

REQUESTS = {
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "logs": ExportLogsServiceRequest,
    "profiles": ExportProfilesServiceRequest,
}

# Keys whose value is hex in OTLP/JSON and base64 in protobuf's JSON.
HEX_KEYS = {"traceId", "spanId", "parentSpanId", "profileId"}


def unwrap(path):
    """The bytes of a file without an outer .zst or .gz."""
    path = pathlib.Path(path)
    if path.suffix == ".zst":
        with path.open("rb") as file:
            return zstandard.ZstdDecompressor().stream_reader(file).read()
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def cut_frames(data):
    """The messages of a .frames file: 32-bit big-endian length, then one message, repeated."""
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        at += 4
        if at + length > len(data):
            raise ValueError(f"frame at {at - 4} says {length} bytes, {len(data) - at} are left")
        yield data[at : at + length]
        at += length


def is_framed(data):
    """Whether the whole file is frames, whatever its ending says."""
    try:
        return sum(1 for _ in cut_frames(data)) > 0
    except (ValueError, struct.error):
        return False


def to_base64_ids(value):
    """OTLP/JSON has ids in hex; everything else is as protobuf's own JSON."""
    if isinstance(value, dict):
        return {
            key: base64.b64encode(bytes.fromhex(inner)).decode()
            if key in HEX_KEYS and isinstance(inner, str)
            else to_base64_ids(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [to_base64_ids(inner) for inner in value]
    return value


def parse_json(signal, text):
    # An unknown key is an error here: what the product writes must use the specification's names only.
    return json_format.ParseDict(to_base64_ids(json.loads(text)), REQUESTS[signal]())


def read_file(path, signal):
    """All messages of one file, in order."""
    kind = [suffix for suffix in pathlib.Path(path).suffixes if suffix not in (".zst", ".gz")]
    data = unwrap(path)
    if kind[-1:] == [".jsonl"]:
        return [parse_json(signal, line) for line in data.decode("utf-8").split("\n") if line]
    if kind[-1:] == [".json"]:
        return [parse_json(signal, data.decode("utf-8"))]
    pieces = [data] if kind[-1:] == [".pb"] else cut_frames(data)
    messages = []
    for piece in pieces:
        message = REQUESTS[signal]()
        message.ParseFromString(piece)
        messages.append(message)
    return messages


def read_folder(folder):
    """{signal: [message]} of what `otlp receive -o` wrote, each signal's files in the order of their numbers."""
    found = collections.defaultdict(list)
    for path in sorted(pathlib.Path(folder).iterdir()):
        signal = path.name.split("-")[0]
        if signal not in REQUESTS:
            raise ValueError(f"{path.name} does not start with a signal")
        found[signal] += read_file(path, signal)
    return found


def plain(message):
    """One byte string for equal messages."""
    return message.SerializeToString(deterministic=True)


def points(metric):
    """The data points of a metric, whatever its kind."""
    kind = metric.WhichOneof("data")
    return getattr(metric, kind).data_points if kind else []


def nested(signal, message):
    """(resource part, scope part, metric part, item) of every item of a message; parts are comparable byte strings."""
    resources = {"traces": "resource_spans", "metrics": "resource_metrics", "logs": "resource_logs", "profiles": "resource_profiles"}
    scopes = {"traces": "scope_spans", "metrics": "scope_metrics", "logs": "scope_logs", "profiles": "scope_profiles"}
    items = {"traces": "spans", "metrics": "metrics", "logs": "log_records", "profiles": "profiles"}
    for resource in getattr(message, resources[signal]):
        resource_part = (plain(resource.resource), resource.schema_url)
        for scope in getattr(resource, scopes[signal]):
            scope_part = (plain(scope.scope), scope.schema_url)
            for item in getattr(scope, items[signal]):
                if signal != "metrics":
                    yield resource_part, scope_part, b"", item
                    continue
                metric = type(item)()
                metric.CopyFrom(item)
                kind = metric.WhichOneof("data")
                if kind:
                    getattr(metric, kind).ClearField("data_points")
                head = plain(metric)
                for point in points(item):
                    yield resource_part, scope_part, head, point


def count(signal, messages):
    """What a partial success would count: spans, data points, log records, profiles."""
    return sum(1 for message in messages for _ in nested(signal, message))


def multiset(signal, messages):
    """(resource, scope, item) with how often each stands, whatever the messages they came in."""
    found = collections.Counter()
    for message in messages:
        for resource, scope, head, item in nested(signal, message):
            found[(resource, scope, head, plain(item))] += 1
    return found


def attributes(item):
    """Attributes as Python values, for those the senders use."""
    values = {}
    for pair in item.attributes:
        kind = pair.value.WhichOneof("value")
        value = getattr(pair.value, kind) if kind else None
        values[pair.key] = [getattr(v, v.WhichOneof("value")) for v in value.values] if kind == "array_value" else value
    return values
