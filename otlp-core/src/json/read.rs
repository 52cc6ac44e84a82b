//! From text to the encoding, lenient where the field is.

use bytes::Bytes;

use super::lengths::{Lengths, put_length};
use super::room::Room;
use super::{Fault, JsonError, JsonErrorKind, JsonOptions, Lexer, Read, Step};
use crate::schema::{Field, Kind, Message, NO_SLOT, request};
use crate::wire::{LEN, varint_len};
use crate::{Batch, Limits, ProfilesLayout, Signal};

/// Reads one OTLP/JSON request (or one line of a JSON Lines file) straight into its encoding.
///
/// Accepted besides what [`write`](super::write()) writes: unknown keys (ignored), integers as numbers or strings in any
/// form that is integral (`1`, `"1"`, `1.0`, `1e3`), enums by name, `null` for an absent field, ids in any case and of any
/// length (unless [`Limits::strict_ids`] is set), `profileId` in base64 too, base64 in both alphabets with or without padding, keys in any order. A repeated key
/// follows protobuf: lists append, messages merge, the last scalar wins.
///
/// `limits` apply to the text and to the encoding: bytes to each, levels as [`Batch::parse`] counts them.
///
/// # Errors
/// [`JsonError`] with line, column, byte offset, field path and what is wrong.
///
/// ```
/// use otlp_core::{Limits, Signal, json};
/// let text = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"checkout","kind":"SPAN_KIND_SERVER"}]}]}]}"#;
/// let batch = json::read(Signal::Traces, text, &json::JsonOptions::default(), &Limits::default())?;
/// assert_eq!(batch.items(), 1);
/// # Ok::<(), json::JsonError>(())
/// ```
pub fn read(
    signal: Signal,
    bytes: &[u8],
    options: &JsonOptions,
    limits: &Limits,
) -> Result<Batch, JsonError> {
    read_request(signal, bytes, options, limits).map_err(|fault| fault.locate(bytes))
}

fn read_request(signal: Signal, bytes: &[u8], options: &JsonOptions, limits: &Limits) -> Read<Batch> {
    if bytes.len() > limits.max_bytes() {
        return Err(too_large(limits.max_bytes(), limits));
    }
    // The encoding is shorter than half of the text as others write it; what is missing grows.
    let mut out = Vec::with_capacity(bytes.len() / 2);
    let mut reader = Reader {
        lexer: Lexer::new(bytes)?,
        out: Room::new(&mut out),
        lengths: Lengths::default(),
        options,
        limits,
        items: 0,
        repeats: false,
    };
    reader.message(request(signal), limits.max_depth())?;
    reader.lexer.finish()?;
    reader.check_size()?;
    let Reader { out: room, lengths, items, repeats, .. } = reader;
    room.finish();
    lengths.finish(&mut out);
    if !repeats {
        return Ok(Batch::trusted(signal, items, Bytes::from(out), None));
    }
    // Something has to be merged, which parsing does. Keys have names: no layout to guess.
    let limits = limits.with_profiles_layout(ProfilesLayout::Current);
    Batch::parse(signal, out, &limits).map_err(|error| Fault::new(JsonErrorKind::Value, 0, error.to_string()))
}

#[cold]
fn too_large(offset: usize, limits: &Limits) -> Box<Fault> {
    let message = format!("larger than {} bytes (Limits::max_bytes)", limits.max_bytes());
    Fault::new(JsonErrorKind::TooLarge, offset, message)
}

pub(super) struct Reader<'a, 'o> {
    pub(super) lexer: Lexer<'a>,
    pub(super) out: Room<'o>,
    lengths: Lengths,
    options: &'a JsonOptions,
    pub(super) limits: &'a Limits,
    items: usize,
    /// Whether some singular message or oneof stands more than once.
    repeats: bool,
}

impl Reader<'_, '_> {
    /// The fields of one object; `depth` message levels may stand below it.
    fn message(&mut self, message: &'static Message, depth: u32) -> Read<()> {
        self.lexer.open_object()?;
        let mut first = true;
        let (mut seen, mut slots) = (0_u32, 0_u32);
        loop {
            let index = if let Some(index) = self.lexer.quick_key(message, first) {
                first = false;
                index
            } else {
                let Some(key) = self.lexer.key(&mut first)? else { return Ok(()) };
                let Some(index) = self.find(message, &key) else {
                    self.lexer.skip()?;
                    continue;
                };
                index
            };
            if self.lexer.null()? {
                continue;
            }
            let field = &message.fields[index];
            let again = seen & 1 << index != 0;
            seen |= 1 << index;
            if field.slot != NO_SLOT {
                self.repeats |= slots & 1 << field.slot != 0;
                slots |= 1 << field.slot;
            }
            self.field(field, again, depth).map_err(|fault| fault.inside(Step::Field(field.json)))?;
        }
    }

    /// Index of the field with this key.
    fn find(&self, message: &'static Message, key: &str) -> Option<usize> {
        let &[first, .., last] = key.as_bytes() else { return None };
        let last_but_one = key.as_bytes()[key.len() - 2];
        message
            .candidate(first, last_but_one, last, key.len())
            .filter(|index| message.fields[*index].json == key)
            .or_else(|| {
                let named = |field: &Field| self.options.snake_case() && field.name == key;
                message.fields.iter().position(named)
            })
    }

