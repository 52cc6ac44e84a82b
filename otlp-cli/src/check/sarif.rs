//! SARIF 2.1.0 (OASIS), which code scanning tools read.

use otlp::check::{Finding, FindingId, Level, Report};
use serde_json::{Value, json};

/// A log of one run.
pub(super) fn object(report: &Report) -> Value {
    let rules: Vec<Value> = FindingId::ALL.iter().map(|id| rule(*id)).collect();
    let results: Vec<Value> = report.findings.iter().map(result).collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "otlp",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(id: FindingId) -> Value {
    json!({
        "id": id.as_str(),
        "shortDescription": {"text": id.meaning()},
        "defaultConfiguration": {"level": level(id.level())},
    })
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Violation => "error",
        Level::Improvement => "warning",
        Level::Information => "note",
    }
}

fn result(finding: &Finding) -> Value {
    let index = FindingId::ALL.iter().position(|id| *id == finding.id);
    let fix = finding.suggestion.as_ref().map(|fix| format!(" Fix: {fix}.")).unwrap_or_default();
    let place = &finding.place;
    json!({
        "ruleId": finding.id.as_str(),
        "ruleIndex": index,
        "level": level(finding.level()),
        "message": {"text": format!("{}{fix} In {place}.", finding.message)},
        "occurrenceCount": finding.count.max(1),
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri(&finding.first.input)},
                "region": {"startLine": finding.first.message.max(1)},
            },
            "logicalLocations": [{"fullyQualifiedName": finding.first.path, "name": finding.key}],
        }],
        // What stays the same when counts and positions change.
        "partialFingerprints": {
            "otlpCheck/v1": format!("{}/{}/{}/{}/{}/{}", finding.id, finding.signal, finding.key, place.service, place.scope, place.item.as_str()),
        },
    })
}

/// A path as a relative or absolute URI reference.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.replace('\\', "/").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte))
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("a b/ü:<stdin>"), "a%20b/%C3%BC%3A%3Cstdin%3E");
        assert_eq!(uri("dir\\traces.jsonl"), "dir/traces.jsonl");
    }
}
