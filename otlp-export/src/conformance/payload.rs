//! What the probes send: a little telemetry that says where it comes from.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use otlp_compress::{Codec, Level, compress};
use otlp_core::{
    Batch, Limits, Signal, SpanId, TraceId, logs::LogsWriter, metrics::MetricsWriter,
    profiles::ProfilesWriter, trace::TracesWriter,
};

/// What stands in `service.name` and as the scope's name.
pub(super) const NAME: &str = "otlp-conformance";

/// The present moment in nanoseconds.
pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}

/// One item of a signal.
pub(super) fn item(signal: Signal) -> Batch {
    let now = now();
    let mark = |resource: &mut otlp_core::write::ResourceWriter<'_>| {
        resource.attr("service.name", NAME);
    };
    match signal {
        Signal::Traces => {
            let mut writer = TracesWriter::new();
            let mut resource = writer.resource(mark);
            let mut scope = resource.scope(NAME, env!("CARGO_PKG_VERSION"));
            scope
                .span()
                .name("probe")
                .ids(trace_id(now), SpanId::from_bytes(now.to_be_bytes()), None)
                .times(now - 1000, now);
            writer.finish()
        }
        Signal::Metrics => {
            let mut writer = MetricsWriter::new();
            let mut resource = writer.resource(mark);
            let mut scope = resource.scope(NAME, env!("CARGO_PKG_VERSION"));
            scope.metric("otlp.conformance.probe").gauge().point(1).times(0, now);
            writer.finish()
        }
        Signal::Logs => {
            let mut writer = LogsWriter::new();
            let mut resource = writer.resource(mark);
            let mut scope = resource.scope(NAME, env!("CARGO_PKG_VERSION"));
            scope.record().body("probe").times(now, now);
            writer.finish()
        }
        Signal::Profiles => {
            let mut writer = ProfilesWriter::new();
            let mut resource = writer.resource(mark);
            let mut scope = resource.scope(NAME, env!("CARGO_PKG_VERSION"));
            scope.profile("samples", "count").id(u128::from(now).to_be_bytes()).times(now, 0);
            writer.finish()
        }
    }
}

/// Two spans, in protobuf and in JSON; the second has a trace id of 3 bytes, where the protocol knows none but of 16: a server that looks
/// refuses it.
pub(super) fn half_bad() -> (Bytes, Bytes) {
    let mut bytes = item(Signal::Traces).into_bytes().to_vec();
    let mark = field(1, &[field(1, b"service.name"), field(2, &field(1, NAME.as_bytes()))].concat());
    let span = [field(1, b"\x0b\xad\x1d"), field(2, &[1; 8]), field(5, b"probe with a short id")].concat();
    let scope = field(2, &[field(1, &field(1, NAME.as_bytes())), field(2, &span)].concat());
    bytes.extend(field(1, &[field(1, &mark), scope].concat()));
    let bytes = Bytes::from(bytes);
    // A batch takes ids of any length: what to make of them is the server's business.
    let text = Batch::parse(Signal::Traces, bytes.clone(), &Limits::default())
        .map_or_else(|_| Bytes::new(), |batch| json(&batch));
    (bytes, text)
}

/// A length-delimited field of less than 128 bytes.
fn field(number: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2, value.len() as u8];
    bytes.extend_from_slice(value);
    bytes
}

fn trace_id(now: u64) -> TraceId {
    TraceId::from_bytes(((u128::from(now) << 64) | 0x6f74_6c70).to_be_bytes())
}

/// A body as JSON.
pub(super) fn json(batch: &Batch) -> Bytes {
    let mut text = Vec::new();
    otlp_core::json::write(batch, &mut text);
    text.into()
}

/// A body under gzip.
pub(super) fn gzip(body: &[u8]) -> Bytes {
    // gzip of bytes in memory does not fail; a probe of nothing would be told as the server's fault, and seen at once in tests.
    compress(Codec::Gzip, Level::Default, body).unwrap_or_default()
}

/// How large the body of the size probes is: a little over the 64 MiB that the specification recommends as the limit.
pub(super) const OVER: usize = 65 << 20;

/// A request of [`OVER`] bytes under gzip that says nothing: one unknown field of zeros, or blanks around an empty object.
pub(super) fn over(json: bool) -> Bytes {
    if json {
        let mut body = vec![b' '; OVER];
        body[0] = b'{';
        body[OVER - 1] = b'}';
        return gzip(&body);
    }
    // Field 1000, length-delimited.
    let mut body = vec![0xc2, 0x3e];
    let mut length = OVER;
    while length >= 0x80 {
        body.push(length as u8 | 0x80);
        length >>= 7;
    }
    body.push(length as u8);
    body.resize(body.len() + OVER, 0);
    gzip(&body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_what_they_say() {
        for signal in Signal::ALL {
            assert_eq!(item(signal).items(), 1, "{signal}");
        }
        let (protobuf, text) = half_bad();
        let batch = Batch::parse(Signal::Traces, protobuf, &Limits::default()).unwrap();
        let names: Vec<_> =
            batch.traces().unwrap().spans().map(|span| (span.name(), span.trace_id().is_some())).collect();
        assert_eq!(names, [("probe", true), ("probe with a short id", false)]);
        assert!(String::from_utf8_lossy(&text).contains(r#""traceId":"0bad1d""#));
    }

    #[test]
    fn the_size_probe_is_large_and_says_nothing() {
        let body = otlp_compress::decompress(Codec::Gzip, &over(false), 100 << 20).unwrap();
        let batch = Batch::parse(Signal::Logs, body, &Limits::default().with_max_bytes(100 << 20)).unwrap();
        assert_eq!(batch.items(), 0);
        assert!(batch.bytes().len() > OVER && over(false).len() < 100_000);
        let body = otlp_compress::decompress(Codec::Gzip, &over(true), 100 << 20).unwrap();
        assert_eq!((body.len(), body.trim_ascii().first(), body.last()), (OVER, Some(&b'{'), Some(&b'}')));
    }
}
