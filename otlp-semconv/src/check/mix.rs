//! Fingerprints: short numbers for everything that the rules look at in an item.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

/// Hashes texts with a key of this process, so that nobody can make two of one hash on purpose.
#[derive(Debug, Clone, Default)]
pub(super) struct Keyed(RandomState);

impl Keyed {
    #[inline]
    pub(super) fn text(&self, text: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write(text);
        hasher.finish()
    }
}

/// A fingerprint being made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mix(u64);

impl Mix {
    /// Starts from another fingerprint.
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Takes one more number in.
    #[inline]
    pub(super) fn add(&mut self, number: u64) {
        let product =
            u128::from(self.0 ^ number) * 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835_u128 as u64 as u128;
        self.0 = (product as u64) ^ ((product >> 64) as u64).rotate_left(23) ^ 0x2545_f491_4f6c_dd1d;
    }

    pub(super) const fn get(self) -> u64 {
        self.0
    }
}

/// The hasher of maps whose keys are fingerprints already.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// A map by fingerprint.
pub(super) type ByPrint<T> = std::collections::HashMap<u64, T, std::hash::BuildHasherDefault<AsIs>>;
