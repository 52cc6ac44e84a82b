//! What a trace id decides: whether its trace is kept, and on which shard.

/// The low 56 bits of a trace id, which W3C Trace Context level 2 wants to be random.
#[inline]
pub const fn randomness(id: &[u8; 16]) -> u64 {
    (u128::from_be_bytes(*id) as u64) & 0x00ff_ffff_ffff_ffff
}

/// The shard, of `shards`, that a trace id belongs to; 0 if there are none.
///
/// Multiplies the id's [`randomness`] and drops 56 bits: no division, no hash.
#[inline]
pub const fn shard(id: &[u8; 16], shards: usize) -> usize {
    ((randomness(id) as u128 * shards as u128) >> 56) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_even_and_within_range() {
        assert_eq!(shard(&[0xff; 16], 0), 0);
        assert_eq!(shard(&[0xff; 16], 7), 6);
        assert_eq!(shard(&[0xff; 16], usize::MAX), usize::MAX - (usize::MAX >> 56) - 1);
        assert_eq!(shard(&[0; 16], 7), 0);
        let mut counts = [0; 3];
        for step in 0..3000_u64 {
            let low = step.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            counts[shard(&u128::from(low).to_be_bytes(), 3)] += 1;
        }
        assert!(counts.iter().all(|count| (950..1050).contains(count)), "{counts:?}");
    }

    #[test]
    fn the_first_nine_bytes_do_not_count() {
        let mut id = [0xff; 16];
        id[9..].fill(0);
        assert_eq!((randomness(&id), shard(&id, 1000)), (0, 0));
        id[15] = 1;
        assert_eq!(randomness(&id), 1);
    }
}
