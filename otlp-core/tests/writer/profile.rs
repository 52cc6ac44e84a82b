//! Profiles.

use otlp_core::profiles::{
    AttributeId, DictionaryWriter, Function, FunctionId, Line, LinkId, Location, LocationId, Mapping,
    MappingId, ProfilesWriter, Sample, ScopeProfilesWriter, StackId, StringId,
};
use otlp_core::proto::collector::profiles::v1development::ExportProfilesServiceRequest;
use otlp_core::proto::common::v1::AnyValue;
use otlp_core::proto::profiles::v1development as pb;
use otlp_core::{SpanId, TraceId};
use proptest::prelude::*;

use crate::random::Random;
use crate::span::ids;
use crate::value::{put_resource, put_scope, scalar};

/// A dictionary whose rows point at rows before them; strings are distinct.
fn dictionary(r: &mut Random) -> pb::ProfilesDictionary {
    let mut tables = pb::ProfilesDictionary {
        mapping_table: vec![pb::Mapping::default()],
        location_table: vec![pb::Location::default()],
        function_table: vec![pb::Function::default()],
        link_table: vec![pb::Link::default()],
        string_table: (0..1 + r.below(200))
            .map(|index| if index == 0 { String::new() } else { format!("{index}{}", r.text()) })
            .collect(),
        attribute_table: vec![pb::KeyValueAndUnit::default()],
        stack_table: vec![pb::Stack::default()],
    };
    let strings = tables.string_table.len() as u64;
    let string = |r: &mut Random| r.below(strings) as i32;
    tables.attribute_table.extend(r.many(200, |r| pb::KeyValueAndUnit {
        key_strindex: string(r),
        value: Some(AnyValue { value: r.value(0).value }),
        unit_strindex: string(r),
    }));
    let attributes = tables.attribute_table.len() as u64;
    let attributes = |r: &mut Random| r.many(4, |r| r.below(attributes) as i32);
    tables.mapping_table.extend(r.many(3, |r| pb::Mapping {
        memory_start: r.integer(),
        memory_limit: r.integer(),
        file_offset: r.integer(),
        filename_strindex: string(r),
        attribute_indices: attributes(r),
    }));
    tables.function_table.extend(r.many(200, |r| pb::Function {
        name_strindex: string(r),
        system_name_strindex: string(r),
        filename_strindex: string(r),
        start_line: r.integer() as i64,
    }));
    let (mappings, functions) = (tables.mapping_table.len() as u64, tables.function_table.len() as u64);
    tables.location_table.extend(r.many(200, |r| pb::Location {
        mapping_index: r.below(mappings) as i32,
        address: r.integer(),
        lines: r.many(3, |r| pb::Line {
            function_index: r.below(functions) as i32,
            line: r.integer() as i64,
            column: r.integer() as i64,
        }),
        attribute_indices: attributes(r),
    }));
    tables.link_table.extend(r.many(3, |r| pb::Link { trace_id: r.bytes(16), span_id: r.bytes(8) }));
    let locations = tables.location_table.len() as u64;
    tables
        .stack_table
        .extend(r.many(20, |r| pb::Stack { location_indices: r.many(50, |r| r.below(locations) as i32) }));
    tables
}

fn profile(r: &mut Random, tables: &pb::ProfilesDictionary) -> pb::Profile {
    let strings = tables.string_table.len() as u64;
    let value_type = |r: &mut Random| {
        Some(pb::ValueType { type_strindex: r.below(strings) as i32, unit_strindex: r.below(strings) as i32 })
    };
    let attributes = |r: &mut Random| r.many(3, |r| r.below(tables.attribute_table.len() as u64) as i32);
    pb::Profile {
        sample_type: value_type(r),
        samples: r
            .many(5, |r| pb::Sample {
                stack_index: r.below(tables.stack_table.len() as u64) as i32,
                attribute_indices: attributes(r),
                link_index: r.below(tables.link_table.len() as u64) as i32,
                values: r.many(3, |r| r.integer() as i64),
                timestamps_unix_nano: r.many(3, Random::integer),
            })
            .into_iter()
            .filter(|sample| !sample.values.is_empty() || !sample.timestamps_unix_nano.is_empty())
            .collect(),
        time_unix_nano: r.integer(),
        duration_nano: r.integer(),
        period_type: if r.chance() { value_type(r) } else { None },
        period: r.integer() as i64,
        profile_id: r.id(16),
        dropped_attributes_count: r.u32(),
        original_payload_format: r.text(),
        original_payload: r.text().into_bytes(),
        attribute_indices: attributes(r),
    }
}

