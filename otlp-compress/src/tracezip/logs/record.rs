//! One record after another, on both sides.

use super::span::{Owner, Owners};
use super::{OBSERVED, RECORD, SPAN_ID, TIME, TRACE_ID};
use crate::tracezip::coder::{Coder, ColumnReader, ColumnWriter};
use crate::tracezip::groups::{ItemReader, ItemWriter};
use crate::tracezip::shape::{Context, Messages, Scanner, Slots, Source, Value, Wanted, mix};
use crate::tracezip::traces::time::{EVENT, START_ALONE, Times};
use crate::tracezip::varint::put_varint;

/// Models and state of records.
pub(crate) struct Logs {
    owners: Owners,
    times: Times,
    slots: Slots,
    last_set: u32,
    last_time: u64,
    last_observed: u64,
    /// Records that this frame may still have.
    left: u64,
}

impl Logs {
    pub(crate) fn new() -> Self {
        let mut new = Self {
            owners: Owners::new(),
            times: Times::new(),
            slots: Slots::default(),
            last_set: 0,
            last_time: 0,
            last_observed: 0,
            left: 0,
        };
        new.clear();
        new
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.owners = Owners::new();
        self.times.clear();
        (self.last_set, self.last_time, self.last_observed) = (0, 0, 0);
    }

    /// Starts a frame of at most `items` records.
    pub(crate) const fn begin(&mut self, items: u64) {
        self.left = items;
    }

    /// Bytes of state.
    pub(crate) fn memory(&self) -> usize {
        self.times.memory()
    }

    fn context(&self, group: u32) -> Context {
        Context { near: mix(u64::from(group), u64::from(self.last_set)) as u32, far: group }
    }

    /// Everything of a record but its shape.
    fn code<C: Coder>(
        &mut self,
        messages: &mut Messages,
        coder: &mut C,
        shape: u32,
        owner: Owner,
        source: Source<'_>,
    ) -> Owner {
        let set = messages.book.set_of(shape);
        let has = |wanted: u32| messages.specials(shape).any(|(_, special)| special == wanted);
        let (has_trace, has_span) = (has(TRACE_ID), has(SPAN_ID));
        let mut coded = Owner::default();
        if has_trace || has_span {
            coded = self.owners.code(coder, has_trace, has_span, owner);
        }
        let Self { times, slots, last_time, last_observed, .. } = self;
        messages.values(coder, shape, 0, source, slots, |coder, special, time| {
            if special == TIME {
                *last_time = times.code(coder, set, START_ALONE, *last_time, time);
                return *last_time;
            }
            // Seen soon after it happened; where that is not said, soon after the one before.
            let base = if *last_time == 0 { *last_observed } else { *last_time };
            *last_observed = times.code(coder, set, EVENT, base, time);
            *last_observed
        });
        self.last_set = set;
        coded
    }
}

/// The encoder's way.
pub(crate) struct LogWriter<'a> {
    pub(crate) logs: &'a mut Logs,
    pub(crate) scanner: &'a mut Scanner,
}

impl ItemWriter for LogWriter<'_> {
    fn scanner(&mut self) -> &mut Scanner {
        self.scanner
    }

    fn item(&mut self, messages: &mut Messages, coder: &mut ColumnWriter, item: &[u8], group: u32) {
        self.scanner.scan(messages, &RECORD, item);
        let context = self.logs.context(group);
        let told = self.scanner.tell(messages, |messages, wanted| messages.shape(coder, context, wanted));
        let Some(shape) = told else {
            coder.fail("a shape that cannot be told");
            return;
        };
        let found = self.scanner.found();
        let mut owner = Owner::default();
        for (step, special) in messages.specials(shape) {
            let end = (found[step].start + found[step].length) as usize;
            let word = |back: usize| {
                let bytes = item.get(end.wrapping_sub(back)..).and_then(<[u8]>::first_chunk);
                bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes))
            };
            match special {
                TRACE_ID => owner.trace = (word(16), word(8)),
                SPAN_ID => owner.span = word(8),
                _ => {}
            }
        }
        self.logs.code(messages, coder, shape, owner, Source { message: item, found });
    }
}

impl ItemReader for Logs {
    fn item(&mut self, messages: &mut Messages, coder: &mut ColumnReader<'_>, group: u32, out: &mut Vec<u8>) {
        if self.left == 0 {
            coder.fail("more items than stated");
            return;
        }
        self.left -= 1;
        let context = self.context(group);
        let Some(shape) = messages.shape(coder, context, Wanted::Set(&[])) else { return };
        let owner = self.code(messages, coder, shape, Owner::default(), Source::NOTHING);
        if coder.failed().is_some() {
            return;
        }
        messages.write(shape, &self.slots, out, |special, key, value, out| {
            put_varint(out, u64::from(key));
            match (special, value) {
                (TRACE_ID, _) => {
                    out.push(16);
                    out.extend_from_slice(&owner.trace.0.to_be_bytes());
                    out.extend_from_slice(&owner.trace.1.to_be_bytes());
                }
                (SPAN_ID, _) => {
                    out.push(8);
                    out.extend_from_slice(&owner.span.to_be_bytes());
                }
                (TIME | OBSERVED, Value::Number(time)) => out.extend_from_slice(&time.to_le_bytes()),
                _ => {}
            }
        });
    }
}
