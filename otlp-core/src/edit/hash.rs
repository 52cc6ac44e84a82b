//! Values that tell nothing but whether they are equal.

use std::borrow::Cow;

use prost::Message as _;
use sha2::{Digest as _, Sha256};

use crate::proto::common::v1::AnyValue;
use crate::value::ValueView;
use crate::view::View as _;

/// Hexadecimal digits of a hash.
pub(super) const DIGITS: usize = 64;

/// What of a value is hashed; `value` is the payload of an `AnyValue`.
pub(super) fn value_bytes<'a>(value: &'a [u8], strings: &[&'a str]) -> Cow<'a, [u8]> {
    match ValueView::scan(value) {
        ValueView::Str(text) => return text.as_bytes().into(),
        ValueView::Bytes(bytes) => return bytes.into(),
        ValueView::StrIndex(index) => {
            if let Some(text) = usize::try_from(index).ok().and_then(|index| strings.get(index)) {
                return text.as_bytes().into();
            }
        }
        _ => {}
    }
    // Equal values may be encoded differently: these are rare enough to be decoded.
    AnyValue::decode(value).map_or_else(|_| value.into(), |value| value.encode_to_vec().into())
}

pub(super) fn digits(salt: &[u8], value: &[u8]) -> [u8; DIGITS] {
    let hash =
        Sha256::new().chain_update((salt.len() as u64).to_le_bytes()).chain_update(salt).chain_update(value);
    let mut digits = [0; DIGITS];
    // The output is exactly twice the input, the only thing that can go wrong here.
    let _ = const_hex::encode_to_slice(hash.finalize(), &mut digits);
    digits
}
