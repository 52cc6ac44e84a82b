//! Text by text: what every sample leads to, before and after.

use proptest::prelude::*;

use super::*;
use crate::oracle::Tree;
use crate::oracle::resolve::{Tables, profiles};
use crate::proto::collector::profiles::v1development::ExportProfilesServiceRequest;
use crate::proto::common::v1::{AnyValue, KeyValue, any_value::Value as Any};
use crate::proto::profiles::v1development as p;
use crate::proto::resource::v1::Resource;
use crate::{Batch, Limits, Signal, cut};
use prost::Message as _;

/// A request with one sample whose every reference leads to texts that carry `name`.
fn request(name: &str) -> ExportProfilesServiceRequest {
    let strings = ["", "cpu", "ns", "main", "file.rs", "thread", "key"].map(|text| match text {
        "" | "cpu" => text.to_owned(),
        text => format!("{text}-{name}"),
    });
    ExportProfilesServiceRequest {
        resource_profiles: vec![p::ResourceProfiles {
            resource: Some(Resource {
                attributes: vec![KeyValue {
                    key_strindex: 6,
                    value: Some(AnyValue { value: Some(Any::StringValueStrindex(5)) }),
                    ..KeyValue::default()
                }],
                ..Resource::default()
            }),
            scope_profiles: vec![p::ScopeProfiles {
                profiles: vec![p::Profile {
                    sample_type: Some(p::ValueType { type_strindex: 1, unit_strindex: 2 }),
                    samples: vec![p::Sample {
                        stack_index: 1,
                        attribute_indices: vec![1],
                        link_index: 1,
                        values: vec![7],
                        ..p::Sample::default()
                    }],
                    attribute_indices: vec![1, -1, 99],
                    ..p::Profile::default()
                }],
                ..p::ScopeProfiles::default()
            }],
            ..p::ResourceProfiles::default()
        }],
        dictionary: Some(p::ProfilesDictionary {
            mapping_table: vec![
                p::Mapping::default(),
                p::Mapping { filename_strindex: 4, ..p::Mapping::default() },
            ],
            location_table: vec![
                p::Location::default(),
                p::Location {
                    mapping_index: 1,
                    lines: vec![p::Line { function_index: 1, line: 3, column: 0 }],
                    ..p::Location::default()
                },
            ],
            function_table: vec![
                p::Function::default(),
                p::Function { name_strindex: 3, filename_strindex: 4, ..p::Function::default() },
            ],
            link_table: vec![
                p::Link::default(),
                p::Link { trace_id: vec![name.len() as u8; 16], span_id: vec![1; 8] },
            ],
            string_table: strings.to_vec(),
            attribute_table: vec![
                p::KeyValueAndUnit::default(),
                p::KeyValueAndUnit { key_strindex: 5, unit_strindex: 2, ..p::KeyValueAndUnit::default() },
            ],
            stack_table: vec![p::Stack::default(), p::Stack { location_indices: vec![1] }],
        }),
    }
}

fn batch(request: &ExportProfilesServiceRequest) -> Batch {
    Batch::parse(Signal::Profiles, request.encode_to_vec(), &Limits::default()).unwrap()
}