/// Handles of all rows, by index.
struct Handles {
    strings: Vec<StringId>,
    attributes: Vec<AttributeId>,
    links: Vec<LinkId>,
    stacks: Vec<StackId>,
}

fn pick<T: Copy>(handles: &[T], indices: &[i32]) -> Vec<T> {
    indices.iter().map(|index| handles[*index as usize]).collect()
}

fn put_dictionary(out: &mut DictionaryWriter, tables: &pb::ProfilesDictionary) -> Handles {
    let mut strings = vec![StringId::NONE];
    for text in &tables.string_table[1..] {
        let id = out.string(text);
        assert_eq!(out.string(text), id);
        strings.push(id);
    }
    let string = |index: i32| strings[index as usize];
    let text = |index: i32| tables.string_table[index as usize].as_str();
    let mut attributes = vec![AttributeId::NONE];
    for row in &tables.attribute_table[1..] {
        let value = scalar(&row.value.as_ref().unwrap().value);
        attributes.push(match row.unit_strindex {
            0 => out.attribute(text(row.key_strindex), value),
            unit => out.attribute_in(text(row.key_strindex), value, text(unit)),
        });
    }
    let mut mappings = vec![MappingId::NONE];
    for row in &tables.mapping_table[1..] {
        mappings.push(out.mapping(&Mapping {
            memory_start: row.memory_start,
            memory_limit: row.memory_limit,
            file_offset: row.file_offset,
            filename: string(row.filename_strindex),
            attributes: &pick(&attributes, &row.attribute_indices),
        }));
    }
    let mut functions = vec![FunctionId::NONE];
    for row in &tables.function_table[1..] {
        functions.push(out.function(&Function {
            name: string(row.name_strindex),
            system_name: string(row.system_name_strindex),
            filename: string(row.filename_strindex),
            start_line: row.start_line,
        }));
    }
    let mut locations = vec![LocationId::NONE];
    for row in &tables.location_table[1..] {
        let lines = row.lines.iter().map(|line| Line {
            function: functions[line.function_index as usize],
            line: line.line,
            column: line.column,
        });
        locations.push(out.location(&Location {
            mapping: mappings[row.mapping_index as usize],
            address: row.address,
            lines: &lines.collect::<Vec<_>>(),
            attributes: &pick(&attributes, &row.attribute_indices),
        }));
    }
    let mut links = vec![LinkId::NONE];
    for row in &tables.link_table[1..] {
        let (trace, span) = ids(&row.trace_id, &row.span_id);
        links.push(out.link(trace, span));
    }
    let mut stacks = vec![StackId::NONE];
    for row in &tables.stack_table[1..] {
        stacks.push(out.stack(&pick(&locations, &row.location_indices)));
    }
    Handles { strings, attributes, links, stacks }
}

fn put(
    writer: &mut ScopeProfilesWriter<'_>,
    profile: &pb::Profile,
    handles: &Handles,
    tables: &pb::ProfilesDictionary,
) {
    let text = |index: i32| tables.string_table[index as usize].as_str();
    let sample_type = profile.sample_type.as_ref().unwrap();
    let mut out = writer.profile(text(sample_type.type_strindex), text(sample_type.unit_strindex));
    out.times(profile.time_unix_nano, profile.duration_nano);
    out.attributes(&[handles.attributes[0]; 300]);
    match &profile.period_type {
        Some(kind) => {
            out.period(text(kind.type_strindex), text(kind.unit_strindex), profile.period);
        }
        None => assert_eq!(profile.period, 0),
    }
    if let Ok(id) = profile.profile_id.as_slice().try_into() {
        out.id(id);
    }
    for sample in &profile.samples {
        out.sample(&Sample {
            stack: handles.stacks[sample.stack_index as usize],
            attributes: &pick(&handles.attributes, &sample.attribute_indices),
            link: handles.links[sample.link_index as usize],
            values: &sample.values,
            timestamps: &sample.timestamps_unix_nano,
        });
    }
    out.dropped_attributes(profile.dropped_attributes_count);
    out.original_payload(&profile.original_payload_format, &profile.original_payload);
    out.attributes(&pick(&handles.attributes, &profile.attribute_indices));
    assert_eq!(handles.strings.len(), tables.string_table.len());
}

