"""A program instrumented with the Python SDK: `python_sdk.py PROTOCOL HOST:PORT COMPRESSION`.

Sends the workload that `workload.py` describes, once, and ends. What it says about success is not believed.
"""

import sys

from opentelemetry.exporter.otlp.proto.http import Compression as HttpCompression
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

import workload


def exporters(protocol, address, compression):
    if protocol == "grpc":
        import grpc
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        kinds = {"none": grpc.Compression.NoCompression, "gzip": grpc.Compression.Gzip, "deflate": grpc.Compression.Deflate}
        options = {"endpoint": address, "insecure": True, "compression": kinds[compression], "timeout": 5}
        return OTLPSpanExporter(**options), OTLPMetricExporter(**options), OTLPLogExporter(**options)
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    options = {"compression": HttpCompression(compression), "timeout": 5}
    return (
        OTLPSpanExporter(endpoint=f"http://{address}/v1/traces", **options),
        OTLPMetricExporter(endpoint=f"http://{address}/v1/metrics", **options),
        OTLPLogExporter(endpoint=f"http://{address}/v1/logs", **options),
    )


def main(protocol, address, compression):
    span_exporter, metric_exporter, log_exporter = exporters(protocol, address, compression)
    resource = Resource.create({"service.name": workload.SERVICE, "replica": 3})

    tracer_provider = TracerProvider(resource=resource)
    tracer_provider.add_span_processor(BatchSpanProcessor(span_exporter, max_export_batch_size=64))
    tracer = tracer_provider.get_tracer("interop", "1.0")
    previous = None
    for n in range(workload.SPANS):
        links = [Link(previous)] if previous else []
        with tracer.start_as_current_span(f"span-{n}", kind=SpanKind.SERVER, links=links, attributes=workload.attributes(n)) as span:
            span.add_event("checked", {"n": n})
            if n % 10 == 0:
                span.set_status(Status(StatusCode.ERROR, "every tenth fails"))
            previous = span.get_span_context()
    tracer_provider.force_flush()
    tracer_provider.shutdown()

    reader = InMemoryMetricReader()
    views = [View(instrument_name="interop.exponential", aggregation=ExponentialBucketHistogramAggregation())]
    meter_provider = MeterProvider(resource=resource, metric_readers=[reader], views=views)
    meter = meter_provider.get_meter("interop", "1.0")
    counter, up_down, gauge = meter.create_counter("interop.counter"), meter.create_up_down_counter("interop.updown"), meter.create_gauge("interop.gauge")
    histogram, exponential = meter.create_histogram("interop.histogram", "ms"), meter.create_histogram("interop.exponential", "ms")
    for n in range(workload.MEASUREMENTS):
        counter.add(n)
        up_down.add(-n)
        gauge.set(n / 2)
        histogram.record(n)
        exponential.record(n)
    # Straight to the exporter: a periodic reader would export the same sums once more at shutdown.
    metric_exporter.export(reader.get_metrics_data())
    metric_exporter.shutdown()

    from opentelemetry._logs import LogRecord, SeverityNumber
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    logger_provider = LoggerProvider(resource=resource)
    logger_provider.add_log_record_processor(BatchLogRecordProcessor(log_exporter, max_export_batch_size=64))
    logger = logger_provider.get_logger("interop", "1.0")
    for n in range(workload.LOGS):
        logger.emit(
            LogRecord(timestamp=1_700_000_000_000_000_000 + n, severity_number=SeverityNumber.WARN, severity_text="WARN", body=f"log {n}", attributes=workload.attributes(n))
        )
    logger_provider.force_flush()
    logger_provider.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