#[test]
fn every_reference_still_leads_to_its_own_text() {
    let names = ["a", "bb", "ccc"];
    let without_tables = ExportProfilesServiceRequest::default();
    let mut batches: Vec<Batch> = names.iter().map(|name| batch(&request(name))).collect();
    batches.insert(1, batch(&without_tables));
    let joined = cut::concat(&batches).unwrap();
    assert_eq!(joined.items(), 3);
    let view = joined.profiles().unwrap();
    let tables = view.dictionary();
    // The empty one and `cpu` are shared.
    assert_eq!(tables.strings().len(), 2 + 5 * 3);
    for (name, profile) in names.iter().zip(view.profiles()) {
        let text = |index| tables.string(index).unwrap();
        let sample = profile.samples().get(0).unwrap();
        let location = tables.stack(sample.stack_index()).unwrap().location_indices().next().unwrap();
        let location = tables.location(location).unwrap();
        let function = tables.function(location.lines().get(0).unwrap().function_index()).unwrap();
        let mapping = tables.mapping(location.mapping_index()).unwrap();
        let attribute = tables.attribute(sample.attribute_indices().next().unwrap()).unwrap();
        let link = tables.link(sample.link_index()).unwrap();
        assert_eq!(text(function.name_strindex()), format!("main-{name}"));
        assert_eq!(text(mapping.filename_strindex()), format!("file.rs-{name}"));
        assert_eq!(text(attribute.key_strindex()), format!("thread-{name}"));
        assert_eq!(text(profile.sample_type().unwrap().unit_strindex()), format!("ns-{name}"));
        assert_eq!(text(profile.sample_type().unwrap().type_strindex()), "cpu");
        assert_eq!(link.trace_id_bytes(), vec![name.len() as u8; 16]);
        // Broken indices stay broken.
        let indices: Vec<i32> = profile.attribute_indices().collect();
        assert!(tables.attribute(indices[0]).is_some() && indices[1] == -1 && indices[2] > 3, "{indices:?}");
    }
    for (name, group) in names.iter().zip(view.resource_profiles()) {
        let attribute = group.resource().unwrap().attributes().get(0).unwrap();
        assert_eq!(tables.string(attribute.key_strindex()), Some(format!("key-{name}").as_str()));
        let crate::value::ValueView::StrIndex(index) = attribute.value() else { panic!("{attribute:?}") };
        assert_eq!(tables.string(index), Some(format!("thread-{name}").as_str()));
    }
}

#[test]
fn one_request_stays_the_same_message() {
    let request = request("one");
    let joined = join(std::iter::once(request.encode_to_vec().as_slice()));
    let mut expected = request;
    // Behind the table's end is told by distance, and there is one table.
    expected.resource_profiles[0].scope_profiles[0].profiles[0].attribute_indices = vec![1, -1, 99];
    assert_eq!(ExportProfilesServiceRequest::decode(joined.as_slice()).unwrap(), expected);
}

/// A seeded choice; whether indices may point behind their tables.
struct Random(u64, bool);

impl Random {
    fn below(&mut self, limit: usize) -> i32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit.max(1) as u64) as i32
    }

    /// Mostly an entry of a table of this length, at times none, at times one that is not there.
    fn index(&mut self, len: usize) -> i32 {
        match self.below(40) {
            0 => -self.below(3),
            1 if self.1 => len as i32 + self.below(9),
            _ => self.below(len),
        }
    }

    fn indices(&mut self, len: usize) -> Vec<i32> {
        (0..self.below(4)).map(|_| self.index(len)).collect()
    }

    /// A table that begins with the zero entry; sometimes it is not there at all.
    fn table<T: Default>(&mut self, most: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = if self.below(12) == 0 { 0 } else { 1 + self.below(most) };
        (0..count).map(|at| if at == 0 { T::default() } else { make(self) }).collect()
    }

    fn pair(&mut self, strings: usize) -> KeyValue {
        let value = match self.below(4) {
            0 => Any::IntValue(self.below(3).into()),
            1 => Any::ArrayValue(crate::proto::common::v1::ArrayValue {
                values: vec![AnyValue { value: Some(Any::StringValueStrindex(self.index(strings))) }],
            }),
            _ => Any::StringValueStrindex(self.index(strings)),
        };
        KeyValue {
            key_strindex: self.index(strings),
            value: Some(AnyValue { value: Some(value) }),
            ..KeyValue::default()
        }
    }

    /// A request with references of every kind, few texts, and so many equal entries.
    fn request(&mut self) -> ExportProfilesServiceRequest {
        let strings = self.table(40, |random| format!("text {}", random.below(20)));
        let text = strings.len();
        let attributes = self.table(12, |random| p::KeyValueAndUnit {
            key_strindex: random.index(text),
            value: random.pair(text).value,
            unit_strindex: random.index(text),
        });
        let attribute = attributes.len();
        let functions = self.table(12, |random| p::Function {
            name_strindex: random.index(text),
            system_name_strindex: random.index(text),
            filename_strindex: random.index(text),
            start_line: random.below(2).into(),
        });
        let mappings = self.table(4, |random| p::Mapping {
            filename_strindex: random.index(text),
            attribute_indices: random.indices(attribute),
            ..p::Mapping::default()
        });
        let (function, mapping) = (functions.len(), mappings.len());
        let locations = self.table(20, |random| p::Location {
            mapping_index: random.index(mapping),
            address: random.below(2) as u64,
            lines: (0..random.below(3))
                .map(|_| p::Line { function_index: random.index(function), ..p::Line::default() })
                .collect(),
            attribute_indices: random.indices(attribute),
        });
        let location = locations.len();
        let stacks = self.table(300, |random| p::Stack { location_indices: random.indices(location) });
        let links = self
            .table(4, |random| p::Link { trace_id: vec![random.below(3) as u8; 16], span_id: Vec::new() });
        let (stack, link) = (stacks.len(), links.len());
        let kind = |random: &mut Self| p::ValueType {
            type_strindex: random.index(text),
            unit_strindex: random.index(text),
        };
        let resource_profiles = (0..self.below(4))
            .map(|_| p::ResourceProfiles {
                resource: Some(Resource {
                    attributes: (0..self.below(3)).map(|_| self.pair(text)).collect(),
                    ..Resource::default()
                }),
                scope_profiles: (0..1 + self.below(2))
                    .map(|_| p::ScopeProfiles {
                        profiles: (0..1 + self.below(4))
                            .map(|_| p::Profile {
                                sample_type: Some(kind(self)),
                                period_type: (self.below(2) == 0).then(|| kind(self)),
                                samples: (0..self.below(6))
                                    .map(|_| p::Sample {
                                        stack_index: self.index(stack),
                                        attribute_indices: self.indices(attribute),
                                        link_index: self.index(link),
                                        values: vec![self.below(100).into()],
                                        ..p::Sample::default()
                                    })
                                    .collect(),
                                attribute_indices: self.indices(attribute),
                                ..p::Profile::default()
                            })
                            .collect(),
                        ..p::ScopeProfiles::default()
                    })
                    .collect(),
                ..p::ResourceProfiles::default()
            })
            .collect();
        let dictionary = Some(p::ProfilesDictionary {
            mapping_table: mappings,
            location_table: locations,
            function_table: functions,
            link_table: links,
            string_table: strings,
            attribute_table: attributes,
            stack_table: stacks,
        });
        ExportProfilesServiceRequest { resource_profiles, dictionary }
    }
}

