//! From text to the encoding, lenient where the field is.

use bytes::Bytes;

use super::lengths::{Lengths, Open};
use super::{Fault, JsonError, JsonErrorKind, JsonOptions, Lexer, Read, Step};
use crate::schema::{Field, Kind, Message, NO_SLOT, request};
use crate::wire::{LEN, put_key, put_varint};
use crate::{Batch, Limits, ProfilesLayout, Signal};

/// Reads one OTLP/JSON request (or one line of a JSON Lines file) straight into its encoding.
///
/// Accepted besides what [`write`](super::write()) writes: unknown keys (ignored), integers as numbers or strings in any
/// form that is integral (`1`, `"1"`, `1.0`, `1e3`), enums by name, `null` for an absent field, ids in any case and of any
/// length, `profileId` in base64 too, base64 in both alphabets with or without padding, keys in any order. A repeated key
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
    let mut reader = Reader {
        lexer: Lexer::new(bytes)?,
        // The encoding is shorter than half of the text as others write it; what is missing grows.
        out: Vec::with_capacity(bytes.len() / 2),
        lengths: Lengths::default(),
        options,
        limits,
        items: 0,
        repeats: false,
    };
    reader.message(request(signal), limits.max_depth())?;
    reader.lexer.finish()?;
    reader.check_size()?;
    let Reader { mut out, lengths, items, repeats, .. } = reader;
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

pub(super) struct Reader<'a> {
    pub(super) lexer: Lexer<'a>,
    pub(super) out: Vec<u8>,
    lengths: Lengths,
    options: &'a JsonOptions,
    limits: &'a Limits,
    items: usize,
    /// Whether some singular message or oneof stands more than once.
    repeats: bool,
}

impl Reader<'_> {
    /// The fields of one object; `depth` message levels may stand below it.
    fn message(&mut self, message: &'static Message, depth: u32) -> Read<()> {
        self.lexer.open_object()?;
        let (mut first, mut next) = (true, 0);
        let (mut seen, mut slots) = (0_u32, 0_u32);
        while let Some(key) = self.lexer.key(&mut first)? {
            let Some(index) = self.find(message, &key, next) else {
                self.lexer.skip()?;
                continue;
            };
            next = index + 1;
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
        Ok(())
    }

    /// Index of the field with this key; most texts have the fields in one order, so `next` is tried first.
    #[inline]
    fn find(&self, message: &'static Message, key: &str, next: usize) -> Option<usize> {
        if message.fields.get(next).is_some_and(|field| field.json == key) {
            return Some(next);
        }
        let named = |field: &Field| field.json == key || (self.options.snake_case() && field.name == key);
        message.fields.iter().position(named)
    }

    /// The value of a field, not `null`; `again` when the same key stood in this object before.
    fn field(&mut self, field: &'static Field, again: bool, depth: u32) -> Read<()> {
        if field.repeated {
            return if field.packable() { self.packed(field) } else { self.array(field, depth) };
        }
        let start = self.out.len();
        put_key(&mut self.out, field.number, field.kind.wire());
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
                let start = self.open();
                self.message(message, below)?;
                self.close(start)?;
                Ok(false)
            }
            _ => self.leaf(field),
        }
    }

    /// A value without inner structure; not inlined, so that it takes no stack at each level of nesting.
    #[inline(never)]
    fn leaf(&mut self, field: &'static Field) -> Read<bool> {
        let start = match field.kind {
            Kind::String | Kind::Id | Kind::Bytes => self.open(),
            kind => return self.scalar(kind),
        };
        if matches!(field.kind, Kind::String) {
            self.lexer.string_into(&mut self.out)?;
        } else {
            self.bytes(field)?;
        }
        self.close(start)
    }

    /// Elements with a key each: messages, strings, bytes.
    fn array(&mut self, field: &'static Field, depth: u32) -> Read<()> {
        self.lexer.open_array()?;
        let (mut first, mut index) = (true, 0);
        while self.lexer.element(&mut first)? {
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
        put_key(&mut self.out, field.number, LEN);
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
        put_key(&mut self.out, field.number, LEN);
        let start = self.open();
        self.lexer.open_array()?;
        let (mut first, mut index) = (true, 0);
        while self.lexer.element(&mut first)? {
            self.scalar(field.kind).map_err(|fault| fault.inside(Step::Index(index)))?;
            index += 1;
        }
        if self.close(start)? {
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

    /// Begins something whose length stands in front of it.
    #[inline]
    fn open(&mut self) -> Open {
        self.lengths.open(&mut self.out)
    }

    /// Ends it; gives whether it is empty.
    #[inline]
    fn close(&mut self, open: Open) -> Read<bool> {
        let length = self.lengths.close(&mut self.out, open);
        if length >= 0x80 {
            self.check_size()?;
        }
        Ok(length == 0)
    }

    /// Packed numbers can take more bytes than their text, up to four times as many.
    fn check_size(&self) -> Read<()> {
        if self.lengths.size(&self.out) > self.limits.max_bytes() {
            return Err(too_large(self.lexer.offset(), self.limits));
        }
        Ok(())
    }

    /// Appends a varint.
    pub(super) fn varint(&mut self, value: u64) {
        put_varint(&mut self.out, value);
    }
}
