// A program instrumented with the Node SDK: `node send.mjs PROTOCOL HOST:PORT COMPRESSION`.
// Sends what ../workload.py describes, once, and ends.
import { createRequire } from "node:module";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { CompressionAlgorithm } from "@opentelemetry/otlp-exporter-base";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { AggregationType, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";

const [protocol, address, compression] = process.argv.slice(2);
const SERVICE = "interop-été";
const SPANS = 200, LOGS = 100, MEASUREMENTS = 50;

const suffix = { grpc: "grpc", "http/json": "http", "http/protobuf": "proto" }[protocol];
const load = createRequire(import.meta.url);
const exporter = (signal, name, path) => {
  const Exporter = load(`@opentelemetry/exporter-${signal}-otlp-${suffix}`)[name];
  const options = { url: protocol === "grpc" ? `http://${address}` : `http://${address}${path}`, timeoutMillis: 5000 };
  return new Exporter({ ...options, compression: compression === "gzip" ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE });
};

const attributes = (n) => ({ n, text: `n° ${n}`, half: n + 0.5, even: n % 2 === 0, tags: ["a", `b${n}`] });
const resource = resourceFromAttributes({ "service.name": SERVICE, replica: 3 });

const tracers = new BasicTracerProvider({
  resource,
  spanProcessors: [new BatchSpanProcessor(exporter("trace", "OTLPTraceExporter", "/v1/traces"), { maxExportBatchSize: 64, maxQueueSize: 2048 })],
});
const tracer = tracers.getTracer("interop", "1.0");
let previous;
for (let n = 0; n < SPANS; n++) {
  const span = tracer.startSpan(`span-${n}`, { kind: SpanKind.SERVER, attributes: attributes(n), links: previous ? [{ context: previous }] : [] });
  span.addEvent("checked", { n });
  if (n % 10 === 0) span.setStatus({ code: SpanStatusCode.ERROR, message: "every tenth fails" });
  previous = span.spanContext();
  span.end();
}
await tracers.forceFlush();
await tracers.shutdown();

// Collects once and hands over once: a periodic reader would export the same sums once more at shutdown.
class OnceReader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}
const reader = new OnceReader();
const meters = new MeterProvider({
  resource,
  readers: [reader],
  views: [{ instrumentName: "interop.exponential", aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
});
const meter = meters.getMeter("interop", "1.0");
const counter = meter.createCounter("interop.counter"), upDown = meter.createUpDownCounter("interop.updown"), gauge = meter.createGauge("interop.gauge");
const histogram = meter.createHistogram("interop.histogram", { unit: "ms" }), exponential = meter.createHistogram("interop.exponential", { unit: "ms" });
for (let n = 0; n < MEASUREMENTS; n++) {
  counter.add(n);
  upDown.add(-n);
  gauge.record(n / 2);
  histogram.record(n);
  exponential.record(n);
}
const { resourceMetrics } = await reader.collect();
const metricExporter = exporter("metrics", "OTLPMetricExporter", "/v1/metrics");
await new Promise((done) => metricExporter.export(resourceMetrics, done));
await metricExporter.shutdown();

const loggers = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter: exporter("logs", "OTLPLogExporter", "/v1/logs"), maxExportBatchSize: 64 })] });
const logger = loggers.getLogger("interop", "1.0");
for (let n = 0; n < LOGS; n++) {
  logger.emit({ timestamp: 1_700_000_000_000 + n, severityNumber: 13, severityText: "WARN", body: `log ${n}`, attributes: attributes(n) });
}
await loggers.forceFlush();
await loggers.shutdown();
