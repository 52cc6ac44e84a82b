//! Several profiles requests into one: their dictionaries become one, their indices move.

use crate::Signal;
use crate::schema::{Kind, Message, request};
use crate::wire::{LEN, Value, fields, put_key, put_varint, read_varint, varint_len};

/// Tables of the dictionary, by the number of their field in `ProfilesDictionary`.
const MAPPINGS: usize = 1;
const LOCATIONS: usize = 2;
const FUNCTIONS: usize = 3;
const LINKS: usize = 4;
const STRINGS: usize = 5;
const ATTRIBUTES: usize = 6;
const STACKS: usize = 7;
const TABLES: usize = 8;

/// The table that a field's numbers are indices of.
fn table_of(message: &str, number: u32) -> Option<usize> {
    Some(match (message, number) {
        ("Location", 1) => MAPPINGS,
        ("Stack", 1) => LOCATIONS,
        ("Line", 1) => FUNCTIONS,
        ("Sample", 3) => LINKS,
        ("Sample", 1) => STACKS,
        ("Sample", 2) | ("Profile", 11) | ("Mapping", 5) | ("Location", 4) => ATTRIBUTES,
        ("Mapping", 4)
        | ("Function", 1..=3)
        | ("KeyValueAndUnit", 1 | 3)
        | ("ValueType", 1 | 2)
        | ("KeyValue", 3)
        | ("AnyValue", 8) => STRINGS,
        _ => return None,
    })
}

/// Where the entries of one request's table go in the joint one.
#[derive(Clone, Copy, Default)]
struct Move {
    /// Entries in this request.
    entries: usize,
    /// What is added to an index.
    by: usize,
    /// Entries in the joint table.
    total: usize,
}

impl Move {
    /// The new index. 0 means "none" everywhere; what points behind the table points behind the joint one.
    fn apply(self, index: i32) -> i32 {
        match usize::try_from(index) {
            Ok(0) | Err(_) => index,
            Ok(old) if old < self.entries => i32::try_from(old + self.by).unwrap_or(i32::MAX),
            Ok(old) => i32::try_from(old - self.entries + self.total).unwrap_or(i32::MAX),
        }
    }
}

/// The bytes of one request with the profiles of all, in order.
///
/// Entry 0 of each table means "none", so it is taken from the first request that has the table.
pub(crate) fn join<'a>(requests: impl Iterator<Item = &'a [u8]> + Clone) -> Vec<u8> {
    let mut totals = [0_usize; TABLES];
    let mut moves: Vec<[Move; TABLES]> = Vec::new();
    for bytes in requests.clone() {
        let mut move_by = [Move::default(); TABLES];
        for entry in dictionaries(bytes).flat_map(fields) {
            if let Some(table) = move_by.get_mut(entry.number as usize) {
                table.entries += 1;
            }
        }
        for (table, total) in move_by.iter_mut().zip(&mut totals) {
            table.by = total.saturating_sub(1);
            // The zero entry is shared.
            *total += table.entries - usize::from(*total > 0 && table.entries > 0);
        }
        moves.push(move_by);
    }
    for table in moves.iter_mut().flat_map(|all| all.iter_mut().zip(totals)) {
        table.0.total = table.1;
    }

    let mut out = Vec::with_capacity(requests.clone().map(<[u8]>::len).sum());
    let root = request(Signal::Profiles);
    for (bytes, moves) in requests.clone().zip(&moves) {
        for field in fields(bytes).filter(|field| field.number != 2) {
            rewrite_field(root, bytes, field, moves, &mut out);
        }
    }
    let Some(Kind::Message(dictionary)) = root.field(2).map(|field| field.kind) else { return out };
    let mut tables = Vec::new();
    let mut started = [false; TABLES];
    for (bytes, moves) in requests.zip(&moves) {
        let mut seen = [false; TABLES];
        for part in dictionaries(bytes) {
            for entry in fields(part) {
                if let (Some(seen), Some(started)) =
                    (seen.get_mut(entry.number as usize), started.get(entry.number as usize))
                    && !std::mem::replace(seen, true)
                    && *started
                {
                    continue;
                }
                rewrite_field(dictionary, part, entry, moves, &mut tables);
            }
        }
        for (started, seen) in started.iter_mut().zip(seen) {
            *started |= seen;
        }
    }
    if !tables.is_empty() {
        put_key(&mut out, 2, LEN);
        put_varint(&mut out, tables.len() as u64);
        out.append(&mut tables);
    }
    out
}

/// The dictionary's payload: at most one in canonical bytes.
fn dictionaries(request: &[u8]) -> impl Iterator<Item = &[u8]> {
    fields(request).filter(|field| field.number == 2).map(|field| field.value.bytes())
}

fn rewrite(message: &'static Message, bytes: &[u8], moves: &[Move; TABLES], out: &mut Vec<u8>) {
    for field in fields(bytes) {
        rewrite_field(message, bytes, field, moves, out);
    }
}

fn rewrite_field(
    message: &'static Message,
    bytes: &[u8],
    raw: crate::wire::RawField<'_>,
    moves: &[Move; TABLES],
    out: &mut Vec<u8>,
) {
    let known = message.field(raw.number);
    match (known.map(|field| field.kind), table_of(message.name, raw.number), raw.value) {
        (_, Some(table), Value::Varint(index)) => {
            put_key(out, raw.number, crate::wire::VARINT);
            put_index(moves[table].apply(index as i32), out);
        }
        (_, Some(table), Value::Len(mut packed)) => nested(raw.number, packed.len(), out, |out| {
            while let Some((index, end)) = read_varint(packed, 0) {
                put_index(moves[table].apply(index as i32), out);
                packed = &packed[end..];
            }
        }),
        (Some(Kind::Message(inner)), _, Value::Len(payload)) => {
            nested(raw.number, payload.len(), out, |out| rewrite(inner, payload, moves, out));
        }
        _ => out.extend_from_slice(&bytes[raw.start..raw.end]),
    }
}

fn put_index(index: i32, out: &mut Vec<u8>) {
    // Negative numbers of an int32 are sign-extended on the wire.
    put_varint(out, i64::from(index) as u64);
}

/// Writes a length-delimited field whose length is about `guess`.
fn nested(number: u32, guess: usize, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    put_key(out, number, LEN);
    let (at, width) = (out.len(), varint_len(guess as u64));
    out.resize(at + width, 0);
    write(out);
    let mut length = Vec::with_capacity(width);
    put_varint(&mut length, (out.len() - at - width) as u64);
    out.splice(at..at + width, length);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::collector::profiles::v1development::ExportProfilesServiceRequest;
    use crate::proto::common::v1::{AnyValue, KeyValue, any_value::Value as Any};
    use crate::proto::profiles::v1development as p;
    use crate::proto::resource::v1::Resource;
    use crate::{Batch, Limits, cut};
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
        assert_eq!(tables.strings().len(), 1 + 6 * 3);
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
            assert!(
                tables.attribute(indices[0]).is_some() && indices[1] == -1 && indices[2] > 3,
                "{indices:?}"
            );
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
}
