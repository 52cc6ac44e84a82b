//! Putting fields together again, on the decoder's side.

use super::token::{Op, Token};
use crate::tracezip::varint::put_varint;

/// Bytes of a varint.
const fn width(value: usize) -> usize {
    ((value as u64 | 1).ilog2() as usize * 9 + 73) / 64
}

/// Leaves room for a length of `guess` bytes; gives where it stands.
pub(crate) fn open(out: &mut Vec<u8>, guess: usize) -> usize {
    let at = out.len();
    out.resize(at + guess, 0);
    at
}

/// Writes the length of everything behind the room that [`open`] left at `at`.
pub(crate) fn close(out: &mut Vec<u8>, at: usize, guess: usize) {
    let length = out.len() - at - guess;
    let needed = width(length);
    if needed > guess {
        let end = out.len();
        out.resize(end + needed - guess, 0);
        out.copy_within(at + guess..end, at + needed);
    } else if needed < guess {
        out.copy_within(at + guess.., at + needed);
        out.truncate(at + needed + length);
    }
    let mut left = length;
    for byte in &mut out[at..at + needed - 1] {
        *byte = left as u8 | 0x80;
        left >>= 7;
    }
    out[at + needed - 1] = left as u8;
}

/// Appends the field of a value: `literal` are the bytes of text and blobs, `number` is all others.
pub(crate) fn put_field(token: Token, key: &[u8], literal: &[u8], number: u64, out: &mut Vec<u8>) {
    if token.op == Op::Whole {
        out.extend_from_slice(literal);
        return;
    }
    put_varint(out, u64::from(token.key));
    match token.op {
        Op::Varint => put_varint(out, number),
        Op::Fixed64 => out.extend_from_slice(&number.to_le_bytes()),
        Op::Fixed32 => out.extend_from_slice(&(number as u32).to_le_bytes()),
        Op::Text | Op::Blob | Op::Raw => {
            put_varint(out, literal.len() as u64);
            out.extend_from_slice(literal);
        }
        _ => {
            let mut small = [0; 11];
            let value: (&[u8], &[u8]) = match token.op {
                Op::AttrText => {
                    small[0] = 0x0a;
                    let length = put_at(&mut small, literal.len() as u64);
                    (&small[..length], literal)
                }
                Op::AttrBool | Op::AttrInt => {
                    small[0] = if token.op == Op::AttrBool { 0x10 } else { 0x18 };
                    let length = put_at(&mut small, number);
                    (&small[..length], &[])
                }
                Op::AttrDouble => {
                    small[0] = 0x21;
                    small[1..9].copy_from_slice(&number.to_le_bytes());
                    (&small[..9], &[])
                }
                _ => (&[], literal),
            };
            let length = value.0.len() + value.1.len();
            let whole = 1 + width(key.len()) + key.len() + 1 + width(length) + length;
            put_varint(out, whole as u64);
            out.push(0x0a);
            put_varint(out, key.len() as u64);
            out.extend_from_slice(key);
            out.push(0x12);
            put_varint(out, length as u64);
            out.extend_from_slice(value.0);
            out.extend_from_slice(value.1);
        }
    }
}

/// Writes a varint behind the first byte; gives where it ends.
fn put_at(small: &mut [u8; 11], mut value: u64) -> usize {
    let mut at = 1;
    while value >= 0x80 {
        small[at] = value as u8 | 0x80;
        value >>= 7;
        at += 1;
    }
    small[at] = value as u8;
    at + 1
}
