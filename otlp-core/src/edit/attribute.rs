//! The attributes of one message while they change.

use super::{Action, key_of, put_pair};
use crate::wire::{fields, put_len};

/// The changes for one place, in order.
pub(super) struct Changes<'a> {
    list: Vec<&'a Action>,
    /// Lengths of the keys that are looked for: one bit each, the last for all that are longer.
    lengths: u64,
}

/// One attribute.
pub(super) struct Entry<'a> {
    /// Where its field stands, and its payload; nothing for a new one.
    source: Option<((usize, usize), &'a [u8])>,
    key: &'a str,
    /// Whether the key is not the one in the source.
    renamed: bool,
    body: Body<'a>,
}

/// What stands behind the key.
enum Body<'a> {
    /// What stood there.
    Kept,
    /// Payload of the `AnyValue`.
    Value(&'a [u8]),
    #[cfg(feature = "hash")]
    Hash([u8; super::hash::DIGITS]),
    /// The attribute goes.
    Gone,
}

const fn length_bit(key: &str) -> u64 {
    1 << if key.len() < 63 { key.len() } else { 63 }
}

impl Action {
    /// The key that it changes.
    fn key(&self) -> &str {
        match self {
            Self::Set { key, .. } | Self::Delete { key } | Self::Rename { from: key, .. } => key,
            #[cfg(feature = "hash")]
            Self::Hash { key, .. } => key,
        }
    }
}

impl<'a> Changes<'a> {
    pub(super) fn new(actions: impl Iterator<Item = &'a Action>) -> Self {
        let list: Vec<&Action> = actions.collect();
        let lengths = list.iter().fold(0, |bits, action| bits | length_bit(action.key()));
        Self { list, lengths }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether they change messages without attributes.
    pub(super) fn adds(&self) -> bool {
        self.list.iter().any(|action| matches!(action, Action::Set { .. }))
    }

    /// Whether they may change this message, whose attributes stand in field `number`.
    pub(super) fn touch(&self, message: &[u8], number: u32, strings: &[&str]) -> bool {
        self.adds()
            || fields(message).filter(|field| field.number == number).any(|field| {
                let key = key_of(field.value.bytes(), strings);
                self.lengths & length_bit(key) != 0 && self.list.iter().any(|action| action.key() == key)
            })
    }

    /// Makes all changes, one after the other.
    pub(super) fn apply(&self, entries: &mut Vec<Entry<'a>>, strings: &[&str]) {
        for action in &self.list {
            // Only hashing reads values.
            let _ = strings;
            match action {
                Action::Set { key, value, replace } => {
                    let mut found = entries.iter_mut().filter(|entry| entry.is(key));
                    match found.next() {
                        Some(_) if !replace => {}
                        Some(first) => {
                            first.body = Body::Value(value);
                            found.for_each(|entry| entry.body = Body::Gone);
                        }
                        None => {
                            drop(found);
                            let body = Body::Value(value);
                            entries.push(Entry { source: None, key, renamed: false, body });
                        }
                    }
                }
                Action::Delete { key } => {
                    entries
                        .iter_mut()
                        .filter(|entry| entry.is(key))
                        .for_each(|entry| entry.body = Body::Gone);
                }
                Action::Rename { from, to } => {
                    let Some(first) = entries.iter().position(|entry| entry.is(from)).filter(|_| from != to)
                    else {
                        continue;
                    };
                    for (index, entry) in entries.iter_mut().enumerate() {
                        if index == first {
                            (entry.key, entry.renamed) = (to, true);
                        } else if entry.is(from) || entry.is(to) {
                            entry.body = Body::Gone;
                        }
                    }
                }
                #[cfg(feature = "hash")]
                Action::Hash { key, salt } => {
                    for entry in entries.iter_mut().filter(|entry| entry.is(key)) {
                        entry.hash(salt, strings);
                    }
                }
            }
        }
    }
}

impl<'a> Entry<'a> {
    pub(super) fn of(payload: &'a [u8], at: (usize, usize), strings: &[&'a str]) -> Self {
        Self { source: Some((at, payload)), key: key_of(payload, strings), renamed: false, body: Body::Kept }
    }

    /// Where its field stood.
    pub(super) fn at(&self) -> Option<(usize, usize)> {
        self.source.map(|(at, _)| at)
    }

    /// Whether anything has to be written or left out for it.
    pub(super) fn changed(&self) -> bool {
        match self.body {
            Body::Kept => self.renamed,
            Body::Gone => self.source.is_some(),
            _ => true,
        }
    }

    /// Whether it is there, under this key.
    fn is(&self, key: &str) -> bool {
        self.key == key && !matches!(self.body, Body::Gone)
    }

    #[cfg(feature = "hash")]
    fn hash(&mut self, salt: &[u8], strings: &[&str]) {
        use super::hash::{digits, value_bytes};
        self.body = Body::Hash(match &self.body {
            Body::Kept => {
                let value = self.source.map_or(&[][..], |(_, payload)| super::value_of(payload));
                digits(salt, &value_bytes(value, strings))
            }
            Body::Value(value) => digits(salt, &value_bytes(value, strings)),
            Body::Hash(text) => digits(salt, text),
            Body::Gone => return,
        });
    }

    /// Appends it as field `number`, if it is there.
    pub(super) fn write(&self, number: u32, scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
        scratch.clear();
        match &self.body {
            Body::Gone => return,
            Body::Value(value) => put_pair(self.key, value, scratch),
            #[cfg(feature = "hash")]
            Body::Hash(text) => {
                let mut value = Vec::with_capacity(text.len() + 2);
                put_len(&mut value, 1, text);
                put_pair(self.key, &value, scratch);
            }
            Body::Kept => {
                if !self.key.is_empty() {
                    put_len(scratch, 1, self.key.as_bytes());
                }
                let payload = self.source.map_or(&[][..], |(_, payload)| payload);
                for field in fields(payload).filter(|field| !matches!(field.number, 1 | 3)) {
                    scratch.extend_from_slice(&payload[field.start..field.end]);
                }
            }
        }
        put_len(out, number, scratch);
    }
}
