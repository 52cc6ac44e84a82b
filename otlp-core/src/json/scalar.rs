//! Values without inner structure: numbers, enums, booleans, ids, bytes.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::read::Reader;
use super::{Fault, JsonErrorKind, Read, number};
use crate::schema::{Enum, Field, Kind};

/// Takes base64 as peers write it: padded or not, spare bits in the last character or not.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

impl Reader<'_, '_> {
    /// Appends one number, enum or boolean; gives whether it is zero.
    pub(super) fn scalar(&mut self, kind: Kind) -> Read<bool> {
        match kind {
            Kind::Double => {
                let bits = self.double()?.to_bits();
                self.out.put(&bits.to_le_bytes(), 8);
                Ok(bits == 0)
            }
            Kind::Fixed64 => {
                let value = self.integer::<u64>()?;
                self.out.put(&value.to_le_bytes(), 8);
                Ok(value == 0)
            }
            Kind::Sfixed64 => {
                let value = self.integer::<i64>()?;
                self.out.put(&value.to_le_bytes(), 8);
                Ok(value == 0)
            }
            Kind::Fixed32 => {
                let value = self.integer::<u32>()?;
                self.out.put(&value.to_le_bytes(), 4);
                Ok(value == 0)
            }
            Kind::Int64 => self.integer::<i64>().map(|value| self.zero_or_varint(value as u64)),
            Kind::Uint64 => self.integer::<u64>().map(|value| self.zero_or_varint(value)),
            // Negative 32-bit numbers take ten bytes, extended to 64 bits.
            Kind::Int32 => self.integer::<i32>().map(|value| self.zero_or_varint(i64::from(value) as u64)),
            Kind::Uint32 => self.integer::<u32>().map(|value| self.zero_or_varint(value.into())),
            Kind::Sint32 => {
                let value = self.integer::<i32>()?;
                Ok(self.zero_or_varint(((value << 1) ^ (value >> 31)) as u32 as u64))
            }
            Kind::Enum(values) => {
                self.enumeration(values).map(|value| self.zero_or_varint(i64::from(value) as u64))
            }
            Kind::Bool => self.lexer.bool().map(|value| self.zero_or_varint(value.into())),
            // What has a length is read elsewhere.
            Kind::String | Kind::Bytes | Kind::Id | Kind::Message(_) => Err(self.lexer.expected("a number")),
        }
    }

    fn zero_or_varint(&mut self, value: u64) -> bool {
        self.out.varint(value);
        value == 0
    }

    /// A number or a string that holds one; any form, as long as the value is integral and in range.
    fn integer<T: Bounded>(&mut self) -> Read<T> {
        let quoted = self.lexer.peek()? == b'"';
        let offset = self.lexer.offset();
        if let Some((negative, magnitude)) = self.lexer.quick_integer() {
            let value = if negative { -i128::from(magnitude) } else { i128::from(magnitude) };
            let shown = |_| out_of_range::<T>(offset, &value.to_string());
            return T::try_from(value).map_err(shown);
        }
        let text = if quoted { self.lexer.string()? } else { self.lexer.number()?.into() };
        let value = if !quoted || number::is_number(&text) { number::integer(&text) } else { None };
        value.and_then(|value| T::try_from(value).ok()).ok_or_else(|| out_of_range::<T>(offset, &text))
    }

    fn double(&mut self) -> Read<f64> {
        let quoted = self.lexer.peek()? == b'"';
        let offset = self.lexer.offset();
        let text = if quoted { self.lexer.string()? } else { self.lexer.number()?.into() };
        match &*text {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            _ if quoted && !number::is_number(&text) => {
                let message = format!(
                    "expected a number, \"NaN\", \"Infinity\" or \"-Infinity\", found {}",
                    shown(&text)
                );
                Err(Fault::new(JsonErrorKind::Value, offset, message))
            }
            _ => number::double(&text).ok_or_else(|| {
                let message = format!("{} is beyond the range of a double", shown(&text));
                Fault::new(JsonErrorKind::Value, offset, message)
            }),
        }
    }