/// Checks that every entry but the first of its table is needed and stands once, and that the first are the zero ones.
fn check_dictionary(request: &ExportProfilesServiceRequest) {
    let tables = Tables(request.dictionary.clone().unwrap_or_default());
    let all = &tables.0;
    // An entry is needed if the text changes when it does.
    let before = profiles(request);
    let mut changed = request.clone();
    macro_rules! check {
        ($table:ident, $zero:expr, |$entry:ident| $change:expr) => {
            for (index, entry) in all.$table.iter().enumerate() {
                if index == 0 {
                    assert_eq!(*entry, $zero, stringify!($table));
                    continue;
                }
                assert!(!all.$table[1..index].contains(entry), "{} {index} stands twice", stringify!($table));
                let $entry = &mut changed.dictionary.as_mut().unwrap().$table[index];
                $change;
                assert!(profiles(&changed) != before, "{} {index} is not needed", stringify!($table));
                changed.dictionary.as_mut().unwrap().$table[index] = entry.clone();
            }
        };
    }
    check!(mapping_table, p::Mapping::default(), |entry| entry.file_offset = 77);
    check!(location_table, p::Location::default(), |entry| entry.address = 77);
    check!(function_table, p::Function::default(), |entry| entry.start_line = 77);
    check!(link_table, p::Link::default(), |entry| entry.span_id = vec![77]);
    check!(string_table, String::new(), |entry| entry.push('!'));
    check!(attribute_table, p::KeyValueAndUnit::default(), |entry| entry.value = None);
    check!(stack_table, p::Stack::default(), |entry| entry.location_indices = vec![-77]);
}

