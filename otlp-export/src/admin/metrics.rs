//! The Prometheus text format, version 0.0.4.

use std::fmt::Write as _;

use otlp_core::Signal;

use crate::{Account, DropReason, Refusal, Report, ServerStats};

/// How a metric's values relate to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricKind {
    /// Only grows while the process lives.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// A page of metrics as it is written.
#[derive(Debug, Default)]
pub struct MetricsPage {
    text: String,
}

/// One metric, whose samples follow.
#[derive(Debug)]
pub struct Family<'page> {
    name: &'static str,
    text: &'page mut String,
}

impl MetricsPage {
    /// Begins a metric. Names are `[a-zA-Z_:][a-zA-Z0-9_:]*`, those of counters end in `_total`; each may come once in a page.
    pub fn family(&mut self, name: &'static str, kind: MetricKind, help: &str) -> Family<'_> {
        let kind = match kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
        };
        // Writing to a text cannot fail.
        let _ = write!(self.text, "# HELP {name} ");
        escape(&mut self.text, help, false);
        let _ = writeln!(self.text, "\n# TYPE {name} {kind}");
        Family { name, text: &mut self.text }
    }

    /// The ledger of an exporter: `otlp_exporter_*`, by destination and signal.
    pub fn exporter(&mut self, report: &Report) {
        type Figure = (&'static str, MetricKind, &'static str, fn(&Account) -> u64);
        const FIGURES: [Figure; 9] = [
            ("otlp_exporter_submitted_items_total", MetricKind::Counter, "Items handed over.", |a| {
                a.submitted
            }),
            (
                "otlp_exporter_recovered_items_total",
                MetricKind::Counter,
                "Items found in the durable queue at the start.",
                |a| a.recovered,
            ),
            ("otlp_exporter_accepted_items_total", MetricKind::Counter, "Items the destination took.", |a| {
                a.accepted
            }),
            (
                "otlp_exporter_rejected_items_total",
                MetricKind::Counter,
                "Items the destination refused by partial success.",
                |a| a.rejected,
            ),
            ("otlp_exporter_pending_items", MetricKind::Gauge, "Items queued or under way.", |a| a.pending),
            (
                "otlp_exporter_torn_items_total",
                MetricKind::Counter,
                "Items of an unacknowledged tail that a crash left in the durable queue.",
                |a| a.torn,
            ),
            ("otlp_exporter_requests_total", MetricKind::Counter, "Requests sent.", |a| a.requests),
            ("otlp_exporter_retries_total", MetricKind::Counter, "Requests sent again.", |a| a.retries),
            ("otlp_exporter_sent_bytes_total", MetricKind::Counter, "Bytes of request bodies sent.", |a| {
                a.wire_bytes
            }),
        ];
        for (name, kind, help, figure) in FIGURES {
            let mut family = self.family(name, kind, help);
            for (destination, signal, account) in accounts(report) {
                family.sample(&[("destination", destination), ("signal", signal.as_str())], figure(&account));
            }
        }
        let help = "Items given up, by reason.";
        let mut family = self.family("otlp_exporter_dropped_items_total", MetricKind::Counter, help);
        for (destination, signal, account) in accounts(report) {
            for reason in DropReason::ALL {
                let labels =
                    [("destination", destination), ("signal", signal.as_str()), ("reason", reason.as_str())];
                family.sample(&labels, account.dropped(reason));
            }
        }
    }

    /// The counters of a server: `otlp_server_*`.
    pub fn server(&mut self, stats: &ServerStats) {
        type Figure = (&'static str, &'static str, fn(&crate::SignalStats) -> u64);
        const FIGURES: [Figure; 5] = [
            ("otlp_server_requests_total", "Requests answered with success.", |s| s.requests),
            ("otlp_server_items_total", "Items in those requests.", |s| s.items),
            ("otlp_server_rejected_items_total", "Items refused by partial success.", |s| s.rejected_items),
            ("otlp_server_wire_bytes_total", "Bytes of those requests as they came.", |s| s.wire_bytes),
            ("otlp_server_message_bytes_total", "Bytes of those requests, decompressed.", |s| {
                s.message_bytes
            }),
        ];
        for (name, help, figure) in FIGURES {
            let mut family = self.family(name, MetricKind::Counter, help);
            for signal in Signal::ALL {
                family.sample(&[("signal", signal.as_str())], figure(&stats.signal(signal)));
            }
        }
        let help = "Requests not answered with success, by reason.";
        let mut family = self.family("otlp_server_refused_requests_total", MetricKind::Counter, help);
        for reason in Refusal::ALL {
            family.sample(&[("reason", reason.as_str())], stats.refused(reason));
        }
        let help = "Connections accepted.";
        self.family("otlp_server_connections_total", MetricKind::Counter, help)
            .sample(&[], stats.connections());
        let help = "Connections open now.";
        self.family("otlp_server_open_connections", MetricKind::Gauge, help)
            .sample(&[], stats.open_connections());
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

fn accounts(report: &Report) -> impl Iterator<Item = (&str, Signal, Account)> {
    report.destinations().iter().flat_map(|destination| {
        Signal::ALL.into_iter().map(|signal| (destination.name(), signal, destination.signal(signal)))
    })
}

impl Family<'_> {
    /// Adds a value under labels, whose names are `[a-zA-Z_][a-zA-Z0-9_]*`.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: u64) -> &mut Self {
        self.text.push_str(self.name);
        for (at, (name, value)) in labels.iter().enumerate() {
            self.text.push_str(if at == 0 { "{" } else { "," });
            self.text.push_str(name);
            self.text.push_str("=\"");
            escape(self.text, value, true);
            self.text.push('"');
        }
        self.text.push_str(if labels.is_empty() { " " } else { "} " });
        let _ = writeln!(self.text, "{value}");
        self
    }
}

fn escape(text: &mut String, value: &str, quotes: bool) {
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '"' if quotes => text.push_str("\\\""),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_help_are_escaped() {
        let mut page = MetricsPage::default();
        page.family("up", MetricKind::Gauge, "a \"b\"\nc\\d")
            .sample(&[], 1)
            .sample(&[("a", "x\"y\\z\n"), ("b", "")], 2);
        let expected =
            "# HELP up a \"b\"\\nc\\\\d\n# TYPE up gauge\nup 1\nup{a=\"x\\\"y\\\\z\\n\",b=\"\"} 2\n";
        assert_eq!(page.into_text(), expected);
    }
}
