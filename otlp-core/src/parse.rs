//! The one check that every batch from outside goes through.

use bytes::Bytes;

use crate::error::{Fault, ParseError, ParseErrorKind};
use crate::schema::{Kind, Message, NO_SLOT, request};
use crate::wire::{FIXED32, FIXED64, GROUP, GROUP_END, LEN, VARINT, read_varint};
use crate::{Batch, Limits, ProfilesLayout, Signal, merge, profiles};

impl Batch {
    /// Checks an encoded `Export*ServiceRequest` in one pass, without an allocation per item.
    ///
    /// Accepts what prost accepts: well-formed wire format, the right wire type for each known field, UTF-8 in strings,
    /// at most [`Limits::max_depth`] message levels below the request; unknown fields, needlessly long varints, fields in
    /// any order and ids of any length are legal and kept byte for byte.
    ///
    /// `bytes` is one message without framing, decompressed. An empty one is an empty batch.
    ///
    /// # Errors
    ///
    /// [`ParseError`] with the fault, its offset in bytes and the field path that leads there.
    ///
    /// ```
    /// use otlp_core::{Batch, Limits, Signal};
    /// let batch = Batch::parse(Signal::Traces, vec![0x0a, 0x00], &Limits::default())?;
    /// assert_eq!(batch.items(), 0);
    /// let error = Batch::parse(Signal::Traces, vec![0x0a, 0x05, 0x12], &Limits::default()).unwrap_err();
    /// assert_eq!((error.path(), error.offset()), ("resource_spans[0]", 1));
    /// # Ok::<(), otlp_core::ParseError>(())
    /// ```
    pub fn parse(signal: Signal, bytes: impl Into<Bytes>, limits: &Limits) -> Result<Self, ParseError> {
        let bytes = bytes.into();
        if bytes.len() > limits.max_bytes() {
            let kind = ParseErrorKind::TooLarge { bytes: bytes.len(), limit: limits.max_bytes() };
            return Err(ParseError::new(signal, &[], Fault { kind, offset: limits.max_bytes() }));
        }
        let checked = check(request(signal), &bytes, limits.max_depth(), limits.strict_ids());
        if signal == Signal::Profiles && limits.profiles_layout() == ProfilesLayout::Refuse {
            // Older layouts are tried first on failure too: "wrong wire type" is how most of them show.
            if let Some(found) = profiles::layout::older(&bytes) {
                let kind = ParseErrorKind::OldProfilesLayout { layout: found.layout };
                return Err(ParseError::new(signal, &bytes, Fault { kind, offset: found.offset }));
            }
        }
        let checked = checked.map_err(|fault| ParseError::new(signal, &bytes, fault))?;
        let (items, merged) = if checked.repeats {
            let merged = merge::merged(request(signal), &bytes);
            // The merged copy is valid by construction; checking it counts what a merge leaves of the items.
            let counted = check(request(signal), &merged, u32::MAX, false);
            debug_assert!(counted.is_ok(), "merging broke a valid message");
            (counted.map_or(0, |checked| checked.items), Some(Bytes::from(merged)))
        } else {
            (checked.items, None)
        };
        if items > limits.max_items() {
            let kind = ParseErrorKind::TooManyItems { items, limit: limits.max_items() };
            return Err(ParseError::new(signal, &[], Fault { kind, offset: 0 }));
        }
        Ok(Self::trusted(signal, items, bytes, merged))
    }
}

/// What a walk over a valid message found.
struct Checked {
    /// Elements of fields that count as items.
    items: usize,
    /// Whether some singular message or oneof stands more than once.
    repeats: bool,
}

/// Walks a whole message; `depth` is how many message levels below it are accepted.
fn check(message: &'static Message, bytes: &[u8], depth: u32, ids: bool) -> Result<Checked, Fault> {
    let mut walk = Walk::new(bytes, depth, ids);
    match walk.message(message, bytes, depth) {
        Some(()) => Ok(Checked { items: walk.items, repeats: walk.repeats }),
        None => Err(walk.fault()),
    }
}

/// Most groups inside each other that [`Walk::step`] steps over: what prost allows.
const DEEPEST_GROUP: u32 = 100;

/// A walk that has not failed yet; a step that returns `None` has left its fault behind.
pub(crate) struct Walk<'a> {
    whole: &'a [u8],
    limit: u32,
    /// Whether ids must have the length of their kind, or none.
    ids: bool,
    items: usize,
    repeats: bool,
    fault: Option<Fault>,
}

impl<'a> Walk<'a> {
    /// A walk over `whole` or parts of it; `limit` is how many message levels below `whole` are accepted.
    pub(crate) const fn new(whole: &'a [u8], limit: u32, ids: bool) -> Self {
        Self { whole, limit, ids, items: 0, repeats: false, fault: None }
    }

