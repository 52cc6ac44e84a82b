//! What is known about files and signals, and its JSON form.

use std::time::{Duration, SystemTime};

use otlp::{Batch, Signal};
use serde_json::{Map, Value, json};

use super::{
    count::{Counter, Distinct},
    gather,
};

/// Everything that was read.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) files: Vec<FileSummary>,
    signals: [Option<Box<Summary>>; 4],
}

/// One file.
#[derive(Debug, Default)]
pub(super) struct FileSummary {
    pub(super) name: String,
    pub(super) signal: Option<Signal>,
    pub(super) format: &'static str,
    pub(super) codec: &'static str,
    /// Size of the file; unknown for streams.
    pub(super) bytes: Option<u64>,
    /// Size of its content, decompressed.
    pub(super) content_bytes: u64,
    pub(super) messages: u64,
    pub(super) items: u64,
}

/// One signal, over all files.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) messages: u64,
    pub(super) items: u64,
    /// Size of the messages as protobuf.
    pub(super) encoded_bytes: u64,
    /// Groups of items that carry a resource of their own; the same one may come again and again.
    pub(super) resources: u64,
    pub(super) distinct_resources: Distinct,
    /// Items by `service.name`.
    pub(super) services: Counter,
    /// Items by name of the scope.
    pub(super) scopes: Counter,
    /// Items by name: of the span, the metric, the event, the sample type.
    pub(super) names: Counter,
    /// Items by kind: of span or metric, by severity of the record.
    pub(super) kinds: Counter,
    /// Further numbers that only one signal has: traces, errors, samples.
    pub(super) extras: Vec<(&'static str, u64)>,
    pub(super) traces: Distinct,
    pub(super) resource_keys: Counter,
    pub(super) scope_keys: Counter,
    pub(super) item_keys: Counter,
    pub(super) times: Range,
}

/// The earliest and the latest time, in nanoseconds since the Unix epoch.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Range(Option<(u64, u64)>);

impl Range {
    /// One more time; 0 means unknown.
    pub(super) fn add(&mut self, time: u64) {
        if time != 0 {
            let (from, to) = self.0.unwrap_or((time, time));
            self.0 = Some((from.min(time), to.max(time)));
        }
    }

    /// First and last, if any time is known.
    pub(super) const fn get(self) -> Option<(u64, u64)> {
        self.0
    }
}

impl Summary {
    /// Adds to one of the further numbers.
    pub(super) fn extra(&mut self, name: &'static str, times: u64) {
        match self.extras.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += times,
            None => self.extras.push((name, times)),
        }
    }

    /// Further numbers, with those that are counted as distinct.
    pub(super) fn numbers(&self) -> Vec<(&'static str, u64)> {
        let traces = self.traces.len() as u64;
        let distinct = (traces > 0).then_some(("traces", traces));
        distinct.into_iter().chain(self.extras.iter().copied()).collect()
    }

    fn to_json(&self, signal: Signal) -> Value {
        let mut object = Map::new();
        let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
        put("messages", self.messages.into());
        put("items", self.items.into());
        put("item_name", signal.item_name().into());
        put("bytes", self.encoded_bytes.into());
        put("resources", self.resources.into());
        put("distinct_resources", self.distinct_resources.len().into());
        for (name, number) in self.numbers() {
            put(name, number.into());
        }
        let time = self.times.get().map_or(Value::Null, |(from, to)| {
            json!({"from": timestamp(from), "to": timestamp(to), "seconds": (to - from) as f64 / 1e9})
        });
        put("time", time);
        put("services", list("name", &self.services));
        put("scopes", list("name", &self.scopes));
        put("names", list("name", &self.names));
        put("kinds", list("kind", &self.kinds));
        put(
            "attributes",
            json!({
                "resource": list("key", &self.resource_keys),
                "scope": list("key", &self.scope_keys),
                "item": list("key", &self.item_keys),
            }),
        );
        object.into()
    }
}

fn list(label: &str, counter: &Counter) -> Value {
    let mut list: Vec<Value> =
        counter.sorted().into_iter().map(|(name, count)| json!({label: name, "count": count})).collect();
    if counter.beyond() > 0 {
        list.push(json!({label: Value::Null, "count": counter.beyond()}));
    }
    list.into()
}

/// RFC 3339 with nanoseconds.
pub(super) fn timestamp(nanoseconds: u64) -> String {
    let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds);
    humantime::format_rfc3339_nanos(time).to_string()
}

impl Report {
    /// Adds a message.
    pub(super) fn add(&mut self, batch: &Batch) {
        let summary = self.signals[batch.signal() as usize].get_or_insert_default();
        summary.messages += 1;
        summary.items += batch.items() as u64;
        summary.encoded_bytes += batch.bytes().len() as u64;
        gather::gather(batch, summary);
    }

    /// The signals that occur.
    pub(super) fn signals(&self) -> impl Iterator<Item = (Signal, &Summary)> {
        Signal::ALL
            .into_iter()
            .zip(&self.signals)
            .filter_map(|(signal, summary)| Some((signal, summary.as_deref()?)))
    }

    /// One object: `files`, and a key for each signal that occurs.
    pub(super) fn to_json(&self) -> Value {
        let files: Vec<Value> = self
            .files
            .iter()
            .map(|file| {
                json!({
                    "file": file.name,
                    "signal": file.signal.map(Signal::as_str),
                    "format": file.format,
                    "compression": file.codec,
                    "bytes": file.bytes,
                    "content_bytes": file.content_bytes,
                    "messages": file.messages,
                    "items": file.items,
                })
            })
            .collect();
        let mut object = Map::new();
        object.insert("files".to_owned(), files.into());
        for (signal, summary) in self.signals() {
            object.insert(signal.to_string(), summary.to_json(signal));
        }
        object.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_zero_are_unknown() {
        let mut range = Range::default();
        range.add(0);
        assert_eq!(range.get(), None);
        range.add(5);
        range.add(3);
        assert_eq!(range.get(), Some((3, 5)));
    }

    #[test]
    fn every_time_can_be_written() {
        assert_eq!(timestamp(1_544_712_660_000_000_001), "2018-12-13T14:51:00.000000001Z");
        assert_eq!(timestamp(u64::MAX), "2554-07-21T23:34:33.709551615Z");
    }
}
