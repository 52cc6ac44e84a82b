//! Numbers that look random and are the same on every run.

use std::cell::Cell;

/// A SplitMix64 sequence (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
#[derive(Debug, Clone)]
pub(super) struct Random(Cell<u64>);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    /// The next 64 bits.
    pub(super) fn bits(&self) -> u64 {
        let mut z = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(z);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `limit` - 1; 0 where there is nothing to choose from.
    pub(super) fn below(&self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.bits() % limit }
    }

    /// Whether something with a chance of `percent` in a hundred happens.
    pub(super) fn chance(&self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of the items.
    pub(super) fn pick<T: Copy>(&self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }

    /// Nanoseconds around `usual` microseconds: half to one and a half of it, sometimes several times as long.
    pub(super) fn latency(&self, usual: u64) -> u64 {
        let nanos = usual * 1_000;
        let spread = nanos / 2 + self.below(nanos);
        if self.chance(4) { spread + self.below(6 * nanos) } else { spread }
    }

    /// Bytes of an id, never all zero.
    pub(super) fn id<const N: usize>(&self) -> [u8; N] {
        let mut id = [0; N];
        for chunk in id.chunks_mut(8) {
            chunk.copy_from_slice(&self.bits().to_be_bytes()[..chunk.len()]);
        }
        id[0] |= 1;
        id
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn is_the_same_on_every_run() {
        let random = Random::new(7);
        let first: Vec<u64> = (0..3).map(|_| random.below(1_000)).collect();
        let again = Random::new(7);
        assert_eq!(first, (0..3).map(|_| again.below(1_000)).collect::<Vec<_>>());
        assert_ne!(random.bits(), random.bits());
        let id: [u8; 16] = random.id();
        assert_ne!(id[..8], id[8..]);
    }

    #[test]
    fn latencies_lie_around_the_usual() {
        let random = Random::new(1);
        let mut all: Vec<u64> = (0..1_000).map(|_| random.latency(1_000)).collect();
        all.sort_unstable();
        assert!(all[0] >= 500_000 && all[999] < 7_500_000);
        assert!((800_000..1_200_000).contains(&all[500]), "{}", all[500]);
    }
}
