//! What happens when writers are left open, dropped by a panic, called twice, or nest too deep.

use std::panic::{AssertUnwindSafe, catch_unwind};

use otlp_core::logs::LogsWriter;
use otlp_core::metrics::MetricsWriter;
use otlp_core::profiles::ProfilesWriter;
use otlp_core::proto::collector::logs::v1::ExportLogsServiceRequest;
use otlp_core::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use otlp_core::proto::collector::profiles::v1development::ExportProfilesServiceRequest;
use otlp_core::proto::collector::trace::v1::ExportTraceServiceRequest;
use otlp_core::proto::common::v1::{AnyValue, any_value::Value};
use otlp_core::trace::{SpanKind, StatusCode, TracesWriter};
use otlp_core::value::ValueView;
use otlp_core::write::{ArrayWriter, MapWriter, ValueRef};
use otlp_core::{Batch, Limits, Signal, SpanId, TraceId};

#[test]
fn open_writers_end_where_they_stood() {
    let mut writer = TracesWriter::new();
    let mut resource = writer.resource(|_| {});
    let mut scope = resource.scope("lib", "");
    let mut span = scope.span();
    span.name("first");
    let mut list = span.attr_array("list");
    list.push(1).map();
    scope.span().name("second");
    let request: ExportTraceServiceRequest = crate::decode(&writer.finish());
    let spans = &request.resource_spans[0].scope_spans[0].spans;
    assert_eq!(spans.iter().map(|span| span.name.as_str()).collect::<Vec<_>>(), ["first", "second"]);
    assert_eq!(spans[0].attributes.len(), 1);
}

#[test]
fn a_panic_leaves_a_whole_message() {
    let mut writer = TracesWriter::new();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        writer.resource(|resource| {
            resource.attr("before", 1).attr_map("map").attr("inner", 2);
            panic!("in the middle of the resource");
        });
    }));
    assert!(panicked.is_err());
    writer.resource(|_| {}).scope("", "").span().name("after");
    let request: ExportTraceServiceRequest = crate::decode(&writer.finish());
    assert_eq!(request.resource_spans[0].resource.as_ref().unwrap().attributes.len(), 2);
    assert_eq!(request.resource_spans[1].scope_spans[0].spans[0].name, "after");
}

#[test]
fn setting_again_replaces() {
    let mut writer = TracesWriter::new();
    let mut resource = writer.resource(|_| {});
    let mut scope = resource.scope("", "");
    let mut span = scope.span();
    let (trace, id) = (TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]));
    span.name("x").kind(SpanKind::Client).times(1, 2).flags(3).ids(trace, id, id).dropped_attributes(9);
    span.status(StatusCode::Error, "first").attr("a", 1).status(StatusCode::Ok, "");
    span.name("").kind(SpanKind::Unspecified).times(0, 5).flags(0).ids(trace, id, None).dropped_attributes(4);
    let batch = writer.finish();
    let request = <ExportTraceServiceRequest as prost::Message>::decode(batch.bytes().clone()).unwrap();
    let span = &request.resource_spans[0].scope_spans[0].spans[0];
    assert_eq!((span.name.as_str(), span.kind, span.flags), ("", 0, 0));
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (0, 5));
    assert_eq!((span.parent_span_id.len(), span.dropped_attributes_count), (0, 4));
    let status = span.status.as_ref().unwrap();
    assert_eq!((status.code, status.message.as_str()), (1, ""));

    // Views read the bytes as they stand: a message that stood twice would show its first half here.
    let view = batch.traces().unwrap();
    let resource = view.resource_spans().into_iter().next().unwrap();
    let scope = resource.scope_spans().into_iter().next().unwrap();
    let span = scope.spans().into_iter().next().unwrap();
    assert_eq!((span.name(), span.start_time()), ("", 0));
    let status = span.status().unwrap();
    assert_eq!((status.code(), status.message()), (StatusCode::Ok, ""));
}

#[test]
fn clear_and_recycle_keep_the_memory() {
    let mut writer = TracesWriter::with_capacity(1 << 16);
    writer.resource(|_| {}).scope("", "").span().name("dropped");
    writer.clear();
    assert_eq!((writer.items(), writer.encoded_len()), (0, 0));
    writer.resource(|_| {}).scope("", "").span().name("kept");
    assert_eq!(writer.items(), 1);
    let encoded = writer.encoded().to_vec();
    let batch = writer.finish();
    assert_eq!(*batch.bytes(), encoded);
    let (memory, other) = (batch.bytes().as_ptr(), batch.clone());
    assert!(!writer.recycle(other), "a clone is left");
    assert!(writer.recycle(batch));
    writer.resource(|_| {});
    let again = writer.finish();
    assert_eq!(again.bytes().as_ptr(), memory);
    writer.resource(|_| {});
    assert!(!writer.recycle(again), "something is written");
}

