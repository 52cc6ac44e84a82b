//! Log records: 6 attributes each.

use otlp_core::proto::collector::logs::v1::ExportLogsServiceRequest;
use otlp_core::proto::common::v1::{AnyValue, InstrumentationScope, any_value::Value};
use otlp_core::proto::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use otlp_core::proto::resource::v1::Resource;

use super::random::Random;
use super::row::SERVICES;
use super::trace::{attribute, string};

/// 4 resources of 2 scopes each, `records` records in all.
pub fn request(records: usize, seed: u64) -> ExportLogsServiceRequest {
    let random = &mut Random::new(seed);
    let each = records / 8;
    let resource_logs = SERVICES
        .iter()
        .map(|service| ResourceLogs {
            resource: Some(Resource {
                attributes: vec![attribute("service.name", string(service))],
                ..Default::default()
            }),
            scope_logs: ["shop::http", "shop::db"]
                .iter()
                .map(|scope| ScopeLogs {
                    scope: Some(InstrumentationScope { name: (*scope).to_owned(), ..Default::default() }),
                    log_records: (0..each).map(|_| record(random)).collect(),
                    schema_url: String::new(),
                })
                .collect(),
            schema_url: String::new(),
        })
        .collect();
    ExportLogsServiceRequest { resource_logs }
}

fn record(random: &mut Random) -> LogRecord {
    let time = 1_767_225_600_000_000_000 + random.below(60_000_000_000);
    let (number, severity) =
        *random.pick(&[&(9, "INFO"), &(9, "INFO"), &(5, "DEBUG"), &(13, "WARN"), &(17, "ERROR")]);
    let body = format!(
        "request {:016x} for user u-{} finished after {} ms with {} rows",
        random.next(),
        random.below(100_000),
        random.below(3000),
        random.below(200)
    );
    let attributes = vec![
        attribute("code.file.path", string(random.pick(&["src/http/handler.rs", "src/db/pool.rs"]))),
        attribute("code.line.number", Value::IntValue(random.below(900) as i64)),
        attribute("thread.name", string(&format!("worker-{}", random.below(32)))),
        attribute("user.id", string(&format!("u-{}", random.below(100_000)))),
        attribute("http.request.header.x-request-id", string(&format!("{:032x}", random.next()))),
        attribute("enduser.scope", string(random.pick(&["read:cart write:cart", "read:orders", "admin"]))),
    ];
    LogRecord {
        time_unix_nano: time,
        observed_time_unix_nano: time + random.below(1_000_000),
        severity_number: number,
        severity_text: severity.to_owned(),
        body: Some(AnyValue { value: Some(string(&body)) }),
        attributes,
        flags: 1,
        trace_id: random.bytes::<16>().to_vec(),
        span_id: random.bytes::<8>().to_vec(),
        ..Default::default()
    }
}
