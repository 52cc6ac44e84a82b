use otlp::{Batch, Signal};

use super::fixture::{MS, NOON, hostile, id, spans, trace};
use super::trace::Oddity;
use super::*;
use crate::render::clean::is_unsafe;

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn shown(batches: &[Batch], columns: usize) -> String {
    let traces = summaries(batches);
    plain(&terminal(batches, &traces, traces.first(), false, columns))
}

/// Name, depth and oddity of the spans in the order of drawing.
fn tree(batch: &Batch) -> Vec<(String, usize, Option<Oddity>)> {
    let batches = std::slice::from_ref(batch);
    let trace = assemble(batches, &[trace().as_bytes()], 1_000).remove(0);
    assert_eq!(trace.spans.len(), batch.items(), "no span is lost or drawn twice");
    trace.spans.into_iter().map(|span| (span.name, span.depth, span.oddity)).collect()
}

#[test]
fn children_follow_their_parents_by_start() {
    let tree = tree(&spans(&[(3, 1, 5, 1), (1, 0, 0, 10), (4, 2, 2, 1), (2, 1, 1, 3)]));
    let names: Vec<(&str, usize)> = tree.iter().map(|(name, depth, _)| (name.as_str(), *depth)).collect();
    assert_eq!(names, [("span 1", 0), ("span 2", 1), ("span 4", 2), ("span 3", 1)]);
}

#[test]
fn broken_references_lose_no_span() {
    // A missing parent, a span that is its own parent, a cycle of two with a child, a parent that starts later, no length.
    let tree = tree(&spans(&[
        (1, 99, 0, 10),
        (2, 2, 1, 1),
        (3, 4, 2, 1),
        (4, 3, 2, 1),
        (5, 4, 3, 1),
        (6, 0, 8, 0),
        (7, 6, 7, 0),
    ]));
    let oddity = |name: &str| tree.iter().find(|row| row.0 == name).unwrap().2;
    assert_eq!(oddity("span 1"), Some(Oddity::Orphan));
    assert_eq!(oddity("span 2"), Some(Oddity::Cycle));
    assert_eq!(oddity("span 3"), Some(Oddity::Cycle));
    assert_eq!(oddity("span 4"), None);
    assert_eq!(oddity("span 7"), Some(Oddity::Early));
}

#[test]
fn the_same_id_twice_is_two_spans() {
    let tree = tree(&spans(&[(1, 0, 0, 10), (1, 0, 1, 1), (2, 1, 2, 1)]));
    assert_eq!(tree.iter().map(|row| row.1).collect::<Vec<_>>(), [0, 1, 0]);
}

#[test]
fn a_long_chain_neither_overflows_nor_runs_off_the_page() {
    // Ids of one byte allow 255; each link of the chain is one level deeper.
    let rows: Vec<_> = (1..=255_u8).map(|number| (number, number - 1, u64::from(number), 255)).collect();
    let batch = spans(&rows);
    assert_eq!(tree(&batch).last().unwrap().1, 254);
    let text = shown(&[batch], 100);
    for line in text.lines() {
        assert!(crate::render::text::width(line) <= 100, "{line}");
    }
    assert!(text.contains("… 55 more spans"), "{text}");
}

#[test]
fn spans_without_times_or_ids_are_drawn() {
    let mut writer = otlp::trace::TracesWriter::new();
    let mut resource = writer.resource(|_| {});
    let mut scope = resource.scope("", "");
    scope.span();
    scope.span().times(u64::MAX, 1);
    scope.span().times(1, u64::MAX).event(u64::MAX, "late");
    let text = shown(&[writer.finish()], 80);
    assert!(text.contains("(no trace id)") && text.contains("unknown"), "{text}");
}

