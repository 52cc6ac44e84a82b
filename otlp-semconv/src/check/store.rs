//! The findings so far: each once, with a count.

use std::collections::HashMap;
use std::sync::Arc;

use otlp_core::Signal;

use super::{
    Finding, FindingId, Place, Position,
    mix::{ByPrint, Keyed, Mix},
};

/// Most findings that are kept; further ones are only counted.
const MOST_FINDINGS: usize = 20_000;
/// Most places that one finding about one key is kept for; further ones are one finding together.
const MOST_PLACES: u32 = 50;
/// Most characters of a key or a name that a finding repeats.
const MOST_TEXT: usize = 200;

/// What is said of a finding.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) message: String,
    pub(super) suggestion: Option<String>,
    pub(super) replacement: Option<String>,
}

impl Words {
    pub(super) fn new(message: String) -> Self {
        Self { message, ..Self::default() }
    }

    /// What to do.
    pub(super) fn fix(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }

    /// What to use instead.
    pub(super) fn replace(mut self, replacement: &str) -> Self {
        self.suggestion = Some(format!("use `{replacement}`"));
        self.replacement = Some(replacement.to_owned());
        self
    }
}

/// Findings, found again by what they are about.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) findings: Vec<Finding>,
    by_print: ByPrint<u32>,
    places: HashMap<(FindingId, u64), u32>,
    keyed: Keyed,
    /// Occurrences that no finding counts: there were too many findings.
    pub(super) suppressed: u64,
}

/// What a finding is about, and where it is found.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) id: FindingId,
    pub(super) signal: Signal,
    pub(super) place: &'a Place,
    /// Of the place.
    pub(super) print: u64,
    pub(super) key: &'a str,
    /// What tells findings of one id and key at one place from each other, such as the value.
    pub(super) detail: &'a str,
}

impl Store {
    /// The number of a finding; it is made if it is new. `None` where there are too many.
    pub(super) fn note(
        &mut self,
        about: &About<'_>,
        words: impl FnOnce() -> Words,
        first: impl FnOnce() -> Position,
    ) -> Option<u32> {
        let key = self.keyed.text(about.key.as_bytes());
        let mut mix = Mix::new(key);
        mix.add(about.id as u64);
        mix.add(about.signal as u64);
        if !about.detail.is_empty() {
            mix.add(self.keyed.text(about.detail.as_bytes()));
        }
        let elsewhere = mix.get();
        mix.add(about.print);
        if let Some(index) = self.by_print.get(&mix.get()) {
            return Some(*index);
        }
        let crowded = self.places.get(&(about.id, key)).is_some_and(|places| *places >= MOST_PLACES);
        let print = if crowded { elsewhere } else { mix.get() };
        if crowded && let Some(index) = self.by_print.get(&print) {
            return Some(*index);
        }
        if self.findings.len() >= MOST_FINDINGS {
            self.suppressed += 1;
            return None;
        }
        *self.places.entry((about.id, key)).or_default() += 1;
        let Words { message, suggestion, replacement } = words();
        let mut place = about.place.clone();
        if crowded {
            (place.service, place.scope, place.name) = Default::default();
        }
        let index = self.findings.len() as u32;
        self.findings.push(Finding {
            id: about.id,
            signal: about.signal,
            place,
            key: clip(about.key).to_owned(),
            message,
            suggestion,
            replacement,
            count: 0,
            first: first(),
        });
        self.by_print.insert(print, index);
        Some(index)
    }
}

/// The start of a text that may be long.
pub(super) fn clip(text: &str) -> &str {
    match text.char_indices().nth(MOST_TEXT) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// A shared copy of the start of a text.
pub(super) fn shared(text: &str) -> Arc<str> {
    Arc::from(clip(text))
}
