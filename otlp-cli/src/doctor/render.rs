//! Settings, findings and the fix, for people and for programs.

use otlp::{
    Signal, SignalConfig, Tracezip,
    doctor::{Finding, Health},
};
use serde_json::{Value, json};

use super::setting::Settings;
use crate::{
    render::{
        style::{BAD, DIM, GOOD, TITLE, WARN, paint},
        table::Table,
        text::left,
    },
    terminal::printable,
};

/// Each setting as JSON calls it, the end of its variable's name, and its value.
fn settings_of(settings: &Settings, signal: Signal) -> Vec<(&'static str, &'static str, Option<String>)> {
    let found = settings.config().signal(signal);
    let names: Vec<&str> = found.header_names().collect();
    let path = |path: Option<&std::path::Path>| path.map(|path| path.display().to_string());
    let endpoint = found.endpoint();
    vec![
        ("endpoint", "ENDPOINT", Some(endpoint.split('?').next().unwrap_or_default().to_owned())),
        ("protocol", "PROTOCOL", Some(found.protocol().to_string())),
        ("compression", "COMPRESSION", Some(compression(found))),
        ("timeout", "TIMEOUT", Some(format!("{} ms", found.timeout().as_millis()))),
        // Names alone: values are secrets.
        ("headers", "HEADERS", (!names.is_empty()).then(|| names.join(", "))),
        ("certificate", "CERTIFICATE", path(found.certificate())),
        ("client_certificate", "CLIENT_CERTIFICATE", path(found.client_certificate())),
        ("client_key", "CLIENT_KEY", path(found.client_key())),
    ]
}

fn compression(found: &SignalConfig) -> String {
    match found.tracezip() {
        Tracezip::Off => found.compression().to_string(),
        mode => format!("{mode}, or {}", found.compression()),
    }
}

/// One object; of headers the names alone.
pub(super) fn json(settings: &Settings, findings: &[Finding], fix: &[String], healthy: bool) -> Value {
    let mut signals = serde_json::Map::new();
    for signal in Signal::ALL {
        let mut object = serde_json::Map::new();
        for (name, suffix, value) in settings_of(settings, signal) {
            if let Some(value) = value {
                object.insert(
                    name.to_owned(),
                    json!({"value": value, "from": settings.origin(signal, suffix)}),
                );
            }
        }
        signals.insert(signal.to_string(), object.into());
    }
    let warnings: Vec<String> = settings.config().warnings().iter().map(ToString::to_string).collect();
    let findings: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let signals: Vec<&str> = finding.signals.iter().map(|signal| signal.as_str()).collect();
            json!({
                "step": finding.step.to_string(),
                "health": finding.health.to_string(),
                "signals": signals,
                "endpoint": finding.endpoint,
                "text": finding.text,
            })
        })
        .collect();
    json!({"signals": signals, "warnings": warnings, "findings": findings, "fix": fix, "healthy": healthy})
}

/// Settings as a table, a line for each finding, and what to paste.
pub(super) fn text(settings: &Settings, findings: &[Finding], fix: &[String], healthy: bool) -> String {
    let mut table = Table::default();
    for signal in Signal::ALL {
        let mut label = paint(TITLE, signal);
        for (name, suffix, value) in settings_of(settings, signal) {
            let origin = settings.origin(signal, suffix);
            // Where and how to send is always shown, the rest where somebody has set it.
            let shown = matches!(suffix, "ENDPOINT" | "PROTOCOL") || origin != "default";
            let Some(value) = value.filter(|_| shown) else { continue };
            table.row([label, name.replace('_', " "), printable(&value), paint(DIM, origin)]);
            label = String::new();
        }
    }
    let mut out = table.render(4, 2);
    out.push('\n');
    for warning in settings.config().warnings() {
        out += &format!("{}  {}\n", mark(Health::Bad), printable(&warning.to_string()));
    }
    for finding in findings {
        let signals: Vec<&str> = finding.signals.iter().map(|signal| signal.as_str()).collect();
        let whose = if signals.len() == Signal::ALL.len() { "all".to_owned() } else { signals.join(", ") };
        out += &format!(
            "{}  {} {}  {}\n",
            mark(finding.health),
            paint(TITLE, left(&finding.step.to_string(), 8)),
            printable(&finding.text),
            paint(DIM, whose),
        );
    }
    if healthy {
        out += &format!("\n{}\n", paint(GOOD, "telemetry of every signal would arrive"));
    } else if fix.is_empty() {
        out += &format!(
            "\n{}\n",
            paint(BAD, "telemetry would not arrive; what is said above is all there is to see")
        );
    } else {
        out += &format!("\n{}\n", paint(TITLE, "to fix it:"));
        for line in fix {
            out += &format!("{}\n", printable(line));
        }
        if settings.has_endpoint_flag() {
            out += &paint(DIM, "# or give them as --endpoint and --protocol\n");
        }
    }
    out
}

fn mark(health: Health) -> String {
    match health {
        Health::Good => paint(GOOD, " ok "),
        Health::Warning => paint(WARN, "warn"),
        Health::Bad => paint(BAD, "FAIL"),
    }
}
