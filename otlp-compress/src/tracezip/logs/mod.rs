//! Log records: bodies as templates and what fills them, attributes as spans have them, times by the sender's clock, and the span
//! that a record belongs to, which is mostly that of a record shortly before.

mod record;
mod span;

pub(crate) use record::{LogWriter, Logs};

use super::shape::{Field, Table};

/// Special fields of a record: those that its own code relates to other records.
const TRACE_ID: u32 = 0;
const SPAN_ID: u32 = 1;
/// In line with a record's values: when it happened, and when it was seen.
const TIME: u32 = 16;
const OBSERVED: u32 = 17;

static RECORD: Table = Table::new(&[
    (0x09, Field::Special(TIME as u8, 8)),
    (0x10, Field::Small),
    (0x1a, Field::Text),
    (0x2a, Field::Message(&VALUE)),
    (0x32, Field::Attribute),
    (0x38, Field::Small),
    (0x4a, Field::Special(TRACE_ID as u8, 16)),
    (0x52, Field::Special(SPAN_ID as u8, 8)),
    (0x59, Field::Special(OBSERVED as u8, 8)),
    (0x62, Field::Text),
]);

/// A body: an `AnyValue`, mostly a string.
static VALUE: Table = Table::new(&[(0x0a, Field::Text)]);
