//! The demo's page of text.

use std::time::Duration;

use otlp::{Batch, Protocol, Signal};

use super::exporter;
use super::ledger::{LANES, Ledger};
use super::service::SERVICES;
use crate::render::number::{bytes, count, duration, plural, three_digits};
use crate::render::style::{BAD, DIM, GOOD, TITLE, heading, paint};
use crate::render::table::Table;
use crate::render::{log, metric, profile, waterfall};
use crate::view::log as logs;
use crate::view::metric::Metric;
use crate::view::profile::Profile;
use crate::view::trace::{Trace, assemble};

/// What is shown.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) seed: u64,
    pub(super) ledger: Ledger,
    pub(super) elapsed: Duration,
    /// Received over one lane, read back through views.
    pub(super) batches: Vec<Batch>,
    /// The trace to draw.
    pub(super) showpiece: Vec<u8>,
    /// What the clients complained about.
    pub(super) problems: Vec<String>,
    /// The exporter's account of a round.
    pub(super) exported: otlp::Report,
}

/// Metrics that are shown, one of each kind, and how many series of each.
const METRICS: [(&str, usize); 6] = [
    ("http.server.request.duration", 3),
    ("rpc.server.call.duration", 3),
    ("go_gc_duration_seconds", 1),
    ("messaging.client.consumed.messages", 1),
    ("db.client.connection.count", 1),
    ("process.cpu.utilization", 2),
];

impl Report {
    /// Whether nothing is missing.
    pub(super) fn is_complete(&self) -> bool {
        self.ledger.is_even() && self.problems.is_empty() && exporter::is_as_expected(&self.exported)
    }

    /// The text, in `columns`.
    pub(super) fn render(&self, metrics: &[Metric], profiles: &[Profile], columns: usize) -> String {
        let trace = assemble(&self.batches, &[&self.showpiece], 1_000).pop();
        let mut out = self.title(columns);
        out += &self.arrived(columns);
        out += &self.wire(columns);
        out += &self.exporter(columns);
        if let Some(trace) = &trace {
            out += &heading(
                "One trace",
                "an order whose payment is retried and whose stock was locked",
                columns,
            );
            out += &waterfall::waterfall(trace, columns, 60);
            out.push('\n');
            out += &heading("Its logs", "found by trace id", columns);
            out += &self.logs(trace, columns);
            out.push('\n');
        }
        out += &heading("Metrics", "one of each kind", columns);
        for (name, rows) in METRICS {
            if let Some(found) = metrics.iter().find(|metric| metric.name == name) {
                out += &metric::metric(found, columns, rows);
            }
        }
        out.push('\n');
        if let Some(first) = profiles.first() {
            out += &heading("Profile", "functions by own time", columns);
            out += &profile::profile(first, columns, 5);
            out.push('\n');
        }
        out + &self.verdict()
    }

    fn title(&self, columns: usize) -> String {
        let line = format!(
            "{} of a made-up shop, over every transport and back (seed {})",
            plural(SERVICES.len(), "service"),
            self.seed
        );
        let line = crate::render::text::cut(&line, columns.saturating_sub(11));
        format!("\n{}  {}\n\n", paint(TITLE, "otlp demo"), paint(DIM, line))
    }

    fn arrived(&self, columns: usize) -> String {
        let requests: u64 = Signal::ALL.iter().map(|signal| self.ledger.total(*signal).1.requests).sum();
        let note = format!("{} requests in {}", count(requests), duration(self.elapsed.as_nanos() as u64));
        let mut table = Table::default();
        let head = ["", "requests", "sent", "", "received", "", "missing", "on the wire"];
        table.row(head.map(|cell| paint(DIM, cell)));
        for signal in Signal::ALL {
            let (sent, received) = self.ledger.total(signal);
            let even = sent.items == received.items && sent.fingerprint == received.fingerprint;
            let missing = sent.items.saturating_sub(received.items);
            table.row([
                format!("  {}", paint(TITLE, signal)),
                count(sent.requests),
                count(sent.items),
                if even { paint(GOOD, "=") } else { paint(BAD, "≠") },
                count(received.items),
                paint(
                    DIM,
                    plural(received.items as usize, item(signal))
                        .split(' ')
                        .skip(1)
                        .collect::<Vec<_>>()
                        .join(" "),
                ),
                if missing == 0 { paint(DIM, "0") } else { paint(BAD, count(missing)) },
                bytes(sent.wire),
            ]);
        }
        heading("Sent and received", &note, columns) + &table.render(1, 2) + "\n"
    }