    /// What the last step that gave `None` found.
    pub(crate) fn fault(&self) -> Fault {
        self.fault.unwrap_or(Fault { kind: ParseErrorKind::Truncated, offset: 0 })
    }

    /// Steps over the field at the start of `rest`, whatever message it is of: its number, wire type and payload if it has a
    /// length, and what stands behind it.
    pub(crate) fn step(&mut self, rest: &'a [u8]) -> Option<(u32, u8, &'a [u8], &'a [u8])> {
        let (number, wire, after) = self.key(rest)?;
        if wire == LEN {
            let (payload, after) = self.length(after, rest)?;
            return Some((number, wire, payload, after));
        }
        let after = self.skip(number, wire, rest, after, DEEPEST_GROUP)?;
        Some((number, wire, &[], after))
    }

    /// Notes that the field at the start of `place` is on the wire as `found`, not as `expected`.
    pub(crate) fn wrong_wire<T>(&mut self, expected: u8, found: u8, place: &'a [u8]) -> Option<T> {
        self.fail(ParseErrorKind::WireType { expected, found }, place)
    }

    /// Checks the fields of one message; `depth` levels may stand below it.
    pub(crate) fn message(&mut self, message: &'static Message, bytes: &'a [u8], depth: u32) -> Option<()> {
        let mut seen = 0_u32;
        let mut rest = bytes;
        while let [first, after @ ..] = rest {
            // One-byte keys of known fields in the right wire type: nearly every field of real telemetry.
            let (field, wire, after) = match message.by_key[usize::from(*first)] {
                0 => {
                    let (number, wire, after) = self.key(rest)?;
                    let Some(field) = message.field(number) else {
                        rest = self.skip(number, wire, rest, after, depth)?;
                        continue;
                    };
                    if !field.accepts(wire) {
                        let kind = ParseErrorKind::WireType { expected: field.kind.wire(), found: wire };
                        return self.fail(kind, rest);
                    }
                    (field, wire, after)
                }
                known => (&message.fields[usize::from(known) - 1], first & 7, after),
            };
            if field.slot != NO_SLOT {
                let bit = 1 << field.slot;
                self.repeats |= seen & bit != 0;
                seen |= bit;
            }
            rest = match wire {
                VARINT => self.varint(after, rest)?.1,
                FIXED64 => self.fixed(8, after, rest)?,
                FIXED32 => self.fixed(4, after, rest)?,
                _ => {
                    let (payload, after) = self.length(after, rest)?;
                    match field.kind {
                        Kind::Message(inner) => {
                            self.items += usize::from(field.item);
                            let Some(depth) = depth.checked_sub(1) else {
                                return self.too_deep(rest);
                            };
                            if !(inner.attribute && depth > 0 && plain_attribute(payload)) {
                                self.message(inner, payload, depth)?;
                            }
                        }
                        Kind::String => self.text(payload)?,
                        Kind::Bytes => {}
                        Kind::Id => self.id(field.id_len, payload)?,
                        packed => self.packed(packed.wire(), payload)?,
                    }
                    after
                }
            };
        }
        Some(())
    }

    #[inline]
    fn text(&mut self, text: &'a [u8]) -> Option<()> {
        if is_ascii(text) {
            return Some(());
        }
        match std::str::from_utf8(text) {
            Ok(_) => Some(()),
            Err(error) => self.fail(ParseErrorKind::Utf8, &text[error.valid_up_to()..]),
        }
    }

    #[inline]
    fn id(&mut self, expected: u8, id: &'a [u8]) -> Option<()> {
        if !self.ids || id.is_empty() || id.len() == usize::from(expected) {
            return Some(());
        }
        self.fail(ParseErrorKind::IdLength { expected, found: id.len() }, id)
    }

    /// Checks the numbers behind one key and length.
    fn packed(&mut self, wire: u8, mut numbers: &'a [u8]) -> Option<()> {
        let width = match wire {
            VARINT => {
                while !numbers.is_empty() {
                    numbers = self.varint(numbers, numbers)?.1;
                }
                return Some(());
            }
            FIXED64 => 8,
            _ => 4,
        };
        match numbers.len() % width {
            0 => Some(()),
            rest => self.fail(ParseErrorKind::Truncated, &numbers[numbers.len() - rest..]),
        }
    }

