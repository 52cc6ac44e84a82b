//! Spans.

mod ids;
mod span;
pub(crate) mod time;

pub(crate) use span::{SpanWriter, Traces};

use super::shape::{Field, Table};

/// Special fields of a span: those that its own code relates to other spans.
const TRACE_ID: u32 = 0;
const SPAN_ID: u32 = 1;
const PARENT_ID: u32 = 2;
const START: u32 = 3;
const END: u32 = 4;
/// In line with a span's values: when an event happened.
const EVENT_TIME: u32 = 16;

static SPAN: Table = Table::new(&[
    (0x0a, Field::Special(TRACE_ID as u8, 16)),
    (0x12, Field::Special(SPAN_ID as u8, 8)),
    (0x1a, Field::Text),
    (0x22, Field::Special(PARENT_ID as u8, 8)),
    (0x2a, Field::Text),
    (0x30, Field::Small),
    (0x39, Field::Special(START as u8, 8)),
    (0x41, Field::Special(END as u8, 8)),
    (0x4a, Field::Attribute),
    (0x5a, Field::Message(&EVENT)),
    (0x6a, Field::Message(&LINK)),
    (0x7a, Field::Message(&STATUS)),
]);

static EVENT: Table =
    Table::new(&[(0x09, Field::Special(EVENT_TIME as u8, 8)), (0x12, Field::Text), (0x1a, Field::Attribute)]);

static LINK: Table = Table::new(&[
    (0x0a, Field::Raw(16)),
    (0x12, Field::Raw(8)),
    (0x1a, Field::Text),
    (0x22, Field::Attribute),
]);

static STATUS: Table = Table::new(&[(0x12, Field::Text), (0x18, Field::Small)]);