proptest! {
    // A dictionary is a thousand rows.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn written_and_decoded_is_the_same(seed: u64) {
        let r = &mut Random(seed);
        let mut writer = ProfilesWriter::new();
        // Twice through one writer: the second dictionary must not remember the first.
        for _ in 0..2 {
            let tables = dictionary(r);
            let mut expected = ExportProfilesServiceRequest {
                resource_profiles: r.many(2, |r| pb::ResourceProfiles {
                    resource: Some(r.resource()),
                    schema_url: r.text(),
                    scope_profiles: r.many(2, |r| pb::ScopeProfiles {
                        scope: Some(r.scope()),
                        schema_url: r.text(),
                        profiles: r.many(3, |r| profile(r, &tables)),
                    }),
                }),
                dictionary: Some(tables.clone()),
            };
            for profile in expected
                .resource_profiles
                .iter_mut()
                .flat_map(|group| &mut group.scope_profiles)
                .flat_map(|group| &mut group.profiles)
                .filter(|profile| profile.period_type.is_none())
            {
                profile.period = 0;
            }
            let handles = put_dictionary(writer.dictionary(), &tables);
            for group in &expected.resource_profiles {
                let mut resource = writer.resource(|out| put_resource(out, group.resource.as_ref().unwrap()));
                resource.schema_url(&group.schema_url);
                for group in &group.scope_profiles {
                    let scope = group.scope.as_ref().unwrap();
                    let mut out = resource.scope_with(&scope.name, &scope.version, |out| put_scope(out, scope));
                    out.schema_url(&group.schema_url);
                    for profile in &group.profiles {
                        put(&mut out, profile, &handles, &tables);
                    }
                }
            }
            let batch = writer.finish();
            prop_assert_eq!(crate::decode::<ExportProfilesServiceRequest>(&batch), expected);
            writer.recycle(batch);
        }
    }
}

#[test]
fn what_looks_like_an_older_layout_is_not_written() {
    let mut other = ProfilesWriter::new();
    let foreign = other.dictionary().attribute("thread.name", "main");
    let mut writer = ProfilesWriter::new();
    let mut resource = writer.resource(|_| {});
    let mut scope = resource.scope("", "");
    let mut profile = scope.profile("cpu", "nanoseconds");
    profile.sample(&Sample { attributes: &[foreign], ..Default::default() });
    profile.sample(&Sample { attributes: &[foreign], timestamps: &[9], ..Default::default() });
    let request: ExportProfilesServiceRequest = crate::decode(&writer.finish());
    let samples = &request.resource_profiles[0].scope_profiles[0].profiles[0].samples;
    assert_eq!(samples.len(), 1);
    assert_eq!(samples[0].attribute_indices, [0]);
}

#[test]
fn tables_and_profiles_in_any_order() {
    let mut writer = ProfilesWriter::new();
    let early = writer.dictionary().string("early");
    let mut resource = writer.resource(|_| {});
    let mut scope = resource.scope("", "");
    let mut cpu = scope.profile("cpu", "nanoseconds");
    let link = cpu.dictionary().link(TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]));
    cpu.sample(&Sample { link, values: &[-1], ..Default::default() })
        .period("a", "b", 1)
        .period("cpu", "early", 7);
    assert_eq!(scope.dictionary().string("early"), early);
    assert_eq!(resource.dictionary().string("late").index(), 6);
    let batch = writer.finish();
    let request: ExportProfilesServiceRequest = prost::Message::decode(batch.bytes().clone()).unwrap();
    let dictionary = request.dictionary.unwrap();
    assert_eq!(dictionary.string_table, ["", "early", "cpu", "nanoseconds", "a", "b", "late"]);
    let profile = &request.resource_profiles[0].scope_profiles[0].profiles[0];
    assert_eq!(profile.samples[0].link_index, 1);
    assert_eq!(profile.period_type, Some(pb::ValueType { type_strindex: 2, unit_strindex: 1 }));
    assert_eq!(profile.period, 7);

    let view = batch.profiles().unwrap();
    assert_eq!(view.dictionary().string(2), Some("cpu"));
    assert_eq!(ProfilesWriter::new().finish().items(), 0);
}