    /// Steps over an unknown field that starts at `field`, its key read.
    fn skip(
        &mut self,
        number: u32,
        wire: u8,
        field: &'a [u8],
        after: &'a [u8],
        depth: u32,
    ) -> Option<&'a [u8]> {
        // prost counts an unknown field as one level; what it refuses would not survive the next hop.
        let Some(inner) = depth.checked_sub(1) else {
            return self.too_deep(field);
        };
        match wire {
            VARINT => Some(self.varint(after, field)?.1),
            FIXED64 => self.fixed(8, after, field),
            FIXED32 => self.fixed(4, after, field),
            LEN => Some(self.length(after, field)?.1),
            GROUP => {
                let mut rest = after;
                loop {
                    if rest.is_empty() {
                        return self.truncated(rest, field);
                    }
                    let (found, wire, after) = self.key(rest)?;
                    if wire == GROUP_END {
                        if found == number {
                            return Some(after);
                        }
                        return self.fail(ParseErrorKind::GroupEnd, rest);
                    }
                    rest = self.skip(found, wire, rest, after, inner)?;
                }
            }
            _ => self.fail(ParseErrorKind::GroupEnd, field),
        }
    }

    fn key(&mut self, rest: &'a [u8]) -> Option<(u32, u8, &'a [u8])> {
        let (key, after) = self.varint(rest, rest)?;
        let (number, wire) = ((key >> 3) as u32, (key & 7) as u8);
        if key > u64::from(u32::MAX) || number == 0 || wire > FIXED32 {
            return self.fail(ParseErrorKind::Key, rest);
        }
        Some((number, wire, after))
    }

    /// Reads the varint at the start of `bytes`; `field` is where its field starts.
    #[inline]
    fn varint(&mut self, bytes: &'a [u8], field: &'a [u8]) -> Option<(u64, &'a [u8])> {
        match bytes {
            [byte, after @ ..] if *byte < 0x80 => Some((u64::from(*byte), after)),
            _ => match read_varint(bytes, 0) {
                Some((value, end)) => Some((value, &bytes[end..])),
                None => self.bad_varint(bytes, field),
            },
        }
    }

    #[inline]
    fn fixed(&mut self, width: usize, bytes: &'a [u8], field: &'a [u8]) -> Option<&'a [u8]> {
        match bytes.get(width..) {
            Some(after) => Some(after),
            None => self.truncated(bytes, field),
        }
    }

    /// Reads a length; gives as many bytes, and what stands behind them.
    #[inline]
    fn length(&mut self, bytes: &'a [u8], field: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let (length, after) = self.varint(bytes, field)?;
        match usize::try_from(length).ok().and_then(|length| after.split_at_checked(length)) {
            Some(split) => Some(split),
            None => self.fail(ParseErrorKind::Length { length, left: after.len() }, bytes),
        }
    }

    #[cold]
    fn bad_varint<T>(&mut self, bytes: &'a [u8], field: &'a [u8]) -> Option<T> {
        if bytes.len() < 10 { self.truncated(bytes, field) } else { self.fail(ParseErrorKind::Varint, bytes) }
    }

    /// A value that is missing altogether is a fault of the key before it, not of the next message.
    #[cold]
    fn truncated<T>(&mut self, bytes: &'a [u8], field: &'a [u8]) -> Option<T> {
        self.fail(ParseErrorKind::Truncated, if bytes.is_empty() { field } else { bytes })
    }

    #[cold]
    fn too_deep<T>(&mut self, field: &'a [u8]) -> Option<T> {
        self.fail(ParseErrorKind::TooDeep { limit: self.limit }, field)
    }

    /// Notes what is wrong, and that it is at the start of `place`.
    #[cold]
    fn fail<T>(&mut self, kind: ParseErrorKind, place: &'a [u8]) -> Option<T> {
        let offset = place.as_ptr().addr().saturating_sub(self.whole.as_ptr().addr());
        self.fault = Some(Fault { kind, offset });
        None
    }
}

/// Whether this `KeyValue` is of the shape that nearly all have: a short ASCII key, then one value that is short ASCII
/// text, an integer, a truth value or a double, and nothing else. Such a message is valid, needs one
/// more level below it, and repeats nothing.
#[inline]
fn plain_attribute(bytes: &[u8]) -> bool {
    let [0x0a, key_length @ 0..0x80, rest @ ..] = bytes else { return false };
    let Some((key, [0x12, length @ 0..0x80, value @ ..])) = rest.split_at_checked(usize::from(*key_length))
    else {
        return false;
    };
    if usize::from(*length) != value.len() || !is_ascii(key) {
        return false;
    }
    match value {
        [0x0a, length @ 0..0x80, text @ ..] => usize::from(*length) == text.len() && is_ascii(text),
        [0x10 | 0x18, number @ ..] => read_varint(number, 0).is_some_and(|(_, end)| end == number.len()),
        [0x21, double @ ..] => double.len() == 8,
        _ => false,
    }
}

/// Whether all bytes are ASCII; for the short strings of telemetry, eight bytes at a time.
#[inline]
pub(crate) fn is_ascii(bytes: &[u8]) -> bool {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    match bytes.last_chunk::<8>() {
        Some(last) => {
            // The last eight bytes cover what the chunks leave over.
            let all = bytes.chunks_exact(8).fold(u64::from_le_bytes(*last), |all, chunk| {
                all | chunk.try_into().map_or(HIGH, u64::from_le_bytes)
            });
            all & HIGH == 0
        }
        None => bytes.iter().fold(0, |all, byte| all | byte) < 0x80,
    }
}