    fn wire(&self, columns: usize) -> String {
        let plain = |signal: Signal| self.per_item(0, signal);
        let mut table = Table::default();
        let mut head = vec![String::new(), String::new()];
        for signal in Signal::ALL {
            head.extend([paint(DIM, format!("B/{}", item(signal))), String::new()]);
        }
        table.row(head);
        for (index, lane) in LANES.iter().enumerate() {
            let is_first = index == 0 || LANES[index - 1].protocol != lane.protocol;
            let transport = if is_first { paint(TITLE, name(lane.protocol)) } else { String::new() };
            let mut row = vec![format!("  {transport}"), lane.compression().to_owned()];
            for signal in Signal::ALL {
                let size = self.per_item(index, signal);
                let ratio = plain(signal) / size;
                let ratio = match index {
                    0 => String::new(),
                    _ if !ratio.is_finite() => "-".to_owned(),
                    _ if ratio >= 1.05 => paint(GOOD, format!("{ratio:.1}×")),
                    _ => paint(DIM, format!("{ratio:.1}×")),
                };
                row.extend([three_digits(size), ratio]);
            }
            table.row(row);
        }
        heading("On the wire", "bytes of request bodies per item; × against gRPC uncompressed", columns)
            + &table.render(2, if columns < 90 { 1 } else { 2 })
            + "\n"
    }

    fn exporter(&self, columns: usize) -> String {
        let mut table = Table::default();
        let head = ["", "submitted", "", "accepted", "", "rejected", "", "dropped", "", "pending", "retries"];
        table.row(head.map(|cell| paint(DIM, cell)));
        for signal in Signal::ALL {
            let account = self.exported.signal(signal);
            let sign = if account.is_balanced() { paint(GOOD, "=") } else { paint(BAD, "≠") };
            let plus = || paint(DIM, "+");
            let warn = |items: u64| if items == 0 { paint(DIM, "0") } else { paint(BAD, count(items)) };
            table.row([
                format!("  {}", paint(TITLE, signal)),
                count(account.submitted),
                sign,
                count(account.accepted),
                plus(),
                count(account.rejected),
                plus(),
                warn(account.dropped_total()),
                plus(),
                warn(account.pending),
                count(account.retries),
            ]);
        }
        let note = "the server is busy at first, then refuses two spans";
        heading("The exporter's ledger", note, columns) + &table.render(1, 2) + "\n"
    }

    fn per_item(&self, lane: usize, signal: Signal) -> f64 {
        let tally = self.ledger.sent[lane][signal as usize];
        tally.wire as f64 / tally.items as f64
    }

    fn logs(&self, trace: &Trace, columns: usize) -> String {
        let (found, left_out) = logs::collect(&self.batches, 8, |id| id == trace.id);
        let more = match left_out {
            0 => String::new(),
            more => format!("{}\n", paint(DIM, crate::render::number::more(more, "record"))),
        };
        log::logs(&found, &trace.services, columns) + &more
    }

    fn verdict(&self) -> String {
        if self.is_complete() {
            let text = "nothing is missing: every item arrived once, unchanged, on every transport";
            return format!("{} {text}\n", paint(GOOD, "✓"));
        }
        let mut out = format!("{} not everything arrived as it was sent\n", paint(BAD, "✗"));
        for problem in self.problems.iter().take(20) {
            out += &format!("  {}\n", crate::render::clean::clean(problem));
        }
        out
    }
}

const fn name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Grpc => "gRPC",
        Protocol::HttpProtobuf => "HTTP/protobuf",
        _ => "HTTP/JSON",
    }
}

/// One item of a signal.
const fn item(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "span",
        Signal::Metrics => "point",
        Signal::Logs => "record",
        _ => "profile",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::ledger::Tally;
    use crate::demo::workload::Workload;
    use crate::render::text::width;
    use crate::view::{metric, profile};

    fn report() -> Report {
        let round = Workload::new().round();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let exported = runtime.block_on(exporter::ledger(&round.batches)).unwrap();
        let mut ledger = Ledger::default();
        for (sent, received) in
            ledger.sent.as_flattened_mut().iter_mut().zip(ledger.received.as_flattened_mut())
        {
            *sent = Tally { requests: 6, items: 1_778, wire: 1_234_567, fingerprint: 1 };
            *received = *sent;
        }
        Report {
            seed: 7,
            ledger,
            elapsed: Duration::from_millis(1_730),
            showpiece: round.showpiece.unwrap().as_bytes().to_vec(),
            batches: round.batches,
            problems: Vec::new(),
            exported,
        }
    }

    fn shown(report: &Report, columns: usize) -> String {
        let (metrics, profiles) = (metric::collect(&report.batches), profile::collect(&report.batches));
        anstream::adapter::strip_str(&report.render(&metrics, &profiles, columns)).to_string()
    }

    #[test]
    fn fits_every_terminal() {
        let report = report();
        for columns in 80..=160 {
            for line in shown(&report, columns).lines() {
                assert!(width(line) <= columns, "{columns}: {line}");
            }
        }
    }

    #[test]
    fn says_what_is_missing() {
        let mut report = report();
        assert!(shown(&report, 100).contains("✓ nothing is missing"));
        report.ledger.received[3][0].items -= 12;
        report.problems.push("traces over grpc with gzip: \u{1b}[31mgone".to_owned());
        let text = shown(&report, 100);
        assert!(!report.is_complete());
        assert!(
            text.contains("✗ not everything arrived") && text.contains("≠") && text.contains(" 12 "),
            "{text}"
        );
        assert!(text.contains("␛[31mgone"), "{text}");
    }
}
