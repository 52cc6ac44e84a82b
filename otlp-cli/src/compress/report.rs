//! The comparison of codecs, as a table and as JSON lines.

use std::num::NonZeroUsize;

use otlp::{Batch, tracezip::Options};
use serde_json::json;

use super::rival::{Digest, Rival};
use crate::{
    quantity,
    render::{
        style::{BAD, DIM, GOOD, heading, paint},
        table::Table,
    },
};

/// All codecs with what they made of the messages so far.
pub(super) struct Report {
    rivals: Vec<Rival>,
    batch_items: Option<NonZeroUsize>,
    items: u64,
    messages: u64,
    uncompressed: u64,
    digest: Digest,
}

impl Report {
    /// For each of `options`: OTLP under that general compression, and tracezip with it inside.
    pub(super) fn new(
        options: &[Options],
        streaming: bool,
        batch_items: Option<NonZeroUsize>,
    ) -> anyhow::Result<Self> {
        let mut rivals = vec![Rival::plain()?];
        for options in options {
            rivals.extend(Rival::twin(options)?);
            rivals.push(Rival::tracezip(options)?);
            if streaming {
                rivals.extend(Rival::flushed(options)?);
                rivals.push(Rival::tracezip_stream(options)?);
            }
        }
        let digest = Digest::default();
        Ok(Self { rivals, batch_items, items: 0, messages: 0, uncompressed: 0, digest })
    }

    /// Gives a message to every codec.
    pub(super) fn add(&mut self, batch: &Batch) -> anyhow::Result<()> {
        self.items += batch.items() as u64;
        self.messages += 1;
        self.uncompressed += batch.bytes().len() as u64;
        self.digest.add(batch.bytes());
        self.rivals.iter_mut().try_for_each(|rival| rival.add(batch))
    }

    /// Ends the streams.
    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        let digest = self.digest;
        self.rivals.iter_mut().try_for_each(|rival| rival.finish(&digest))
    }

    /// Whether every message came back as it was from every codec; to be asked at the end.
    pub(super) fn is_identical(&self) -> bool {
        self.rivals.iter().all(|rival| rival.identical)
    }

    /// One object a line: `codec`, `batch_items` (null: as the file has them), `bytes`, `bytes_per_item`, `items`, `encode_mb_s`,
    /// `decode_mb_s`, `identical`.
    pub(super) fn lines(&self) -> String {
        let line = |rival: &Rival| {
            let object = json!({
                "codec": rival.name,
                "batch_items": self.batch_items,
                "bytes": rival.bytes,
                "bytes_per_item": round(self.per_item(rival)),
                "items": self.items,
                "encode_mb_s": round(rival.encode_mb_s(self.uncompressed)),
                "decode_mb_s": round(rival.decode_mb_s(self.uncompressed)),
                "identical": rival.identical,
            });
            format!("{object}\n")
        };
        self.rivals.iter().map(line).collect()
    }

    pub(super) fn table(&self, columns: usize) -> String {
        let mut table = Table::default();
        let head = ["  codec", "bytes", "an item", "", "encode MB/s", "decode MB/s", "identical"];
        table.row(head.map(|cell| paint(DIM, cell)));
        for rival in &self.rivals {
            let times = self.uncompressed as f64 / rival.bytes.max(1) as f64;
            table.row([
                format!("  {}", rival.name),
                quantity::count(rival.bytes),
                format!("{:.2}", self.per_item(rival)),
                paint(DIM, format!("{times:.1}×")),
                format!("{:.0}", rival.encode_mb_s(self.uncompressed)),
                format!("{:.0}", rival.decode_mb_s(self.uncompressed)),
                if rival.identical { paint(GOOD, "yes") } else { paint(BAD, "no") },
            ]);
        }
        let note = format!(
            "{} in {}",
            quantity::counted(self.items, "item"),
            quantity::counted(self.messages, "message")
        );
        heading("Compression", &note, columns) + &table.render(1, 2)
    }

    fn per_item(&self, rival: &Rival) -> f64 {
        rival.bytes as f64 / self.items.max(1) as f64
    }
}

/// To thousandths.
fn round(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
