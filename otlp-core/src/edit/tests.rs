//! Against the same changes made to decoded messages.

use proptest::prelude::*;

use super::*;
use crate::cut;
use crate::oracle::{Random, Tree};
use crate::proto::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value as Any};
use crate::proto::metrics::v1::metric::Data;
use crate::proto::resource::v1::Resource;
use crate::{Limits, ProfilesLayout};

fn parse(signal: Signal, bytes: impl Into<bytes::Bytes>) -> Batch {
    Batch::parse(signal, bytes, &Limits::default().with_profiles_layout(ProfilesLayout::Current)).unwrap()
}

/// One change, to be made both ways.
#[derive(Debug, Clone)]
enum Change {
    Set(&'static str, bool),
    Delete(&'static str),
    Rename(&'static str, &'static str),
    #[cfg(feature = "hash")]
    Hash(&'static str),
}

fn change() -> impl Strategy<Value = Change> {
    let key = || prop::sample::select(&["k", "a", "", "http.route", "new"][..]);
    let simple = prop_oneof![
        (key(), any::<bool>()).prop_map(|(key, replace)| Change::Set(key, replace)),
        key().prop_map(Change::Delete),
        (key(), key()).prop_map(|(from, to)| Change::Rename(from, to)),
    ];
    #[cfg(feature = "hash")]
    let simple = prop_oneof![3 => simple, 1 => key().prop_map(Change::Hash)];
    simple
}

fn place() -> impl Strategy<Value = Place> {
    prop::sample::select(&[Place::Item, Place::Scope, Place::Resource][..])
}

fn edits(changes: &[(Place, Change)]) -> Edits {
    changes.iter().fold(Edits::new(), |edits, (place, change)| match change {
        Change::Set(key, true) => edits.set(*place, *key, "set"),
        Change::Set(key, false) => edits.set_missing(*place, *key, 7),
        Change::Delete(key) => edits.delete(*place, *key),
        Change::Rename(from, to) => edits.rename(*place, *from, *to),
        #[cfg(feature = "hash")]
        Change::Hash(key) => edits.hash(*place, *key, b"salt"),
    })
}

#[cfg(feature = "hash")]
fn hashed(value: Option<AnyValue>, strings: &[String]) -> AnyValue {
    use prost::Message as _;
    use sha2::{Digest as _, Sha256};
    let value = value.unwrap_or_default();
    let text = |index: i32| strings.get(usize::try_from(index).ok()?);
    let bytes = match &value.value {
        Some(Any::StringValue(text)) => text.clone().into_bytes(),
        Some(Any::BytesValue(bytes)) => bytes.clone(),
        Some(Any::StringValueStrindex(index)) => {
            text(*index).map_or_else(|| value.encode_to_vec(), |text| text.clone().into_bytes())
        }
        _ => value.encode_to_vec(),
    };
    let message = [&4_u64.to_le_bytes()[..], b"salt", &bytes].concat();
    AnyValue { value: Some(Any::StringValue(const_hex::encode(Sha256::digest(message)))) }
}

impl Change {
    /// The obvious way, on a list.
    fn make(&self, list: &mut Vec<KeyValue>, strings: &[String]) {
        let name = |attribute: &KeyValue| {
            let entry = usize::try_from(attribute.key_strindex).ok().filter(|index| *index > 0);
            entry.and_then(|index| strings.get(index)).unwrap_or(&attribute.key).clone()
        };
        let pair = |key: &str, value| KeyValue { key: key.to_owned(), value, key_strindex: 0 };
        match self {
            Self::Delete(key) => list.retain(|attribute| name(attribute) != *key),
            Self::Set(key, replace) => {
                let value = if *replace { Any::StringValue("set".to_owned()) } else { Any::IntValue(7) };
                let new = pair(key, Some(AnyValue { value: Some(value) }));
                match list.iter().position(|attribute| name(attribute) == *key) {
                    Some(_) if !replace => {}
                    Some(first) => {
                        list[first] = new;
                        let mut index = 0;
                        list.retain(|attribute| {
                            index += 1;
                            index - 1 <= first || name(attribute) != *key
                        });
                    }
                    None => list.push(new),
                }
            }
            Self::Rename(from, to) => {
                let Some(first) = list.iter().position(|attribute| name(attribute) == *from) else { return };
                if from == to {
                    return;
                }
                let mut index = 0;
                list.retain(|attribute| {
                    index += 1;
                    index - 1 == first || (name(attribute) != *from && name(attribute) != *to)
                });
                for attribute in list.iter_mut().filter(|attribute| name(attribute) == *from) {
                    *attribute = pair(to, attribute.value.take());
                }
            }
            #[cfg(feature = "hash")]
            Self::Hash(key) => {
                for attribute in list.iter_mut().filter(|attribute| name(attribute) == *key) {
                    *attribute = pair(key, Some(hashed(attribute.value.take(), strings)));
                }
            }
        }
    }
}

/// All changes of one place on one message.
fn make(changes: &[(Place, Change)], place: Place, list: &mut Vec<KeyValue>, strings: &[String]) {
    for (_, change) in changes.iter().filter(|(at, _)| *at == place) {
        change.make(list, strings);
    }
}

fn make_resource(changes: &[(Place, Change)], resource: &mut Option<Resource>, strings: &[String]) {
    let mut list = resource.as_ref().map(|resource| resource.attributes.clone()).unwrap_or_default();
    make(changes, Place::Resource, &mut list, strings);
    if resource.is_some() || !list.is_empty() || adds(changes, Place::Resource) {
        resource.get_or_insert_default().attributes = list;
    }
}

fn make_scope(changes: &[(Place, Change)], scope: &mut Option<InstrumentationScope>, strings: &[String]) {
    let mut list = scope.as_ref().map(|scope| scope.attributes.clone()).unwrap_or_default();
    make(changes, Place::Scope, &mut list, strings);
    if scope.is_some() || !list.is_empty() || adds(changes, Place::Scope) {
        scope.get_or_insert_default().attributes = list;
    }
}

fn adds(changes: &[(Place, Change)], place: Place) -> bool {
    changes.iter().any(|(at, change)| *at == place && matches!(change, Change::Set(..)))
}

fn make_all(changes: &[(Place, Change)], tree: &mut Tree) {
    let item = |list: &mut Vec<KeyValue>| make(changes, Place::Item, list, &[]);
    match tree {
        Tree::Traces(tree) => {
            for group in &mut tree.resource_spans {
                make_resource(changes, &mut group.resource, &[]);
                for scope in &mut group.scope_spans {
                    make_scope(changes, &mut scope.scope, &[]);
                    scope.spans.iter_mut().for_each(|span| item(&mut span.attributes));
                }
            }
        }
        Tree::Logs(tree) => {
            for group in &mut tree.resource_logs {
                make_resource(changes, &mut group.resource, &[]);
                for scope in &mut group.scope_logs {
                    make_scope(changes, &mut scope.scope, &[]);
                    scope.log_records.iter_mut().for_each(|record| item(&mut record.attributes));
                }
            }
        }
        Tree::Profiles(tree) => {
            let strings = tree.dictionary.as_ref().map(|all| all.string_table.clone()).unwrap_or_default();
            for group in &mut tree.resource_profiles {
                make_resource(changes, &mut group.resource, &strings);
                for scope in &mut group.scope_profiles {
                    make_scope(changes, &mut scope.scope, &strings);
                }
            }
        }
        Tree::Metrics(tree) => {
            for group in &mut tree.resource_metrics {
                make_resource(changes, &mut group.resource, &[]);
                for scope in &mut group.scope_metrics {
                    make_scope(changes, &mut scope.scope, &[]);
                    for metric in &mut scope.metrics {
                        match &mut metric.data {
                            None => {}
                            Some(Data::Gauge(data)) => {
                                data.data_points.iter_mut().for_each(|point| item(&mut point.attributes));
                            }
                            Some(Data::Sum(data)) => {
                                data.data_points.iter_mut().for_each(|point| item(&mut point.attributes));
                            }
                            Some(Data::Histogram(data)) => {
                                data.data_points.iter_mut().for_each(|point| item(&mut point.attributes));
                            }
                            Some(Data::ExponentialHistogram(data)) => {
                                data.data_points.iter_mut().for_each(|point| item(&mut point.attributes));
                            }
                            Some(Data::Summary(data)) => {
                                data.data_points.iter_mut().for_each(|point| item(&mut point.attributes));
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The encodings of all items, and whether one has an attribute with one of these keys.
fn items(batch: &Batch, keys: &[&str]) -> Vec<(bool, Vec<u8>)> {
    let mut items = Vec::new();
    let _ = cut::distribute(batch, 0, |item| {
        let has = item.attributes().iter().any(|attribute| keys.contains(&attribute.key()));
        items.push((has, item.encoded.to_vec()));
        None
    });
    items
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 2000 }))]

    #[test]
    fn splicing_is_editing(
        signal in prop::sample::select(&Signal::ALL[..]),
        seed: u64,
        size in 1..400_usize,
        changes in prop::collection::vec((place(), change()), 0..5),
    ) {
        let mut changes = changes;
        if signal == Signal::Profiles {
            changes.retain(|(place, _)| *place != Place::Item);
        }
        let batch = parse(signal, Random::new(seed).request(signal, size));
        let edited = edits(&changes).apply(&batch).unwrap();
        let again = parse(signal, edited.bytes().clone());
        prop_assert_eq!((again.items(), edited.items()), (batch.items(), batch.items()));
        let mut expected = Tree::viewed(&batch);
        make_all(&changes, &mut expected);
        prop_assert_eq!(Tree::viewed(&edited).encode(), expected.encode());
        prop_assert_eq!(Tree::viewed(&again).encode(), expected.encode());
        // Items without a key that a change names keep every byte.
        if !adds(&changes, Place::Item) {
            let keys: Vec<&str> = changes
                .iter()
                .filter(|(place, _)| *place == Place::Item)
                .map(|(_, change)| match change {
                    Change::Set(key, _) | Change::Delete(key) | Change::Rename(key, _) => *key,
                    #[cfg(feature = "hash")]
                    Change::Hash(key) => *key,
                })
                .collect();
            for (old, new) in items(&batch, &keys).into_iter().zip(items(&edited, &keys)) {
                prop_assert!(old.0 || old.1 == new.1);
            }
        }
    }
}

#[test]
fn what_changes_nothing_shares_the_bytes() {
    let mut writer = LogsWriter::new();
    writer.resource(|_| {}).scope("", "").record().attr("k", 1);
    let batch = writer.finish();
    let edits = Edits::new().delete(Place::Item, "other").rename(Place::Scope, "k", "l");
    assert!(!edits.is_empty());
    let edited = edits.apply(&batch).unwrap();
    assert_eq!(edited.bytes().as_ptr(), batch.bytes().as_ptr());
}

#[test]
fn items_of_profiles_are_refused() {
    let batch = Batch::empty(Signal::Profiles);
    assert_eq!(Edits::new().delete(Place::Item, "k").apply(&batch), Err(EditError::ProfileItems));
    assert_eq!(Edits::new().delete(Place::Scope, "k").apply(&batch), Ok(batch));
}

#[test]
fn values_of_any_kind_are_set_and_too_deep_ones_emptied() {
    let mut writer = LogsWriter::new();
    writer.resource(|_| {}).scope("", "").record().attr("k", 1);
    let batch = writer.finish();
    let value = |value: ValueRef<'_>| {
        let edited = Edits::new().set(Place::Item, "k", value).apply(&batch).unwrap();
        parse(Signal::Logs, edited.bytes().clone());
        let record = edited.logs().unwrap().log_records().next().unwrap();
        format!("{:?}", record.attributes().value_of("k").unwrap())
    };
    assert_eq!(value(1.5.into()), "Double(1.5)");
    assert_eq!(value((&["a", "b"]).into()).matches("Str").count(), 0, "arrays print their size");
    fn nest(levels: usize, inner: ValueRef<'_>, then: &mut dyn FnMut(ValueRef<'_>)) {
        if levels == 0 {
            return then(inner);
        }
        nest(levels - 1, ValueRef::Array(&[inner]), then);
    }
    nest(16, true.into(), &mut |deep| assert!(value(deep).starts_with("Array")));
    nest(17, true.into(), &mut |deep| assert_eq!(value(deep), "Empty"));
}