fn decoded(batch: &Batch) -> ExportProfilesServiceRequest {
    let request = ExportProfilesServiceRequest::decode(batch.bytes().clone()).unwrap();
    let limits = Limits::default().with_profiles_layout(crate::ProfilesLayout::Current);
    let again = Batch::parse(Signal::Profiles, batch.bytes().clone(), &limits).unwrap();
    assert_eq!(again.items(), batch.items());
    request
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 16 }))]

    #[test]
    fn parts_have_the_dictionary_they_need(seed: u64, parts in 1..5_usize) {
        let request = Random(seed, true).request();
        let whole = batch(&request);
        let rows = profiles(&request);
        let split = cut::distribute(&whole, parts, |item| Some(item.index % parts));
        for (number, part) in split.iter().enumerate() {
            let part = decoded(part);
            let expected: Vec<String> = rows.iter().skip(number).step_by(parts).cloned().collect();
            prop_assert_eq!(profiles(&part), expected);
            check_dictionary(&part);
        }
        prop_assert!(split.iter().all(|part| part.bytes().len() <= whole.bytes().len()));
        // And back: the same profiles, in the order of the parts.
        if split.len() > 1 {
            let joined = decoded(&cut::concat(&split).unwrap());
            let expected: Vec<String> = split.iter().flat_map(|part| profiles(&decoded(part))).collect();
            prop_assert_eq!(profiles(&joined), expected);
            check_dictionary(&joined);
        }
    }

    #[test]
    fn joined_dictionaries_hold_each_entry_once(
        seeds in prop::collection::vec(any::<u64>(), 2..5),
        faults: bool,
    ) {
        let requests: Vec<_> = seeds.iter().map(|seed| Random(*seed, faults).request()).collect();
        let mut batches: Vec<Batch> = requests.iter().map(batch).collect();
        let joined = decoded(&cut::concat(&batches).unwrap());
        prop_assert_eq!(profiles(&joined), requests.iter().flat_map(profiles).collect::<Vec<_>>());
        check_dictionary(&joined);
        // What is there already adds nothing.
        batches.extend(batches.clone());
        let twice = decoded(&cut::concat(&batches).unwrap());
        prop_assert!(faults || twice.dictionary == joined.dictionary);
        let regrouped = cut::arrange(&batches, |_| 0).unwrap();
        let (mut rows, mut expected) = (profiles(&decoded(&regrouped)), profiles(&twice));
        rows.sort();
        expected.sort();
        prop_assert_eq!(rows, expected);
        check_dictionary(&decoded(&regrouped));
    }

    #[test]
    fn dictionaries_are_no_larger_than_reckoned(seed: u64, size in 1..600_usize, odd: bool) {
        let limits = Limits::default().with_profiles_layout(crate::ProfilesLayout::Current);
        let bytes = match odd {
            true => crate::oracle::Random::new(seed).request(Signal::Profiles, size),
            false => Random(seed, true).request().encode_to_vec(),
        };
        let whole = Batch::parse(Signal::Profiles, bytes, &limits).unwrap();
        /// Keeps every second item, and counts what it and the groups around it need.
        struct Half<'a>(Reach<'a>, Vec<(cut::Level, Vec<&'a [u8]>)>);
        impl<'a> cut::Sorter<'a> for Half<'a> {
            fn group(&mut self, group: &cut::Group<'a, '_>) -> cut::Look {
                self.1.truncate(group.level() as usize);
                self.1.push((group.level(), group.own_fields().collect()));
                cut::Look::Inside
            }
            fn item(&mut self, item: cut::Item<'a>) -> Option<usize> {
                if item.index % 2 == 1 {
                    // Forgotten again, with what it needs.
                    let before = self.0.checkpoint();
                    self.0.add_item(&item);
                    self.0.undo(before);
                    return None;
                }
                for (level, own) in &self.1[1..] {
                    own.iter().for_each(|own| self.0.add_group(*level, own));
                }
                self.0.add_item(&item);
                Some(0)
            }
        }
        let mut half = Half(Reach::of(&whole).unwrap(), Vec::new());
        for part in cut::sort(&whole, 1, &mut half) {
            let dictionary = dictionary(part.bytes()).len();
            let most = half.0.field_len();
            prop_assert!(dictionary + 2 <= most.max(2), "{dictionary} {most}");
        }
        let once = half.0.field_len();
        half.0.restart();
        prop_assert!(half.0.field_len() <= once);
    }

    #[test]
    fn odd_encodings_lead_to_the_same(seed: u64, size in 1..600_usize) {
        let limits = Limits::default().with_profiles_layout(crate::ProfilesLayout::Current);
        let bytes = crate::oracle::Random::new(seed).request(Signal::Profiles, size);
        let whole = Batch::parse(Signal::Profiles, bytes, &limits).unwrap();
        let again = Batch::parse(Signal::Profiles, join(std::iter::once(whole.canonical())), &limits).unwrap();
        prop_assert_eq!(Tree::viewed(&again).rows(), Tree::viewed(&whole).rows());
    }
}
