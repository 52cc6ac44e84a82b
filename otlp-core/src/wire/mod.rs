//! Protobuf's wire format: varints, keys, a scanner over checked bytes, an appender.

mod hex;
mod near;
mod put;
mod scan;
mod special;
mod varint;

pub(crate) use hex::hex;
pub(crate) use near::{bring, bring_all, bring_list};
pub(crate) use put::{put_key, put_len, put_varint, put_varint_at, put_varint_padded};
pub(crate) use scan::{Value, behind, delimited, fields, one_byte_key, text, two_byte_key, value_at};
pub(crate) use special::special;
pub(crate) use varint::{read_varint, varint_len, zigzag32};

/// Wire type of varints.
pub(crate) const VARINT: u8 = 0;
/// Wire type of eight little-endian bytes.
pub(crate) const FIXED64: u8 = 1;
/// Wire type of a length and as many bytes.
pub(crate) const LEN: u8 = 2;
/// Wire type that opens a group; OTLP has none, unknown fields may.
pub(crate) const GROUP: u8 = 3;
/// Wire type that closes a group.
pub(crate) const GROUP_END: u8 = 4;
/// Wire type of four little-endian bytes.
pub(crate) const FIXED32: u8 = 5;
