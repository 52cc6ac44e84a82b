//! The one check that every batch from outside goes through.

use bytes::Bytes;

use crate::error::{Fault, ParseError, ParseErrorKind};
use crate::schema::{Field, Kind, Message, NO_SLOT, request};
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
        let checked = check(request(signal), &bytes, limits.max_depth());
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
            let counted = check(request(signal), &merged, u32::MAX);
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
pub(crate) struct Checked {
    /// Elements of fields that count as items.
    pub(crate) items: usize,
    /// Whether some singular message or oneof stands more than once.
    pub(crate) repeats: bool,
}

/// Walks a whole message; `depth` is how many message levels below it are accepted.
pub(crate) fn check(message: &'static Message, bytes: &[u8], depth: u32) -> Result<Checked, Fault> {
    let mut walk = Walk { bytes, limit: depth, items: 0, repeats: false };
    walk.message(message, 0, bytes.len(), depth)?;
    Ok(Checked { items: walk.items, repeats: walk.repeats })
}

struct Walk<'a> {
    bytes: &'a [u8],
    limit: u32,
    items: usize,
    repeats: bool,
}

impl Walk<'_> {
    /// Checks the fields between `at` and `end`; `depth` levels may stand below them.
    fn message(
        &mut self,
        message: &'static Message,
        mut at: usize,
        end: usize,
        depth: u32,
    ) -> Result<(), Fault> {
        let mut seen = 0_u32;
        while at < end {
            let start = at;
            let first = self.bytes[at];
            // One-byte keys of known fields in the right wire type: nearly every field of real telemetry.
            let known = message.by_key.get(usize::from(first)).copied().unwrap_or(0);
            let (field, wire) = if known != 0 {
                at += 1;
                (&message.fields[usize::from(known) - 1], first & 7)
            } else {
                let (number, wire, next) = self.key(at, end)?;
                at = next;
                let Some(field) = message.field(number) else {
                    at = self.skip(number, wire, start, at, end, depth)?;
                    continue;
                };
                if !field.accepts(wire) {
                    let kind = ParseErrorKind::WireType { expected: field.kind.wire(), found: wire };
                    return Err(Fault { kind, offset: start });
                }
                (field, wire)
            };
            if field.slot != NO_SLOT {
                let bit = 1 << field.slot;
                self.repeats |= seen & bit != 0;
                seen |= bit;
            }
            at = match wire {
                VARINT => self.varint(at, end)?.1,
                FIXED64 => self.fixed(at, end, 8)?,
                FIXED32 => self.fixed(at, end, 4)?,
                _ => {
                    let (from, to) = self.length(at, end)?;
                    self.payload(field, start, from, to, depth)?;
                    to
                }
            };
        }
        Ok(())
    }

    /// Checks what stands behind a length, `from..to`, in a known field.
    fn payload(
        &mut self,
        field: &'static Field,
        start: usize,
        from: usize,
        to: usize,
        depth: u32,
    ) -> Result<(), Fault> {
        match field.kind {
            Kind::Message(inner) => {
                self.items += usize::from(field.item);
                let Some(depth) = depth.checked_sub(1) else {
                    return Err(self.too_deep(start));
                };
                self.message(inner, from, to, depth)
            }
            Kind::String => match std::str::from_utf8(&self.bytes[from..to]) {
                Ok(_) => Ok(()),
                Err(error) => Err(Fault { kind: ParseErrorKind::Utf8, offset: from + error.valid_up_to() }),
            },
            Kind::Bytes | Kind::Id => Ok(()),
            packed => {
                let width = match packed.wire() {
                    VARINT => {
                        let mut at = from;
                        while at < to {
                            at = self.varint(at, to)?.1;
                        }
                        return Ok(());
                    }
                    FIXED64 => 8,
                    _ => 4,
                };
                match (to - from) % width {
                    0 => Ok(()),
                    rest => Err(Fault { kind: ParseErrorKind::Truncated, offset: to - rest }),
                }
            }
        }
    }

    /// Steps over an unknown field, whose key starts at `start` and ends at `at`.
    fn skip(
        &self,
        number: u32,
        wire: u8,
        start: usize,
        at: usize,
        end: usize,
        depth: u32,
    ) -> Result<usize, Fault> {
        // prost counts an unknown field as one level; what it refuses would not survive the next hop.
        let Some(inner) = depth.checked_sub(1) else {
            return Err(self.too_deep(start));
        };
        match wire {
            VARINT => Ok(self.varint(at, end)?.1),
            FIXED64 => self.fixed(at, end, 8),
            FIXED32 => self.fixed(at, end, 4),
            LEN => Ok(self.length(at, end)?.1),
            GROUP => {
                let mut at = at;
                loop {
                    let key = at;
                    let (found, wire, next) = self.key(at, end)?;
                    if wire == GROUP_END {
                        if found == number {
                            return Ok(next);
                        }
                        return Err(Fault { kind: ParseErrorKind::GroupEnd, offset: key });
                    }
                    at = self.skip(found, wire, key, next, end, inner)?;
                }
            }
            _ => Err(Fault { kind: ParseErrorKind::GroupEnd, offset: start }),
        }
    }

    fn key(&self, at: usize, end: usize) -> Result<(u32, u8, usize), Fault> {
        let (key, next) = self.varint(at, end)?;
        let bad = Fault { kind: ParseErrorKind::Key, offset: at };
        let key = u32::try_from(key).map_err(|_| bad)?;
        let (number, wire) = (key >> 3, (key & 7) as u8);
        if number == 0 || wire > FIXED32 {
            return Err(Fault { kind: ParseErrorKind::Key, offset: at });
        }
        Ok((number, wire, next))
    }

    #[inline]
    fn varint(&self, at: usize, end: usize) -> Result<(u64, usize), Fault> {
        read_varint(&self.bytes[..end], at).ok_or_else(|| {
            let kind = if end - at < 10 { ParseErrorKind::Truncated } else { ParseErrorKind::Varint };
            // A value that is missing altogether is a fault of the key before it, not of the next message.
            Fault { kind, offset: at.min(end - 1) }
        })
    }

    #[inline]
    fn fixed(&self, at: usize, end: usize, width: usize) -> Result<usize, Fault> {
        if end - at < width {
            return Err(Fault { kind: ParseErrorKind::Truncated, offset: at.min(end - 1) });
        }
        Ok(at + width)
    }

    /// Reads a length; gives where its payload starts and ends.
    #[inline]
    fn length(&self, at: usize, end: usize) -> Result<(usize, usize), Fault> {
        let (length, from) = self.varint(at, end)?;
        if length > (end - from) as u64 {
            let kind = ParseErrorKind::Length { length, left: end - from };
            return Err(Fault { kind, offset: at });
        }
        Ok((from, from + length as usize))
    }

    fn too_deep(&self, offset: usize) -> Fault {
        Fault { kind: ParseErrorKind::TooDeep { limit: self.limit }, offset }
    }
}
