//! Appending keys, varints and lengths.

/// Appends `value` in as few bytes as it takes.
#[inline]
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Stores `value` in as few bytes as it takes; gives their number.
#[inline]
pub(crate) const fn put_varint_at(out: &mut [u8; 10], mut value: u64) -> usize {
    let mut count = 0;
    // Ten groups of seven bits hold any value.
    while value >= 0x80 && count < 9 {
        out[count] = value as u8 | 0x80;
        value >>= 7;
        count += 1;
    }
    out[count] = value as u8;
    count + 1
}

/// Appends `value` in exactly `width` bytes, with needless zero groups; `width` must hold it.
pub(crate) fn put_varint_padded(out: &mut Vec<u8>, mut value: u64, width: usize) {
    for _ in 1..width {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    debug_assert!(value < 0x80, "the width does not hold the value");
    out.push(value as u8);
}

/// Appends the key of a field.
#[inline]
pub(crate) fn put_key(out: &mut Vec<u8>, number: u32, wire: u8) {
    put_varint(out, u64::from(number) << 3 | u64::from(wire));
}

/// Appends a length-delimited field.
#[inline]
pub(crate) fn put_len(out: &mut Vec<u8>, number: u32, payload: &[u8]) {
    put_key(out, number, super::LEN);
    put_varint(out, payload.len() as u64);
    out.extend_from_slice(payload);
}
