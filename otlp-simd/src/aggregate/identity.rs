//! Numbers for things that are equal byte by byte.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use otlp_core::value::{Attributes, ResourceView, ScopeView};

/// A map from encoded identities.
pub(super) type ByIdentity<V> = HashMap<Box<[u8]>, V, Seeded>;

/// Makes hashers that multiply and fold: fast on keys of some hundred bytes. Seeded once for each map, so that nobody
/// outside can choose keys that collide.
#[derive(Clone)]
pub(super) struct Seeded([u64; 2]);

impl Default for Seeded {
    fn default() -> Self {
        let random = RandomState::new();
        Self([random.hash_one(1), random.hash_one(2)])
    }
}

impl BuildHasher for Seeded {
    type Hasher = Folding;

    fn build_hasher(&self) -> Folding {
        Folding { state: self.0[0], secret: self.0[1] | 1 }
    }
}

pub(super) struct Folding {
    state: u64,
    secret: u64,
}

impl Folding {
    fn fold(&mut self, a: u64, b: u64) {
        let product = u128::from(a ^ self.secret) * u128::from(b ^ self.state);
        self.state = (product as u64 ^ (product >> 64) as u64).wrapping_add(self.secret);
    }
}

impl Hasher for Folding {
    fn write(&mut self, bytes: &[u8]) {
        let (pairs, rest) = bytes.as_chunks::<16>();
        for pair in pairs {
            let pair = u128::from_le_bytes(*pair);
            self.fold(pair as u64, (pair >> 64) as u64);
        }
        let mut last = [0; 16];
        last[..rest.len()].copy_from_slice(rest);
        let last = u128::from_le_bytes(last);
        self.fold(last as u64, (last >> 64) as u64);
    }

    fn write_usize(&mut self, value: usize) {
        self.fold(value as u64, 0);
    }

    fn finish(&self) -> u64 {
        self.state
    }
}

/// An identity in the making: parts with their lengths, so that no two lists of parts give the same bytes.
#[derive(Default)]
pub(super) struct Identity(Vec<u8>);

impl Identity {
    /// Starts with nothing.
    pub(super) fn clear(&mut self) -> &mut Self {
        self.0.clear();
        self
    }

    /// Goes back to what it was when it was this long.
    pub(super) fn truncate(&mut self, length: usize) -> &mut Self {
        self.0.truncate(length);
        self
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn number(&mut self, number: u32) -> &mut Self {
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    pub(super) fn part(&mut self, part: &[u8]) -> &mut Self {
        self.0.reserve(part.len() + 8);
        self.0.extend_from_slice(&(part.len() as u64).to_le_bytes());
        self.0.extend_from_slice(part);
        self
    }

    pub(super) fn resource(&mut self, resource: Option<ResourceView<'_>>, schema_url: &str) -> &mut Self {
        self.part(resource.map_or(&[], |resource| resource.encoded())).part(schema_url.as_bytes())
    }

    pub(super) fn scope(&mut self, scope: Option<ScopeView<'_>>, schema_url: &str) -> &mut Self {
        self.part(scope.map_or(&[], |scope| scope.encoded())).part(schema_url.as_bytes())
    }

    pub(super) fn attributes(&mut self, attributes: Attributes<'_>) -> &mut Self {
        for attribute in attributes {
            self.part(attribute.encoded());
        }
        self
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Gives equal identities equal numbers, from 0 on.
#[derive(Default)]
pub(super) struct Numbering {
    known: ByIdentity<u32>,
}

impl Numbering {
    /// The identity's number, and whether it is new.
    pub(super) fn number(&mut self, identity: &Identity) -> (u32, bool) {
        if let Some(number) = self.known.get(identity.as_bytes()) {
            return (*number, false);
        }
        let number = self.known.len() as u32;
        self.known.insert(identity.as_bytes().into(), number);
        (number, true)
    }
}
