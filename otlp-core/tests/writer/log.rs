//! Logs.

use otlp_core::logs::{LogsWriter, ScopeLogsWriter, Severity};
use otlp_core::proto::collector::logs::v1::ExportLogsServiceRequest;
use otlp_core::proto::common::v1::any_value::Value;
use otlp_core::proto::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use otlp_core::{SpanId, TraceId};
use proptest::prelude::*;

use crate::random::Random;
use crate::value::{put_array, put_attributes, put_map, put_resource, put_scope, scalar};

fn record(r: &mut Random) -> LogRecord {
    let trace_id = r.id(16);
    LogRecord {
        time_unix_nano: r.integer(),
        observed_time_unix_nano: r.integer(),
        severity_number: r.below(27) as i32,
        severity_text: r.text(),
        body: r.chance().then(|| r.value(3)),
        attributes: r.attributes(),
        dropped_attributes_count: r.u32(),
        flags: r.u32(),
        span_id: if trace_id.is_empty() { Vec::new() } else { r.id(8) },
        trace_id,
        event_name: r.text(),
    }
}

fn put(writer: &mut ScopeLogsWriter<'_>, record: &LogRecord) {
    let mut out = writer.record();
    out.times(record.time_unix_nano, record.observed_time_unix_nano);
    out.severity(Severity::from_number(record.severity_number), &record.severity_text);
    if let Some(body) = &record.body {
        // A body of each kind first, to be replaced.
        out.body("draft").body_map().attr("draft", 1);
        match &body.value {
            Some(Value::ArrayValue(array)) => put_array(out.body_array(), array),
            Some(Value::KvlistValue(map)) => put_map(out.body_map(), map),
            value => {
                out.body(scalar(value));
            }
        }
    }
    put_attributes!(out, &record.attributes);
    out.dropped_attributes(record.dropped_attributes_count)
        .flags(record.flags)
        .event_name(&record.event_name);
    if let Some(trace) = TraceId::from_slice(&record.trace_id) {
        out.ids(trace, SpanId::from_slice(&record.span_id));
    }
}

proptest! {
    #[test]
    fn written_and_decoded_is_the_same(seed: u64) {
        let r = &mut Random(seed);
        let expected = ExportLogsServiceRequest {
            resource_logs: r.many(3, |r| ResourceLogs {
                resource: Some(r.resource()),
                schema_url: r.text(),
                scope_logs: r.many(3, |r| ScopeLogs {
                    scope: Some(r.scope()),
                    schema_url: r.text(),
                    log_records: r.many(4, record),
                }),
            }),
        };
        let mut writer = LogsWriter::with_capacity(4096);
        for group in &expected.resource_logs {
            let mut resource = writer.resource(|out| put_resource(out, group.resource.as_ref().unwrap()));
            resource.schema_url(&group.schema_url);
            for group in &group.scope_logs {
                let scope = group.scope.as_ref().unwrap();
                let mut out = resource.scope_with(&scope.name, &scope.version, |out| put_scope(out, scope));
                for record in &group.log_records {
                    put(&mut out, record);
                }
                out.schema_url(&group.schema_url);
            }
        }
        prop_assert_eq!(crate::decode::<ExportLogsServiceRequest>(&writer.finish()), expected);
    }
}