    /// The value of a field, not `null`; `again` when the same key stood in this object before.
    fn field(&mut self, field: &'static Field, again: bool, depth: u32) -> Read<()> {
        if field.repeated {
            return if field.packable() { self.packed(field) } else { self.array(field, depth) };
        }
        let start = self.out.len();
        self.key(field, field.kind.wire());
        let default = self.value(field, depth)?;
        // A default says nothing, unless presence does or it takes back an earlier value.
        if default && !field.presence && !again {
            self.out.truncate(start);
        }
        Ok(())
    }

    /// One value without its key; gives whether it is the kind's default.
    fn value(&mut self, field: &'static Field, depth: u32) -> Read<bool> {
        match field.kind {
            Kind::Message(message) => {
                let below = self.below(depth)?;
                let open = self.lengths.open(&mut self.out, depth);
                self.message(message, below)?;
                let length = self.lengths.close(&mut self.out, open, depth);
                self.check_length(length)?;
                Ok(false)
            }
            _ => self.leaf(field),
        }
    }

    /// A value without inner structure; not inlined, so that it takes no stack at each level of nesting.
    #[inline(never)]
    fn leaf(&mut self, field: &'static Field) -> Read<bool> {
        let length = self.out.len();
        match field.kind {
            Kind::String => {
                self.out.push(0);
                self.lexer.string_into(&mut self.out)?;
            }
            Kind::Id | Kind::Bytes => {
                self.out.push(0);
                self.bytes(field)?;
            }
            kind => return self.scalar(kind),
        }
        self.close_leaf(length)
    }

    /// Elements with a key each: messages, strings, bytes.
    fn array(&mut self, field: &'static Field, depth: u32) -> Read<()> {
        self.lexer.open_array()?;
        let (mut first, mut index) = (true, 0);
        // A plain attribute is two levels, and its key is one byte, as in every message that has attributes.
        let attribute = matches!(field.kind, Kind::Message(message) if message.attribute)
            && depth >= 2
            && field.number < 16;
        while self.lexer.element(&mut first)? {
            if attribute {
                let key = (field.number as u8) << 3 | LEN;
                if let Some(count) = self.lexer.quick_attribute(key, self.out.piece()) {
                    self.out.advance(count);
                    index += 1;
                    continue;
                }
            }
            self.array_element(field, depth).map_err(|fault| fault.inside(Step::Index(index)))?;
            index += 1;
        }
        Ok(())
    }

    fn array_element(&mut self, field: &'static Field, depth: u32) -> Read<()> {
        if field.item {
            self.items += 1;
            if self.items > self.limits.max_items() {
                let message = format!("more than {} items (Limits::max_items)", self.limits.max_items());
                return Err(Fault::new(JsonErrorKind::TooManyItems, self.lexer.offset(), message));
            }
        }
        self.key(field, LEN);
        if matches!(field.kind, Kind::Message(_)) && self.lexer.null()? {
            self.below(depth)?;
            self.out.push(0);
            return Ok(());
        }
        self.value(field, depth).map(|_| ())
    }

    /// Numbers behind one key and one length.
    #[inline(never)]
    fn packed(&mut self, field: &'static Field) -> Read<()> {
        let key = self.out.len();
        self.key(field, LEN);
        let length = self.out.len();
        self.out.push(0);
        self.lexer.open_array()?;
        let (mut first, mut index) = (true, 0);
        while self.lexer.element(&mut first)? {
            self.scalar(field.kind).map_err(|fault| fault.inside(Step::Index(index)))?;
            index += 1;
        }
        if self.close_leaf(length)? {
            self.out.truncate(key);
        }
        Ok(())
    }

    /// The levels that may stand below a message at this place.
    fn below(&self, depth: u32) -> Read<u32> {
        depth.checked_sub(1).ok_or_else(|| {
            let message =
                format!("nested deeper than {} levels (Limits::max_depth)", self.limits.max_depth());
            Fault::new(JsonErrorKind::TooDeep, self.lexer.offset(), message)
        })
    }

    #[inline]
    fn key(&mut self, field: &'static Field, wire: u8) {
        self.out.varint(u64::from(field.number) << 3 | u64::from(wire));
    }

    /// Writes the length of bytes without inner structure to `at`, where one byte was left for it in front of them; gives
    /// whether there are none.
    #[inline]
    fn close_leaf(&mut self, at: usize) -> Read<bool> {
        let length = self.out.len() - at - 1;
        if length < 0x80 {
            self.out.written()[at] = length as u8;
        } else {
            let width = varint_len(length as u64);
            self.out.fill(width - 1);
            let out = self.out.written();
            out.copy_within(at + 1..at + 1 + length, at + width);
            put_length(&mut out[at..at + width], length);
            self.check_length(length)?;
        }
        Ok(length == 0)
    }

    /// Lengths that take more than a byte are where too much is seen.
    #[inline]
    fn check_length(&self, length: usize) -> Read<()> {
        if length >= 0x80 { self.check_size() } else { Ok(()) }
    }

    /// Packed numbers can take more bytes than their text, up to four times as many.
    fn check_size(&self) -> Read<()> {
        if self.lengths.size(self.out.len()) > self.limits.max_bytes() {
            return Err(too_large(self.lexer.offset(), self.limits));
        }
        Ok(())
    }
}