fn nest(writer: ArrayWriter<'_>, levels: u32) {
    let mut writer = writer;
    if levels > 0 {
        nest(writer.array(), levels - 1);
        writer.push("after");
    }
}

fn nest_maps(mut writer: MapWriter<'_>, levels: u32) {
    if levels > 0 {
        nest_maps(writer.attr_map("in"), levels - 1);
        writer.attr("after", 1);
    }
}

#[test]
fn too_deep_is_cut_and_counted() {
    for levels in 0..120 {
        let mut writer = LogsWriter::new();
        let mut resource = writer.resource(|_| {});
        let mut scope = resource.scope("", "");
        nest(scope.record().body_array(), levels);
        nest(scope.record().dropped_attributes(2).attr_array("list"), levels);
        nest_maps(scope.record().attr_map("map"), levels);
        assert_eq!(writer.cut_values(), [47, 46, 30].iter().filter(|most| levels > **most).count());
        let batch = writer.finish();
        let request: ExportLogsServiceRequest = crate::decode(&batch);
        let dropped: Vec<u32> = request.resource_logs[0].scope_logs[0]
            .log_records
            .iter()
            .map(|record| record.dropped_attributes_count)
            .collect();
        // Request 0, resource 1, scope 2, record 3, body 4, its array 5, an element 6, its array 7 ...: element and
        // array share 100, the array of the 48th nesting is 101.
        let expected = [u32::from(levels > 47), 2 + u32::from(levels > 46), u32::from(levels > 30)];
        assert_eq!(dropped, expected, "{levels}");
    }
}

/// Wraps a value in arrays and maps, from the inside out, each level on the one before.
fn wrap(value: ValueRef<'_>, levels: u32, done: &mut dyn FnMut(ValueRef<'_>)) {
    match levels {
        0 => done(value),
        _ if levels.is_multiple_of(2) => wrap(ValueRef::Map(&[("in", value)]), levels - 1, done),
        _ => wrap(ValueRef::Array(&[value]), levels - 1, done),
    }
}

/// Where values start deepest and where they stand in a buffer of their own.
#[test]
fn exemplars_and_dictionaries_know_their_depth() {
    for levels in 30..45 {
        let (mut metrics, mut profiles) = (MetricsWriter::new(), ProfilesWriter::new());
        wrap("deep".into(), levels, &mut |value| {
            let mut resource = metrics.resource(|_| {});
            let mut scope = resource.scope("", "");
            scope.metric("m").gauge().point(1).exemplar(1, 2).attr("value", value);
            profiles.dictionary().attribute("value", value);
        });
        // The value of the exemplar's attribute is 8 levels down, the dictionary's 3; an array and a map inside it take 5.
        let (metrics_cut, profiles_cut) = (metrics.cut_values(), profiles.cut_values());
        assert_eq!(
            (metrics_cut, profiles_cut),
            (usize::from(levels > 37), usize::from(levels > 39)),
            "{levels}"
        );
        crate::decode::<ExportMetricsServiceRequest>(&metrics.finish());
        crate::decode::<ExportProfilesServiceRequest>(&profiles.finish());
    }
}

#[test]
fn borrowed_values_too_deep_are_cut() {
    for levels in [1, 36, 37, 38, 39, 40, 41, 200] {
        let mut writer = LogsWriter::new();
        wrap("deep".into(), levels, &mut |value| {
            let mut resource = writer.resource(|_| {});
            resource.scope("", "").record().body(value).attr("value", value);
        });
        let batch = writer.finish();
        assert!(Batch::parse(Signal::Logs, batch.bytes().clone(), &Limits::default()).is_ok(), "{levels}");
        let logs = batch.logs().unwrap();
        let resource = logs.resource_logs().into_iter().next().unwrap();
        let scope = resource.scope_logs().into_iter().next().unwrap();
        let record = scope.log_records().into_iter().next().unwrap();
        assert_eq!(record.dropped_attributes_count() > 0, levels >= 39, "{levels}");
        assert!(!matches!(record.body(), Some(ValueView::Empty) | None));
    }
}

#[test]
fn a_cut_value_is_empty() {
    let mut writer = LogsWriter::new();
    let mut resource = writer.resource(|_| {});
    let mut scope = resource.scope("", "");
    nest(scope.record().body_array(), 120);
    assert_eq!(writer.finish().items(), 1);
    nest(writer.resource(|_| {}).scope("", "").record().body_array(), 120);
    let request: ExportLogsServiceRequest = crate::decode(&writer.finish());
    let mut value = request.resource_logs[0].scope_logs[0].log_records[0].body.clone();
    let mut levels = 0;
    while let Some(AnyValue { value: Some(Value::ArrayValue(array)) }) = value {
        value = array.values.first().cloned();
        levels += 1;
    }
    assert_eq!(value, Some(AnyValue { value: None }));
    assert_eq!(levels, 48);
}