#[test]
fn errors_come_first_then_many_services() {
    let summary = |id: u8, errors, services, spans| Summary {
        id: vec![id; 16],
        name: String::new(),
        spans,
        services,
        errors,
        start: 0,
        duration: 0,
    };
    let mut writer = otlp::trace::TracesWriter::new();
    for (service, trace, error) in [("a", 1, false), ("b", 1, false), ("a", 2, true), ("a", 3, false)] {
        let mut resource = writer.resource(|resource| {
            resource.attr("service.name", service);
        });
        let mut scope = resource.scope("", "");
        let mut span = scope.span();
        span.ids(otlp::TraceId::from_bytes([trace; 16]), id(trace), None).times(NOON, NOON + MS);
        if error {
            span.status(otlp::trace::StatusCode::Error, "");
        }
    }
    let order: Vec<u8> = summaries(&[writer.finish()]).iter().map(|trace| trace.id[0]).collect();
    assert_eq!(order, [2, 1, 3]);

    let traces = [summary(0x12, 0, 1, 1), summary(0x13, 0, 1, 1)];
    assert_eq!(find(&traces, "12").unwrap().id[0], 0x12);
    assert!(find(&traces, "1").unwrap_err().to_string().contains("2 traces"));
    assert!(find(&traces, "ff").unwrap_err().to_string().contains("no trace"));
    assert!(trace_id("xyz").is_err() && trace_id("").is_err() && trace_id(&"a".repeat(33)).is_err());
}

#[test]
fn hostile_text_reaches_no_terminal() {
    for attack in ["\x1b[2J\x1b]0;pwned\x07", "\u{9b}31m", "a\rb\nc\x08", "\u{202e}abc", "\u{2066}\u{200b}\0"]
    {
        let batches = hostile(attack);
        let text = shown(&batches, 120);
        let bad: Vec<char> = text.chars().filter(|c| *c != '\n' && is_unsafe(*c)).collect();
        assert!(bad.is_empty(), "{bad:?} in {text}");
        for section in ["Trace ", "Metrics ", "Logs ", "Profiles "] {
            assert!(text.contains(section), "{section}");
        }
    }
}

#[test]
fn what_is_shown_fits_the_columns() {
    for columns in [80, 100, 160] {
        for text in
            ["日本語のとても長い名前".repeat(20), "x".repeat(3_000), "e\u{301}".repeat(500), String::new()]
        {
            for line in shown(&hostile(&text), columns).lines() {
                assert!(crate::render::text::width(line) <= columns, "{columns}: {line}");
            }
        }
    }
}

#[test]
fn looks_like_this() {
    let mut writer = otlp::trace::TracesWriter::new();
    let mut resource = writer.resource(|resource| {
        resource.attr("service.name", "frontend");
    });
    let mut scope = resource.scope("", "");
    scope.span().ids(trace(), id(1), None).name("GET /cart").times(NOON, NOON + 100 * MS);
    let mut call = scope.span();
    call.ids(trace(), id(2), id(1)).name("shop.Cart/Get").times(NOON + 10 * MS, NOON + 90 * MS);
    let mut resource = writer.resource(|resource| {
        resource.attr("service.name", "cart");
    });
    let mut scope = resource.scope("", "");
    let mut failed = scope.span();
    failed.ids(trace(), id(3), id(2)).name("shop.Cart/Get").times(NOON + 12 * MS, NOON + 85 * MS);
    failed.status(otlp::trace::StatusCode::Error, "");
    failed
        .event(NOON + 80 * MS, "exception")
        .attr("exception.type", "Timeout")
        .attr("exception.message", "redis is gone");
    scope.span().ids(trace(), id(4), id(77)).name("HGETALL").times(NOON + 20 * MS, NOON + 20 * MS);
    insta::assert_snapshot!(shown(&[writer.finish()], 80));
}

#[test]
fn empty_files_say_so() {
    let empty = Batch::parse(Signal::Traces, &b""[..], &otlp::Limits::default()).unwrap();
    assert_eq!(shown(&[empty], 80), "nothing to show: the files hold no items\n");
}

#[test]
fn pages_hold_what_fits_and_say_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    let batch = spans(&[(1, 0, 0, 10), (2, 1, 1, 3)]);
    let batches = [batch, hostile("x").remove(2)];
    write_page(&path, "t", &facts(&batches), &batches, &[]).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("1 trace left out: the page holds 0 of 1"), "{text}");
    write_page(&path, "t", &facts(&batches), &batches, &[trace().as_bytes()]).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.contains("2 spans · 2 log records")
            && text.contains("\"span 2\"")
            && !text.contains("left out:")
    );
}
