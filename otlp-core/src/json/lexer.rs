//! A pull parser over JSON text (RFC 8259): the caller says what it expects next.

use std::borrow::Cow;

use super::error::{Fault, JsonErrorKind, Read};
use super::room::Room;
use super::{escape, number};
use crate::wire::special;

/// Most levels of arrays and objects in a value that is skipped.
const MAX_SKIPPED_DEPTH: u32 = 100;

/// Reads a text from front to back.
#[derive(Clone)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    pub(super) at: usize,
}

impl<'a> Lexer<'a> {
    /// Starts at the first value; a byte order mark in front of it is skipped.
    pub(crate) fn new(bytes: &'a [u8]) -> Read<Self> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self { text, at: if text.starts_with('\u{feff}') { 3 } else { 0 } }),
            Err(error) => Err(Fault::new(JsonErrorKind::Syntax, error.valid_up_to(), "not UTF-8")),
        }
    }

    /// Bytes read so far.
    pub(crate) const fn offset(&self) -> usize {
        self.at
    }

    /// The whole text.
    #[inline(always)]
    pub(super) const fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    /// The next byte that is not white space, not yet taken.
    #[inline]
    pub(crate) fn peek(&mut self) -> Read<u8> {
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                Some(byte) => return Ok(*byte),
                None => return Err(self.syntax("the text ends too early")),
            }
        }
    }

    /// Nothing but white space may be left.
    pub(crate) fn finish(&mut self) -> Read<()> {
        let rest = &self.text[self.at..];
        let blank = rest.len() - rest.trim_start_matches([' ', '\n', '\t', '\r']).len();
        self.at += blank;
        if blank == rest.len() { Ok(()) } else { Err(self.syntax("expected the end of the text")) }
    }

    /// Takes the opening brace of an object.
    pub(crate) fn open_object(&mut self) -> Read<()> {
        if self.peek()? == b'{' { self.take() } else { Err(self.expected("an object")) }
    }

    /// Takes the opening bracket of an array.
    pub(crate) fn open_array(&mut self) -> Read<()> {
        if self.peek()? == b'[' { self.take() } else { Err(self.expected("an array")) }
    }

    /// The next key of an object and its colon, or the closing brace.
    pub(crate) fn key(&mut self, first: &mut bool) -> Read<Option<Cow<'a, str>>> {
        if !self.goes_on(b'}', first)? {
            return Ok(None);
        }
        if self.peek()? != b'"' {
            return Err(self.syntax("expected a key in quotes"));
        }
        let key = self.string()?;
        if self.peek()? != b':' {
            return Err(self.syntax("expected ':' after the key"));
        }
        self.at += 1;
        Ok(Some(key))
    }

    /// Whether another element of an array follows; if not, takes the closing bracket.
    #[inline]
    pub(crate) fn element(&mut self, first: &mut bool) -> Read<bool> {
        self.goes_on(b']', first)
    }

    #[inline]
    fn goes_on(&mut self, close: u8, first: &mut bool) -> Read<bool> {
        let next = self.peek()?;
        if next == close {
            self.at += 1;
            return Ok(false);
        }
        if std::mem::replace(first, false) {
            return Ok(true);
        }
        if next != b',' {
            return Err(self.syntax(if close == b'}' {
                "expected ',' or '}'"
            } else {
                "expected ',' or ']'"
            }));
        }
        self.at += 1;
        if self.peek()? == close {
            return Err(self.syntax("a comma before the end"));
        }
        Ok(true)
    }

    /// Takes `null` if it is next.
    #[inline]
    pub(crate) fn null(&mut self) -> Read<bool> {
        if self.peek()? != b'n' {
            return Ok(false);
        }
        self.literal("null").map(|()| true)
    }

    /// Takes `true` or `false`.
    pub(crate) fn bool(&mut self) -> Read<bool> {
        match self.peek()? {
            b't' => self.literal("true").map(|()| true),
            b'f' => self.literal("false").map(|()| false),
            _ => Err(self.expected("true or false")),
        }
    }

    fn literal(&mut self, word: &str) -> Read<()> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.syntax(format!("expected {word}")));
        }
        self.at += word.len();
        Ok(())
    }

    /// Takes a number; gives its text, which obeys the grammar.
    pub(crate) fn number(&mut self) -> Read<&'a str> {
        if !matches!(self.peek()?, b'-' | b'0'..=b'9') {
            return Err(self.expected("a number"));
        }
        match number::scan(&self.text.as_bytes()[self.at..]) {
            Some(length) => {
                let text = &self.text[self.at..self.at + length];
                self.at += length;
                Ok(text)
            }
            None => Err(self.syntax("not a number")),
        }
    }

    /// Takes a string; borrowed unless it holds an escape.
    pub(crate) fn string(&mut self) -> Read<Cow<'a, str>> {
        let run = self.open_string()?;
        if self.close_quote() {
            return Ok(Cow::Borrowed(run));
        }
        let mut text = run.to_owned();
        self.escaped(|part| text.push_str(part))?;
        Ok(Cow::Owned(text))
    }

    /// Takes a string and appends its text.
    #[inline]
    pub(super) fn string_into(&mut self, out: &mut Room<'_>) -> Read<()> {
        if self.peek()? != b'"' {
            return Err(self.expected("a string"));
        }
        self.at += 1;
        while let Some(block) = self.bytes()[self.at..].first_chunk::<32>() {
            let clean = special(block).trailing_zeros() as usize;
            out.put(block, clean);
            self.at += clean;
            if clean < 32 {
                break;
            }
        }
        if self.close_quote() {
            return Ok(());
        }
        // An escape, or too near to the end of the text for a block.
        out.extend(self.run().as_bytes());
        self.escaped(|part| out.extend(part.as_bytes()))
    }

    #[inline]
    fn open_string(&mut self) -> Read<&'a str> {
        if self.peek()? != b'"' {
            return Err(self.expected("a string"));
        }
        self.at += 1;
        Ok(self.run())
    }

    /// The text up to the next quote, backslash or control character.
    #[inline]
    fn run(&mut self) -> &'a str {
        let start = self.at;
        self.at += escape::clean_prefix(&self.text.as_bytes()[start..]);
        &self.text[start..self.at]
    }

    #[inline]
    fn close_quote(&mut self) -> bool {
        let closes = self.text.as_bytes().get(self.at) == Some(&b'"');
        self.at += usize::from(closes);
        closes
    }

    /// The rest of a string, from its first escape to its closing quote.
    #[cold]
    fn escaped(&mut self, mut take: impl FnMut(&str)) -> Read<()> {
        while !self.close_quote() {
            match self.text.as_bytes().get(self.at) {
                Some(b'\\') => take(self.escape()?.encode_utf8(&mut [0; 4])),
                Some(byte) => {
                    let message =
                        format!("control character U+{byte:04X} in a string: write it as an escape");
                    return Err(self.syntax(message));
                }
                None => return Err(self.syntax("the text ends inside a string")),
            }
            take(self.run());
        }
        Ok(())
    }

    fn escape(&mut self) -> Read<char> {
        let start = self.at;
        self.at += 2;
        Ok(match self.text.as_bytes().get(start + 1) {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let high = self.hex4(start)?;
                if let Some(character) = char::from_u32(high) {
                    return Ok(character);
                }
                let pair = high < 0xdc00 && self.text.as_bytes()[self.at..].starts_with(b"\\u");
                self.at += 2 * usize::from(pair);
                let low = if pair { self.hex4(start)? } else { 0 };
                if !(0xdc00..0xe000).contains(&low) {
                    self.at = start;
                    return Err(self.syntax(format!("\\u{high:04x} is half of a surrogate pair")));
                }
                char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))
                    .unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => {
                self.at = start;
                return Err(self.syntax("unknown escape in a string"));
            }
        })
    }

    /// Four hex digits; the error points at `start`, where the escape begins.
    fn hex4(&mut self, start: usize) -> Read<u32> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).unwrap_or_default();
        let mut value = 0;
        for digit in digits {
            match char::from(*digit).to_digit(16) {
                Some(digit) => value = value << 4 | digit,
                None => {
                    self.at = start;
                    return Err(self.syntax("\\u needs four hex digits"));
                }
            }
        }
        if digits.len() < 4 {
            self.at = start;
            return Err(self.syntax("\\u needs four hex digits"));
        }
        self.at += 4;
        Ok(value)
    }

    /// Takes any value and forgets it; without recursion, at most 100 levels deep.
    pub(crate) fn skip(&mut self) -> Read<()> {
        // One bit a level: whether it is an object.
        let (mut objects, mut depth) = (0_u128, 0);
        loop {
            let next = self.peek()?;
            let mut first = matches!(next, b'{' | b'[');
            if first {
                if depth == MAX_SKIPPED_DEPTH {
                    let message = format!("an unknown field nests deeper than {MAX_SKIPPED_DEPTH} levels");
                    return Err(Fault::new(JsonErrorKind::TooDeep, self.at, message));
                }
                self.at += 1;
                depth += 1;
                objects = objects << 1 | u128::from(next == b'{');
            } else {
                self.skip_scalar(next)?;
            }
            loop {
                if depth == 0 {
                    return Ok(());
                }
                let more = if objects & 1 == 1 {
                    self.key(&mut first)?.is_some()
                } else {
                    self.element(&mut first)?
                };
                if more {
                    break;
                }
                objects >>= 1;
                depth -= 1;
                first = false;
            }
        }
    }

    fn skip_scalar(&mut self, next: u8) -> Read<()> {
        match next {
            b'"' => {
                self.open_string()?;
                if self.close_quote() { Ok(()) } else { self.escaped(|_| {}) }
            }
            b't' | b'f' => self.bool().map(|_| ()),
            b'n' => self.null().map(|_| ()),
            b'-' | b'0'..=b'9' => self.number().map(|_| ()),
            _ => Err(self.syntax("expected a value")),
        }
    }

    fn take(&mut self) -> Read<()> {
        self.at += 1;
        Ok(())
    }

    /// A fault of the grammar at this place.
    #[cold]
    pub(crate) fn syntax(&self, message: impl Into<String>) -> Box<Fault> {
        Fault::new(JsonErrorKind::Syntax, self.at, message)
    }

    /// A value of another type than the field's; a fault of the grammar when no value stands here.
    #[cold]
    pub(crate) fn expected(&self, what: &str) -> Box<Fault> {
        let found = match self.text.as_bytes().get(self.at) {
            Some(b'"') => "a string",
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            Some(b'-' | b'0'..=b'9') => "a number",
            _ => return self.syntax(format!("expected {what}")),
        };
        Fault::new(JsonErrorKind::Value, self.at, format!("expected {what}, found {found}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skip_all(text: &str) -> Result<(), String> {
        let skip = |bytes| {
            let mut lexer = Lexer::new(bytes)?;
            lexer.skip()?;
            lexer.finish()
        };
        skip(text.as_bytes()).map_err(|fault| fault.locate(text.as_bytes()).to_string())
    }

    #[test]
    fn takes_what_serde_json_takes() {
        for text in [
            "{}",
            "[]",
            " [ ] ",
            "{\"a\":[1,{\"b\":null}],\"c\":\"\\u00e9\"}",
            "\"\\ud83d\\ude00\"",
            "-0.5e+3",
            "[[],{},[{}]]",
            "true",
            "",
            "[",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "[1 2]",
            "{\"a\":1 \"b\":2}",
            "nul",
            "nulll",
            "+1",
            "01",
            "1.",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\udc00\"",
            "\"a\nb\"",
            "\"abc",
            "[1]]",
            "{}{}",
            "[}",
            "{]",
            ",",
            "[,1]",
            "\"\\",
            "\"\\u00",
            "-",
            "tru",
            "\u{a0}1",
        ] {
            let expected = serde_json::from_str::<serde_json::Value>(text).is_ok();
            assert_eq!(skip_all(text).is_ok(), expected, "{text}: {:?}", skip_all(text));
        }
    }

    #[test]
    fn strings() {
        let text = "\"a\\u00e9\\ud83d\\ude00\\/\\b\"";
        assert_eq!(Lexer::new(text.as_bytes()).unwrap().string().unwrap(), "aé😀/\u{8}");
        let plain = Lexer::new(b"\xef\xbb\xbf \"plain\"").unwrap().string().unwrap();
        assert!(matches!(plain, Cow::Borrowed("plain")));
        let mut out = b"-".to_vec();
        let mut room = Room::new(&mut out);
        Lexer::new(text.as_bytes()).unwrap().string_into(&mut room).unwrap();
        room.finish();
        assert_eq!(out, "-aé😀/\u{8}".as_bytes());
    }

    #[test]
    fn depth_of_skipped_values() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert_eq!(skip_all(&nested(100)), Ok(()));
        assert!(skip_all(&nested(101)).unwrap_err().contains("deeper than 100"));
        assert!(skip_all(&"{\"a\":".repeat(1_000_000)).unwrap_err().contains("deeper than 100"));
    }

    #[test]
    fn places() {
        assert_eq!(skip_all("[\"é\",\n 1, x]"), Err("line 2, column 5: expected a value".into()));
        assert_eq!(skip_all("\"é\" 1"), Err("line 1, column 5: expected the end of the text".into()));
        assert!(Lexer::new(b"\"\xff\"").is_err());
    }
}
