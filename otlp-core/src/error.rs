//! Why bytes are not a batch, and where.

use std::fmt::Write as _;

use crate::Signal;
use crate::schema::{Kind, Message, request};
use crate::wire::{FIXED32, FIXED64, GROUP, GROUP_END, LEN, VARINT, fields};

/// Bytes that are not a valid request: what is wrong, at which byte, in which field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{kind} (at byte {offset})", Prefix(.path))]
pub struct ParseError {
    kind: ParseErrorKind,
    offset: usize,
    path: String,
}

/// What is wrong with the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The message is larger than [`Limits::max_bytes`](crate::Limits::max_bytes).
    #[error("the message has {bytes} bytes, more than the {limit} that Limits::max_bytes allows")]
    TooLarge {
        /// Size of the message in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// More items than [`Limits::max_items`](crate::Limits::max_items).
    #[error("the message has {items} items, more than the {limit} that Limits::max_items allows")]
    TooManyItems {
        /// Items in the message.
        items: usize,
        /// The limit.
        limit: usize,
    },
    /// Messages nested deeper than [`Limits::max_depth`](crate::Limits::max_depth).
    #[error("messages are nested deeper than the {limit} levels that Limits::max_depth allows")]
    TooDeep {
        /// The limit in message levels below the request.
        limit: u32,
    },
    /// The bytes end inside a value.
    #[error("the bytes end inside a value")]
    Truncated,
    /// A varint of more than 64 bits or more than ten bytes.
    #[error("a varint does not fit 64 bits")]
    Varint,
    /// A field key with number 0, an unknown wire type, or more than 32 bits.
    #[error("a field key is not valid (number 0, wire type 6 or 7, or over 32 bits)")]
    Key,
    /// A length that reaches behind the end of the message that holds it.
    #[error("a length of {length} bytes where {left} are left")]
    Length {
        /// The length that stands in the bytes.
        length: u64,
        /// How many bytes the enclosing message has left.
        left: usize,
    },
    /// A known field in another wire type than its own.
    #[error("the field is {} on the wire, not {}", wire_name(*found), wire_name(*expected))]
    WireType {
        /// Wire type of the field's declared kind.
        expected: u8,
        /// Wire type that stands in the bytes.
        found: u8,
    },
    /// The end of a group that was not opened, or of another one.
    #[error("the end of a group that is not open")]
    GroupEnd,
    /// A string field that is not UTF-8.
    #[error("the string is not UTF-8")]
    Utf8,
    /// An id of neither no bytes nor as many as its kind has, where [`Limits::strict_ids`](crate::Limits::strict_ids) asks for it.
    #[error("the id has {found} bytes, not {expected} or none")]
    IdLength {
        /// Bytes that such an id has: 16 or 8.
        expected: u8,
        /// Bytes that stand there.
        found: usize,
    },
    /// Profiles in a layout from before protocol version 1.10.
    #[error(
        "these profiles are in the layout of OTLP {layout}, which numbers fields differently: read as the current layout (1.10) they would lose their values; use a sender of OTLP 1.10 or later"
    )]
    OldProfilesLayout {
        /// Protocol versions that wrote this layout.
        layout: &'static str,
    },
}

/// A fault while walking, before its path is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) kind: ParseErrorKind,
    pub(crate) offset: usize,
}

impl ParseError {
    /// The fault with its path, found by walking the bytes once more.
    #[cold]
    pub(crate) fn new(signal: Signal, bytes: &[u8], fault: Fault) -> Self {
        let mut path = String::new();
        locate(request(signal), bytes, fault.offset, &mut path);
        Self { kind: fault.kind, offset: fault.offset, path }
    }

    /// What is wrong.
    pub const fn kind(&self) -> ParseErrorKind {
        self.kind
    }

    /// Where, in bytes from the start of the message.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Which field: `resource_spans[0].scope_spans[1].spans[3].name`; empty for the message as a whole.
    pub fn path(&self) -> &str {
        &self.path
    }
}

struct Prefix<'a>(&'a str);

impl std::fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "{}: ", self.0) }
    }
}

const fn wire_name(wire: u8) -> &'static str {
    match wire {
        VARINT => "a varint",
        FIXED64 => "eight fixed bytes",
        LEN => "length-delimited",
        GROUP | GROUP_END => "a group",
        FIXED32 => "four fixed bytes",
        _ => "of an unknown wire type",
    }
}

/// Writes the path of the field that holds byte `offset`; everything before it is known to be well-formed.
fn locate(message: &'static Message, bytes: &[u8], offset: usize, path: &mut String) {
    let mut counts = vec![0_usize; message.fields.len()];
    let mut at = 0;
    for raw in fields(bytes) {
        at = raw.end;
        let index = message.fields.iter().position(|field| field.number == raw.number);
        if raw.end <= offset {
            if let Some(index) = index {
                counts[index] += 1;
            }
            continue;
        }
        return describe(message, index, raw.number, &counts, raw.value.bytes(), raw.end, offset, path);
    }
    // The scan stopped at the faulty field itself: its key may still be readable.
    if let Some((key, _)) = crate::wire::read_varint(bytes, at) {
        let number = (key >> 3) as u32;
        let index = message.fields.iter().position(|field| field.number == number);
        describe(message, index, number, &counts, &[], 0, offset, path);
    }
}

#[allow(clippy::too_many_arguments, reason = "one caller's loop state, split off for its two exits")]
fn describe(
    message: &'static Message,
    index: Option<usize>,
    number: u32,
    counts: &[usize],
    payload: &[u8],
    end: usize,
    offset: usize,
    path: &mut String,
) {
    let separator = if path.is_empty() { "" } else { "." };
    let Some(index) = index else {
        if number != 0 {
            let _ = write!(path, "{separator}<field {number}>");
        }
        return;
    };
    let field = &message.fields[index];
    let _ = write!(path, "{separator}{}", field.name);
    if field.repeated {
        let _ = write!(path, "[{}]", counts[index]);
    }
    if let Kind::Message(inner) = field.kind
        && let Some(from) = end.checked_sub(payload.len())
        && offset >= from
        && end != 0
    {
        locate(inner, payload, offset - from, path);
    }
}
