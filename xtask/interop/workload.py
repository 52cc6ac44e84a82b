"""What the SDK senders send, and whether that is what arrived. `node/send.mjs` sends the same."""

from telemetry import attributes as read_attributes
from telemetry import count, nested, points

SERVICE = "interop-été"
SPANS = 200
LOGS = 100
MEASUREMENTS = 50
# One data point for each of counter, up-down counter, gauge, histogram, exponential histogram.
POINTS = 5
ITEMS = SPANS + LOGS + POINTS


def attributes(n):
    """Attributes of the n-th span and the n-th log record: each type that all SDKs have."""
    return {"n": n, "text": f"n° {n}", "half": n + 0.5, "even": n % 2 == 0, "tags": ["a", f"b{n}"]}


def faults(received):
    """What is missing, doubled or changed; an empty list if everything is as sent."""
    wrong = []
    for signal, wanted in (("traces", SPANS), ("metrics", POINTS), ("logs", LOGS)):
        got = count(signal, received.get(signal, []))
        if got != wanted:
            wrong.append(f"{signal}: {got} of {wanted}")
    for signal in ("traces", "logs"):
        seen = {}
        for message in received.get(signal, []):
            for *_, item in nested(signal, message):
                values = read_attributes(item)
                n = values.get("n")
                seen[n] = seen.get(n, 0) + 1
                text = item.name if signal == "traces" else item.body.string_value
                if text != (f"span-{n}" if signal == "traces" else f"log {n}"):
                    wrong.append(f"{signal}: item {n} is called {text}")
                if values != attributes(n):
                    wrong.append(f"{signal}: item {n} has {values}")
        doubled = [n for n, times in seen.items() if times > 1]
        if doubled:
            wrong.append(f"{signal}: more than once: {doubled[:5]}")
    total = sum(range(MEASUREMENTS))
    for message in received.get("metrics", []):
        for resource in message.resource_metrics:
            for metric in (metric for scope in resource.scope_metrics for metric in scope.metrics):
                point = points(metric)[0]
                kind = metric.WhichOneof("data")
                value = point.sum if "istogram" in kind else point.as_int or point.as_double
                wanted = {"interop.updown": -total, "interop.gauge": (MEASUREMENTS - 1) / 2}.get(metric.name, total)
                if value != wanted:
                    wrong.append(f"{metric.name}: {value}, sent {wanted}")
    for signal, messages in received.items():
        for message in messages:
            resources = {"traces": "resource_spans", "metrics": "resource_metrics", "logs": "resource_logs"}[signal]
            for resource in getattr(message, resources):
                name = read_attributes(resource.resource).get("service.name")
                if name != SERVICE:
                    wrong.append(f"{signal}: service.name is {name}")
    return wrong[:5]
