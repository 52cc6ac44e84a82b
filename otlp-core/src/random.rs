//! Random requests straight from the schema tables, in every encoding that protobuf allows.

use crate::Signal;
use crate::schema::{Field, Kind, Message, request};
use crate::wire::{
    FIXED32, FIXED64, GROUP, GROUP_END, LEN, VARINT, put_key, put_varint, put_varint_padded, varint_len,
};

/// Seeded source of requests.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A valid request of about `size` fields.
    pub(crate) fn request(&mut self, signal: Signal, size: usize) -> Vec<u8> {
        let mut left = size;
        let mut out = Vec::new();
        // A second and third round repeat what the first may have written: groups, and the profiles' dictionary.
        for _ in 0..self.below(3) + 1 {
            out.extend(self.message(request(signal), 0, &mut left));
        }
        out
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    /// Fields in random order, some repeated that should not be, some unknown.
    fn message(&mut self, message: &'static Message, depth: usize, left: &mut usize) -> Vec<u8> {
        let mut out = Vec::new();
        let rounds = if depth < 3 { 2 + self.below(4) } else { self.below(2 * message.fields.len() + 1) };
        for _ in 0..rounds {
            if *left == 0 {
                break;
            }
            *left -= 1;
            if self.chance(12) {
                self.unknown(message, &mut out, 0);
                continue;
            }
            // The upper levels mostly lead down to items.
            let field = if depth < 3 && !self.chance(4) {
                message.fields.iter().find(|field| field.repeated && matches!(field.kind, Kind::Message(_)))
            } else {
                None
            };
            let index = self.below(message.fields.len());
            self.field(field.unwrap_or(&message.fields[index]), depth, left, &mut out);
        }
        out
    }

    fn field(&mut self, field: &'static Field, depth: usize, left: &mut usize, out: &mut Vec<u8>) {
        if let Kind::Message(inner) = field.kind {
            if depth < 40 {
                let payload = self.message(inner, depth + 1, left);
                self.put_len(field.number, &payload, out);
            }
            return;
        }
        if field.packable() && !self.chance(4) {
            let mut payload = Vec::new();
            for _ in 0..self.below(5) {
                self.scalar(field.kind, &mut payload);
            }
            return self.put_len(field.number, &payload, out);
        }
        match field.kind {
            Kind::String => {
                let text = [
                    "",
                    "a",
                    "http.route",
                    "GET /\u{e9}\u{1f600}",
                    "tab\tnew\nline \"quoted\" \\ \u{7f}\u{1}",
                    "k",
                ];
                let text = text[self.below(text.len())];
                self.put_len(field.number, text.as_bytes(), out);
            }
            Kind::Bytes | Kind::Id => {
                let length = [0, 1, 8, 16, 16, 8, 5, 33][self.below(8)];
                let bytes: Vec<u8> = (0..length).map(|_| self.next() as u8).collect();
                self.put_len(field.number, &bytes, out);
            }
            kind => {
                self.put_key(field.number, kind.wire(), out);
                self.scalar(kind, out);
            }
        }
    }

    fn scalar(&mut self, kind: Kind, out: &mut Vec<u8>) {
        let bits = match self.below(6) {
            0 => 0,
            1 => 1,
            2 => self.next(),
            3 => u64::MAX,
            4 => self.next() >> 40,
            _ => f64::to_bits(
                [0.5, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, 5e-324][self.below(7)],
            ),
        };
        match kind.wire() {
            VARINT => self.put_varint(bits, out),
            FIXED64 => out.extend_from_slice(&bits.to_le_bytes()),
            _ => out.extend_from_slice(&(bits as u32).to_le_bytes()),
        }
    }

    /// A field that the message does not have.
    fn unknown(&mut self, message: &'static Message, out: &mut Vec<u8>, depth: usize) {
        let number = [200, 1000, 17, 4_000_000][self.below(4)];
        if message.field(number).is_some() {
            return;
        }
        let wire = [VARINT, FIXED64, FIXED32, LEN, GROUP][self.below(if depth < 3 { 5 } else { 4 })];
        self.put_key(number, wire, out);
        match wire {
            VARINT => {
                let value = self.next();
                self.put_varint(value, out);
            }
            FIXED64 => out.extend_from_slice(&[7; 8]),
            FIXED32 => out.extend_from_slice(&[7; 4]),
            LEN => out.extend_from_slice(b"\x03\xff\x00\xfe"),
            _ => {
                for _ in 0..self.below(3) {
                    self.unknown(message, out, depth + 1);
                }
                self.put_key(number, GROUP_END, out);
            }
        }
    }

    fn put_key(&mut self, number: u32, wire: u8, out: &mut Vec<u8>) {
        if self.chance(20) {
            let key = u64::from(number) << 3 | u64::from(wire);
            let width = varint_len(key) + 1 + self.below(3);
            put_varint_padded(out, key, width);
        } else {
            put_key(out, number, wire);
        }
    }

    fn put_varint(&mut self, value: u64, out: &mut Vec<u8>) {
        let least = varint_len(value);
        if least < 10 && self.chance(8) {
            let width = least + 1 + self.below(10 - least);
            put_varint_padded(out, value, width);
        } else {
            put_varint(out, value);
        }
    }

    fn put_len(&mut self, number: u32, payload: &[u8], out: &mut Vec<u8>) {
        self.put_key(number, LEN, out);
        self.put_varint(payload.len() as u64, out);
        out.extend_from_slice(payload);
    }
}
