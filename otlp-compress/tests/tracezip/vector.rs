//! The test vectors of the book's chapter on the format.

use otlp_compress::tracezip::{Inner, Options, compress, decompress};
use otlp_core::trace::{SpanKind, TracesWriter};
use otlp_core::{Batch, SpanId, TraceId};

/// Two traces, three spans, a parent, a clock of microseconds.
fn batch() -> Batch {
    let mut writer = TracesWriter::new();
    let mut resource = writer.resource(|resource| {
        resource.attr("service.name", "shop");
    });
    let mut scope = resource.scope("vector", "1");
    let start = 1_700_000_000_000_000_000;
    for (trace, id, parent, name, route) in
        [(1, 2, None, "GET /", "/"), (1, 3, Some(2), "query", "/cart"), (4, 5, None, "GET /", "/")]
    {
        let mut span = scope.span();
        span.ids(
            TraceId::from_bytes([trace; 16]),
            SpanId::from_bytes([id; 8]),
            parent.map(|id| SpanId::from_bytes([id; 8])),
        );
        span.name(name)
            .kind(SpanKind::Server)
            .times(start + 1000 * u64::from(id), start + 9000 * u64::from(id));
        span.attr("http.route", route).attr("http.response.status_code", 200);
    }
    writer.finish()
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.chunks(32).map(<[String]>::concat).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_book_shows_what_is_written() {
    let book = include_str!("../../../docs/src/tracezip.md");
    let batch = batch();
    let frame = compress(&batch, &Options::default().with_inner(Inner::None)).unwrap();
    assert_eq!(decompress(&frame, 1000).unwrap().1, batch.bytes());
    for bytes in [&batch.bytes()[..], &frame] {
        let hex = hex(bytes);
        assert!(book.contains(&hex), "docs/src/tracezip.md lacks\n{hex}");
    }
}
