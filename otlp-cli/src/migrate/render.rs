//! The report, for people and for programs.

use std::fmt::Write as _;

use otlp::{
    file::Written,
    migrate::{MigrationReport, Operation, Outcome, Version},
};
use serde_json::{Value, json};

use crate::quantity;

/// One object.
pub(super) fn json(
    report: &MigrationReport,
    from: Option<Version>,
    to: Version,
    keep_both: bool,
    written: &Written,
) -> Value {
    let groups = report.groups();
    let operation = |operation: Operation| {
        json!({
            "version": operation.version.as_str(),
            "kind": operation.kind,
            "section": operation.section,
            "from": operation.from,
            "to": operation.to,
            "outcome": operation.outcome.as_str(),
            "reason": operation.reason,
            "count": operation.count,
        })
    };
    json!({
        "from": from.map(Version::as_str),
        "to": to.as_str(),
        "keep_both": keep_both,
        "messages": written.messages,
        "items": written.items,
        "groups": {
            "migrated": groups.migrated,
            "unversioned": groups.unversioned,
            "foreign": groups.foreign,
        },
        "applied": report.total(Outcome::Applied),
        "lossy": report.total(Outcome::Lossy),
        "refused": report.total(Outcome::Refused),
        "operations": report.operations().map(operation).collect::<Vec<_>>(),
    })
}

/// A paragraph for each outcome, a line for each operation.
pub(super) fn text(report: &MigrationReport, to: Version, written: &Written) -> String {
    let mut out = format!(
        "{}, {} as of {to}\n",
        quantity::counted(written.messages, "message"),
        quantity::counted(written.items, "item"),
    );
    for outcome in [Outcome::Applied, Outcome::Lossy, Outcome::Refused] {
        let rows: Vec<Operation> =
            report.operations().filter(|operation| operation.outcome == outcome).collect();
        if rows.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{outcome}");
        let widest = |text: fn(&Operation) -> &str| rows.iter().map(|row| text(row).chars().count()).max();
        let (from, kind) = (widest(|row| &row.from).unwrap_or(0), widest(|row| row.kind).unwrap_or(0));
        let counts: Vec<String> = rows.iter().map(|row| quantity::count(row.count)).collect();
        let count = counts.iter().map(String::len).max().unwrap_or(0);
        for (row, number) in rows.iter().zip(&counts) {
            let arrow = if row.to.is_empty() { "" } else { " -> " };
            let why = if row.reason.is_empty() { String::new() } else { format!(" ({})", row.reason) };
            let _ = writeln!(
                out,
                "  {number:>count$}  {:7}  {:kind$}  {:from$}{arrow}{}{why}",
                row.version.as_str(),
                row.kind,
                row.from,
                row.to,
            );
        }
    }
    let groups = report.groups();
    for (count, what) in [
        (groups.unversioned, "have no schema_url: say their version with --from"),
        (groups.foreign, "name a schema that is not known here"),
    ] {
        if count > 0 {
            let _ =
                writeln!(out, "\nleft alone: {} resources and scopes that {what}", quantity::count(count));
        }
    }
    out
}
