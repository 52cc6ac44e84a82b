//! Base-128 varints, as `https://protobuf.dev/programming-guides/encoding/` defines them.

/// Reads the varint at `at`; gives the value and where it ends.
///
/// Takes what prost takes: up to ten bytes, the tenth at most 1, needless zero groups allowed. `None` when the bytes end
/// first or the value does not fit 64 bits.
#[inline]
pub(crate) fn read_varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let first = *bytes.get(at)?;
    if first < 0x80 {
        return Some((u64::from(first), at + 1));
    }
    let second = *bytes.get(at + 1)?;
    if second < 0x80 {
        return Some((u64::from(first & 0x7f) | u64::from(second) << 7, at + 2));
    }
    read_long(bytes, at)
}

fn read_long(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for (index, byte) in bytes.get(at..)?.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if *byte < 0x80 {
            // The tenth byte holds one bit.
            return (index < 9 || *byte < 2).then_some((value, at + index + 1));
        }
    }
    None
}

/// Bytes that `value` takes as a varint: 1 to 10.
#[inline]
pub(crate) const fn varint_len(value: u64) -> usize {
    ((value | 1).ilog2() as usize * 9 + 73) / 64
}

/// Undoes the zigzag of `sint32`, which takes the low 32 bits of its varint.
#[inline]
pub(crate) const fn zigzag32(value: u64) -> i32 {
    let value = value as u32;
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{put_varint, put_varint_at, put_varint_padded};

    #[test]
    fn lengths_and_values_at_every_bit() {
        for shift in 0..64 {
            for value in [1_u64 << shift, (1 << shift) - 1, u64::MAX >> shift] {
                let mut bytes = Vec::new();
                put_varint(&mut bytes, value);
                assert_eq!(bytes.len(), varint_len(value), "{value}");
                let mut stored = [0; 10];
                let count = put_varint_at(&mut stored, value);
                assert_eq!(stored[..count], bytes);
                assert_eq!(read_varint(&bytes, 0), Some((value, bytes.len())));
                assert_eq!(read_varint(&bytes[..bytes.len() - 1], 0), None);
                let mut padded = Vec::new();
                put_varint_padded(&mut padded, value, 10);
                assert_eq!(read_varint(&padded, 0), Some((value, 10)));
            }
        }
    }

    #[test]
    fn ten_bytes_hold_64_bits() {
        let mut bytes = [0xff; 10];
        bytes[9] = 1;
        assert_eq!(read_varint(&bytes, 0), Some((u64::MAX, 10)));
        bytes[9] = 2;
        assert_eq!(read_varint(&bytes, 0), None);
        assert_eq!(read_varint(&[0xff; 11], 0), None);
    }

    #[test]
    fn zigzag() {
        for (value, expected) in [(0, 0), (1, -1), (2, 1), (0xffff_fffe, i32::MAX), (0xffff_ffff, i32::MIN)] {
            assert_eq!(zigzag32(value), expected);
        }
    }
}
