//! `--set`, `--delete` and `--hash`: changes of attributes on the way through.

use std::hash::{BuildHasher as _, RandomState};

use otlp::{
    Batch, Signal,
    edit::{Edits, Place},
};

use crate::exit::Failure;

/// What `--set` may name before a colon; without it, the resource.
const PLACES: [(&str, Place); 3] =
    [("resource", Place::Resource), ("scope", Place::Scope), ("item", Place::Item)];

/// The changes, for profiles apart: attributes of their items stand in a table that they share, and are left alone.
#[derive(Debug, Default)]
pub(super) struct Rules {
    all: Edits,
    profiles: Edits,
}

impl Rules {
    /// The flags, in the order delete, hash, set.
    pub(super) fn new(set: &[String], delete: &[String], hash: &[String]) -> Result<Self, Failure> {
        let mut rules = Self::default();
        for key in delete {
            for (place, key) in places(key, "--delete")? {
                rules.with(place, |edits| edits.delete(place, key));
            }
        }
        let salt = if hash.is_empty() { Vec::new() } else { salt() };
        for key in hash {
            for (place, key) in places(key, "--hash")? {
                rules.with(place, |edits| edits.hash(place, key, &salt));
            }
        }
        for pair in set {
            let wrong = || {
                Failure::usage(format!("--set {pair}: not K=V"))
                    .hint("write --set deployment.environment.name=staging, or item:key=value for items")
            };
            let (key, value) = pair.split_once('=').ok_or_else(wrong)?;
            let (place, key) = prefixed(key).unwrap_or((Place::Resource, key));
            if key.is_empty() {
                return Err(wrong());
            }
            rules.with(place, |edits| edits.set(place, key, value));
        }
        Ok(rules)
    }

    /// The batch with the changes; what they do not touch keeps its bytes.
    pub(super) fn apply(&self, batch: Batch) -> Batch {
        let edits = if batch.signal() == Signal::Profiles { &self.profiles } else { &self.all };
        if edits.is_empty() {
            return batch;
        }
        // Only changes of profiles' items can fail, and there are none.
        edits.apply(&batch).unwrap_or(batch)
    }

    fn with(&mut self, place: Place, change: impl Fn(Edits) -> Edits) {
        self.all = change(std::mem::take(&mut self.all));
        if place != Place::Item {
            self.profiles = change(std::mem::take(&mut self.profiles));
        }
    }
}

/// Where a key is meant: everywhere, unless it says one place.
fn places<'key>(key: &'key str, flag: &str) -> Result<Vec<(Place, &'key str)>, Failure> {
    let found = match prefixed(key) {
        Some(one) => vec![one],
        None => PLACES.iter().map(|(_, place)| (*place, key)).collect(),
    };
    if found.iter().any(|(_, key)| key.is_empty()) {
        return Err(Failure::usage(format!("{flag}: an empty key")));
    }
    Ok(found)
}

fn prefixed(key: &str) -> Option<(Place, &str)> {
    let (prefix, key) = key.split_once(':')?;
    let (_, place) = PLACES.iter().find(|(name, _)| *name == prefix)?;
    Some((*place, key))
}

/// What hashes are made with: `OTLP_HASH_SALT`, or what nobody knows, so that hashes cannot be undone by guessing.
fn salt() -> Vec<u8> {
    match std::env::var("OTLP_HASH_SALT") {
        Ok(salt) if !salt.is_empty() => salt.into_bytes(),
        _ => (0..4).flat_map(|number: u64| RandomState::new().hash_one(number).to_le_bytes()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(set: &[&str], delete: &[&str]) -> Result<Rules, Failure> {
        let owned = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        Rules::new(&owned(set), &owned(delete), &[])
    }

    fn span(resource: &str, item: &str) -> Batch {
        let mut writer = otlp::trace::TracesWriter::new();
        let mut resources = writer.resource(|attributes| {
            attributes.attr(resource, "r");
        });
        resources.scope("s", "").span().name("a").attr(item, "i");
        writer.finish()
    }

    fn keys(batch: &Batch) -> Vec<String> {
        let traces = batch.traces().unwrap();
        let resource = traces.resource_spans().get(0).unwrap();
        let of_resource =
            resource.resource().unwrap().attributes().iter().map(|attribute| attribute.key().to_owned());
        let span = traces.spans().next().unwrap();
        of_resource.chain(span.attributes().iter().map(|attribute| attribute.key().to_owned())).collect()
    }

    #[test]
    fn keys_are_deleted_everywhere_or_where_they_say() {
        assert_eq!(keys(&rules(&[], &["k"]).unwrap().apply(span("k", "k"))), Vec::<String>::new());
        assert_eq!(keys(&rules(&[], &["item:k"]).unwrap().apply(span("k", "k"))), ["k"]);
        assert_eq!(keys(&rules(&[], &["odd:k"]).unwrap().apply(span("k", "odd:k"))), ["k"]);
    }

    #[test]
    fn values_are_set_on_the_resource_or_where_they_say() {
        let edited = rules(&["env=a=b", "item:x=1"], &[]).unwrap().apply(span("k", "k"));
        assert_eq!(keys(&edited), ["k", "env", "k", "x"]);
        for wrong in ["env", "=v", "item:=v"] {
            assert!(rules(&[wrong], &[]).is_err(), "{wrong}");
        }
        assert!(rules(&[], &[""]).is_err() && rules(&[], &["scope:"]).is_err());
    }

    #[test]
    fn nothing_to_do_shares_the_bytes() {
        let batch = span("k", "k");
        let same = Rules::default().apply(batch.clone());
        assert_eq!(same.bytes().as_ptr(), batch.bytes().as_ptr());
    }
}
