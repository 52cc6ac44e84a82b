//! The figures of a run, for people and for programs.

use serde_json::{Value, json};

use super::ledger::{Ledger, Ranges};
use crate::{
    quantity,
    render::{
        style::{BAD, DIM, GOOD, WARN, paint},
        table::Table,
    },
};

/// How many ranges of sequence numbers are shown.
const SHOWN: usize = 100;

/// A run that is over.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) endpoint: &'a str,
    pub(super) protocol: &'a str,
    pub(super) signal: &'a str,
    pub(super) connections: usize,
    /// Items a second that were asked for.
    pub(super) rate: Option<f64>,
    /// Items that were due and never sent, since all connections were busy.
    pub(super) unsent: u64,
    pub(super) seconds: f64,
    pub(super) ledger: &'a Ledger,
}

const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];

impl Report<'_> {
    /// Items a second that the server took.
    fn achieved(&self) -> f64 {
        self.ledger.accepted as f64 / self.seconds.max(1e-9)
    }

    /// One object. Counters are items, but `requests` and `retries`; latencies are milliseconds, null without any answer.
    pub(super) fn json(&self) -> Value {
        let ledger = self.ledger;
        let mut latency = serde_json::Map::new();
        for (name, share) in QUANTILES {
            latency.insert(name.to_owned(), json!(ledger.latency.quantile(share).map(milliseconds)));
        }
        latency.insert("max".to_owned(), json!(ledger.latency.max().map(milliseconds)));
        json!({
            "endpoint": self.endpoint,
            "protocol": self.protocol,
            "signal": self.signal,
            "connections": self.connections,
            "seconds": rounded(self.seconds),
            "rate_asked": self.rate,
            "rate_achieved": rounded(self.achieved()),
            "requests": ledger.requests,
            "submitted": ledger.submitted,
            "accepted": ledger.accepted,
            "rejected": ledger.rejected,
            "lost": ledger.lost,
            "unsent": self.unsent,
            "retries": ledger.retries,
            "bytes_wire": ledger.bytes_wire,
            "latency_ms": latency,
            "rejected_sequences": ranges(&ledger.rejected_ranges),
            "lost_sequences": ranges(&ledger.lost_ranges),
        })
    }

    /// Two columns and a line for what was not taken.
    pub(super) fn text(&self) -> String {
        let ledger = self.ledger;
        let mut table = Table::default();
        let mut row = |name: &str, value: String, note: &str| {
            table.row([name.to_owned(), value, paint(DIM, note)]);
        };
        let of = |count: u64, style| {
            let text = quantity::count(count);
            if count > 0 { paint(style, text) } else { text }
        };
        row("submitted", quantity::count(ledger.submitted), "items");
        row("accepted", of(ledger.accepted, GOOD), "");
        row("rejected", of(ledger.rejected, BAD), "");
        row("lost", of(ledger.lost, BAD), "no answer");
        row("unsent", of(self.unsent, WARN), "due, but every connection was busy");
        row("requests", quantity::count(ledger.requests), "");
        row("retries", of(ledger.retries, WARN), "requests");
        row("on the wire", quantity::bytes(ledger.bytes_wire), "");
        let asked = match self.rate {
            Some(rate) => format!("items/s accepted, of {} asked for", quantity::count(rate.round() as u64)),
            None => "items/s accepted".to_owned(),
        };
        row("rate", quantity::count(self.achieved().round() as u64), &asked);
        for (name, share) in QUANTILES {
            let value = ledger.latency.quantile(share).map_or_else(|| "-".to_owned(), latency);
            row(name, value, if name == "p50" { "from due to answer" } else { "" });
        }
        row("max", ledger.latency.max().map_or_else(|| "-".to_owned(), latency), "");
        row("time", format!("{:.3} s", self.seconds), "");
        let mut text = table_text(&table);
        for (name, found) in [("rejected", &ledger.rejected_ranges), ("lost", &ledger.lost_ranges)] {
            if let Some(numbers) = numbers(found) {
                text.push_str(&paint(DIM, format!("sequence numbers {name}: {numbers}")));
                text.push('\n');
            }
        }
        text
    }
}

/// Names at the left, numbers at the right, notes at the left again.
fn table_text(table: &Table) -> String {
    table.render_by(|column| column != 1, 2)
}

fn milliseconds(nanoseconds: u64) -> f64 {
    rounded(nanoseconds as f64 / 1e6)
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn latency(nanoseconds: u64) -> String {
    format!("{:.3} ms", nanoseconds as f64 / 1e6)
}

fn ranges(found: &Ranges) -> Vec<[u64; 2]> {
    found.joined().into_iter().take(SHOWN).map(|(first, last)| [first, last]).collect()
}

/// `0-99, 300-399 and 4 more ranges`; `None` without any.
fn numbers(found: &Ranges) -> Option<String> {
    const FEW: usize = 5;
    let joined = found.joined();
    if joined.is_empty() {
        return None;
    }
    let mut text =
        joined.iter().take(FEW).map(|(first, last)| format!("{first}-{last}")).collect::<Vec<_>>().join(", ");
    if joined.len() > FEW {
        text.push_str(&format!(" and {} more", quantity::counted((joined.len() - FEW) as u64, "range")));
    }
    Some(text)
}
