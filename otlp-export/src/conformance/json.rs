//! Probes of the rules J: what a server must read in OTLP/JSON. What it stores cannot be seen; that it takes the request can.

use otlp_core::Signal;

use super::{
    Finding,
    finding::Case,
    http::{is, said},
    payload::{NAME, now},
    probe::rule,
    session::{Encoding, Session},
};

/// A request with this resource field by field, marked as ours.
fn request(signal: Signal, item: &str) -> String {
    let mark = format!(
        r#""resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"{NAME}"}}}}]}}"#
    );
    let scope = format!(r#""scope":{{"name":"{NAME}"}}"#);
    let (resources, scopes, items) = match signal {
        Signal::Metrics => ("resourceMetrics", "scopeMetrics", "metrics"),
        Signal::Logs => ("resourceLogs", "scopeLogs", "logRecords"),
        _ => ("resourceSpans", "scopeSpans", "spans"),
    };
    format!(r#"{{"{resources}":[{{{mark},"{scopes}":[{{{scope},"{items}":[{item}]}}]}}]}}"#)
}

/// A span with some more fields.
fn span(more: &str) -> String {
    let now = now();
    format!(
        r#"{{"traceId":"{now:032x}","spanId":"{now:016x}","name":"probe","startTimeUnixNano":"{now}","endTimeUnixNano":"{now}"{more}}}"#
    )
}

/// Each request must be taken.
async fn taken(session: &Session, id: &str, requests: Vec<(&str, Signal, String)>) -> Vec<Finding> {
    let mut case = Case::of(rule(id));
    if !session.speaks_json() {
        case.unseen(session.no_http());
        return vec![case.finding()];
    }
    for (what, signal, body) in requests {
        if !session.signals().contains(&signal) {
            case.unseen(format!("{what}: the URL is another signal's"));
            continue;
        }
        let answer = session.post(signal, Encoding::Json, &[], body).await;
        case.see(is(&answer, 200), format!("{what}: {}", said(&answer)));
    }
    vec![case.finding()]
}

pub(super) async fn j1(session: &Session) -> Vec<Finding> {
    let span = |ids: &str| {
        let now = now();
        let times = format!(r#""startTimeUnixNano":"{now}","endTimeUnixNano":"{now}""#);
        request(Signal::Traces, &format!(r#"{{{ids},"name":"probe",{times}}}"#))
    };
    let requests = vec![
        (
            "ids in capitals",
            Signal::Traces,
            span(r#""traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174""#),
        ),
        (
            "ids in mixed case",
            Signal::Traces,
            span(r#""traceId":"5b8EFFF798038103d269b633813fc60C","spanId":"eee19B7EC3C1B174""#),
        ),
        (
            "bytes in base64",
            Signal::Logs,
            request(
                Signal::Logs,
                &format!(r#"{{"timeUnixNano":"{}","body":{{"bytesValue":"cHJvYmU="}}}}"#, now()),
            ),
        ),
    ];
    taken(session, "J1", requests).await
}

pub(super) async fn j2(session: &Session) -> Vec<Finding> {
    let now = now();
    let point = |time: &str, value: &str, count: &str| {
        let histogram = format!(
            r#"{{"name":"otlp.conformance.probe","histogram":{{"aggregationTemporality":2,"dataPoints":[{{"timeUnixNano":{time},"startTimeUnixNano":{time},"count":{count},"sum":1,"bucketCounts":[{count},{value}],"explicitBounds":[1]}}]}}}}"#
        );
        request(Signal::Metrics, &histogram)
    };
    let log = |value: &str| {
        let body = format!(r#"{{"timeUnixNano":"{now}","body":{{"intValue":{value}}}}}"#);
        request(Signal::Logs, &body)
    };
    let requests = vec![
        ("64-bit integers as strings", Signal::Metrics, point(&format!("\"{now}\""), "\"0\"", "\"1\"")),
        ("64-bit integers as numbers", Signal::Metrics, point(&now.to_string(), "0", "1")),
        ("intValue as a string", Signal::Logs, log("\"-9223372036854775808\"")),
        ("intValue as a number", Signal::Logs, log("-7")),
    ];
    taken(session, "J2", requests).await
}

pub(super) async fn j3(session: &Session) -> Vec<Finding> {
    let unknown = r#","newField":{"deep":[1,{"er":"x"}]},"anotherField":null"#;
    let inside = request(Signal::Traces, &span(unknown));
    let outside = format!(r#"{{"aFieldOfTomorrow":[[]],{}"#, &request(Signal::Traces, &span(""))[1..]);
    let requests = vec![
        ("unknown fields of a span", Signal::Traces, inside),
        ("unknown fields of the request", Signal::Traces, outside),
    ];
    taken(session, "J3", requests).await
}

pub(super) async fn j4(session: &Session) -> Vec<Finding> {
    let known = span(r#","kind":2,"status":{"code":1}"#);
    let unknown = span(r#","kind":99"#);
    let requests = vec![
        ("enums as integers", Signal::Traces, request(Signal::Traces, &known)),
        ("an enum value of tomorrow", Signal::Traces, request(Signal::Traces, &unknown)),
    ];
    taken(session, "J4", requests).await
}

pub(super) async fn j5(session: &Session) -> Vec<Finding> {
    let now = now();
    let requests = ["NaN", "Infinity", "-Infinity"].map(|value| {
        let gauge = format!(
            r#"{{"name":"otlp.conformance.probe","gauge":{{"dataPoints":[{{"timeUnixNano":"{now}","asDouble":"{value}"}}]}}}}"#
        );
        (value, Signal::Metrics, request(Signal::Metrics, &gauge))
    });
    taken(session, "J5", requests.into()).await
}

pub(super) async fn j6(session: &Session) -> Vec<Finding> {
    let mut case = Case::of(rule("J6"));
    if !session.speaks_json() {
        case.unseen(session.no_http());
        return vec![case.finding()];
    }
    let signal = session.signal();
    for content_type in
        ["application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"]
    {
        let answer = session
            .post(signal, Encoding::Json, &[("content-type", content_type)], Encoding::Json.item(signal))
            .await;
        case.see(is(&answer, 200), format!("{content_type}: {}", said(&answer)));
    }
    vec![case.finding()]
}

pub(super) async fn j7(session: &Session) -> Vec<Finding> {
    let values = r#","attributes":[
        {"key":"empty","value":{}},
        {"key":"none"},
        {"key":"list","value":{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"a"},{"boolValue":true},{}]}}},
        {"key":"map","value":{"kvlistValue":{"values":[{"key":"in","value":{"kvlistValue":{"values":[{"key":"side","value":{"doubleValue":1.5}}]}}}]}}},
        {"key":"bytes","value":{"bytesValue":"AAE="}}]"#;
    let nulls = r#","parentSpanId":null,"attributes":null,"status":null,"kind":null"#;
    let requests = vec![
        ("null for a field's default", Signal::Traces, request(Signal::Traces, &span(nulls))),
        ("attributes of every kind", Signal::Traces, request(Signal::Traces, &span(values))),
    ];
    taken(session, "J7", requests).await
}
