"""A Collector build as a sender: filelog -> batch -> otlphttp, and its own telemetry through the Go SDK."""

import json
import pathlib
import subprocess
import sysconfig
import time

LINES = 500


def program():
    folder = pathlib.Path(sysconfig.get_paths()["purelib"]) / "otel_collector" / "bin"
    return next(path for path in folder.iterdir() if "otelcol" in path.name)


def config(folder, http, compression, encoding, telemetry):
    """Collector configuration; JSON is YAML too."""
    exporter = {"endpoint": f"http://{http}", "compression": compression, "encoding": encoding, "retry_on_failure": {"enabled": False}}
    return {
        "receivers": {"filelog": {"include": [str(folder / "in.log")], "start_at": "beginning"}},
        "processors": {"batch": {"send_batch_size": 100, "send_batch_max_size": 100, "timeout": "200ms"}},
        "exporters": {"otlphttp": exporter},
        "service": {
            "telemetry": telemetry or {"metrics": {"level": "none"}},
            "pipelines": {"logs": {"receivers": ["filelog"], "processors": ["batch"], "exporters": ["otlphttp"]}},
        },
    }


def own_telemetry(protocol, address):
    """The Collector's own traces, metrics and logs over `grpc` or `http/protobuf`."""

    def exporter(signal):
        endpoint = f"http://{address}" if protocol == "grpc" else f"http://{address}/v1/{signal}"
        return {"otlp": {"protocol": protocol, "endpoint": endpoint, "insecure": True}}

    return {
        "traces": {"processors": [{"batch": {"schedule_delay": 300, "exporter": exporter("traces")}}]},
        "metrics": {"level": "detailed", "readers": [{"periodic": {"interval": 500, "exporter": exporter("metrics")}}]},
        "logs": {"level": "debug", "processors": [{"batch": {"schedule_delay": 300, "exporter": exporter("logs")}}]},
    }


class Collector:
    """A running Collector that reads LINES lines and sends them."""

    def __init__(self, folder, http, compression="none", encoding="proto", telemetry=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        (self.folder / "in.log").write_text("".join(f"log {n}\n" for n in range(LINES)))
        path = self.folder / "config.yaml"
        path.write_text(json.dumps(config(self.folder, http, compression, encoding, telemetry)))
        self.log = (self.folder / "collector.log").open("w")
        self.process = subprocess.Popen([program(), "--config", path], stdout=self.log, stderr=self.log)

    def said(self, text, seconds=15):
        """Waits for a line of its log that holds `text`; the line, or an empty string."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for line in (self.folder / "collector.log").read_text().splitlines():
                if text in line:
                    return line
            time.sleep(0.1)
        return ""

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        self.log.close()