    /// An integer, or the name that the `.proto` file gives it.
    fn enumeration(&mut self, values: &'static Enum) -> Read<i32> {
        if self.lexer.peek()? != b'"' {
            return self.integer();
        }
        let offset = self.lexer.offset();
        let text = self.lexer.string()?;
        if let Some((_, value)) = values.0.iter().find(|(name, _)| *name == text) {
            return Ok(*value);
        }
        let value = if number::is_number(&text) { number::integer(&text) } else { None };
        value.and_then(|value| value.try_into().ok()).ok_or_else(|| {
            let first = values.0.first().map_or("", |(name, _)| name);
            let message = format!("{} is no value of this enum, which starts with {first}", shown(&text));
            Fault::new(JsonErrorKind::Value, offset, message)
        })
    }

    /// Appends what an id or a bytes field holds, without its length.
    pub(super) fn bytes(&mut self, field: &'static Field) -> Read<()> {
        self.lexer.peek()?;
        let offset = self.lexer.offset();
        let start = self.out.len();
        let hex = matches!(field.kind, Kind::Id);
        if hex && let Some(count) = self.lexer.quick_id(self.out.piece()) {
            self.out.advance(count);
            return self.id_length(field, start, offset);
        }
        let text = self.lexer.string()?;
        if hex && self.hex(&text) {
            return self.id_length(field, start, offset);
        }
        // By the letter of the specification only trace and span ids are hex, so a profile id may come in base64; 16 bytes
        // are 32 digits or 24 characters that end in ==, never both.
        if (!hex || field.name == "profile_id") && self.base64(&text) {
            return self.id_length(field, start, offset);
        }
        let expected = match (hex, field.name) {
            (true, "profile_id") => "hex or base64",
            (true, _) => "hex, two digits for each byte",
            _ => "base64",
        };
        Err(Fault::new(JsonErrorKind::Value, offset, format!("expected {expected}, found {}", shown(&text))))
    }

    /// Checks the length of an id that was appended from `start` on, where the limits ask for it; other bytes have any length.
    fn id_length(&self, field: &'static Field, start: usize, offset: usize) -> Read<()> {
        let (expected, found) = (field.id_len, self.out.len() - start);
        if !self.limits.strict_ids() || expected == 0 || found == 0 || found == usize::from(expected) {
            return Ok(());
        }
        let message = format!("the id has {found} bytes, not {expected} or none");
        Err(Fault::new(JsonErrorKind::Value, offset, message))
    }

    fn hex(&mut self, text: &str) -> bool {
        // The decoder skips a `0x` in front, and then the bytes are too few.
        let start = self.out.len();
        let valid = const_hex::decode_to_slice(text, self.out.fill(text.len() / 2)).is_ok();
        if !valid {
            self.out.truncate(start);
        }
        valid
    }

    fn base64(&mut self, text: &str) -> bool {
        let start = self.out.len();
        let engine = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
        let decoded = engine.decode_slice(text, self.out.fill(base64::decoded_len_estimate(text.len())));
        self.out.truncate(start + decoded.as_ref().map_or(0, |count| *count));
        decoded.is_ok()
    }
}

/// Integer types of fields.
trait Bounded: TryFrom<i128> {
    const RANGE: &str;
}

impl Bounded for i32 {
    const RANGE: &str = "-2147483648 to 2147483647";
}

impl Bounded for u32 {
    const RANGE: &str = "0 to 4294967295";
}

impl Bounded for i64 {
    const RANGE: &str = "-9223372036854775808 to 9223372036854775807";
}

impl Bounded for u64 {
    const RANGE: &str = "0 to 18446744073709551615";
}

#[cold]
fn out_of_range<T: Bounded>(offset: usize, text: &str) -> Box<Fault> {
    let message = format!("expected an integer from {}, found {}", T::RANGE, shown(text));
    Fault::new(JsonErrorKind::Value, offset, message)
}

/// The start of a text that was refused, quoted and without control characters.
fn shown(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}
