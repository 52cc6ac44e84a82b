//! Profiles as text in which every index is replaced by what it leads to.

use crate::proto::collector::profiles::v1development::ExportProfilesServiceRequest;
use crate::proto::common::v1::{AnyValue, KeyValue, any_value::Value};
use crate::proto::profiles::v1development as p;

/// Each profile of a request, with what stands around it.
pub(crate) fn profiles(request: &ExportProfilesServiceRequest) -> Vec<String> {
    let tables = Tables(request.dictionary.clone().unwrap_or_default());
    let mut rows = Vec::new();
    for group in &request.resource_profiles {
        let resource = group.resource.as_ref().map(|resource| {
            let rest = (resource.dropped_attributes_count, &resource.entity_refs);
            format!("{} {rest:?}", tables.pairs(&resource.attributes))
        });
        for scope in &group.scope_profiles {
            let described = scope.scope.as_ref().map(|scope| {
                let rest = (&scope.name, &scope.version, scope.dropped_attributes_count);
                format!("{} {rest:?}", tables.pairs(&scope.attributes))
            });
            let head = (&resource, &group.schema_url, described, &scope.schema_url);
            rows.extend(scope.profiles.iter().map(|profile| format!("{head:?} {}", tables.profile(profile))));
        }
    }
    rows
}

/// Dictionary of a request.
pub(crate) struct Tables(pub(crate) p::ProfilesDictionary);

/// What an index stands for: nothing, a fault, or this entry.
fn at<T>(table: &[T], index: i32, show: impl FnOnce(&T) -> String) -> String {
    match usize::try_from(index) {
        Ok(0) => "none".to_owned(),
        Err(_) => format!("{index}"),
        Ok(index) => table.get(index).map_or_else(|| "behind".to_owned(), show),
    }
}

fn all<T>(values: &[T], show: impl Fn(&T) -> String) -> String {
    format!("[{}]", values.iter().map(show).collect::<Vec<_>>().join(", "))
}

impl Tables {
    fn text(&self, index: i32) -> String {
        at(&self.0.string_table, index, |text| format!("{text:?}"))
    }

    fn pairs(&self, pairs: &[KeyValue]) -> String {
        all(pairs, |pair| {
            let value = pair.value.as_ref().map(|value| self.value(value));
            format!("{:?} {} = {value:?}", pair.key, self.text(pair.key_strindex))
        })
    }

    fn value(&self, value: &AnyValue) -> String {
        match &value.value {
            Some(Value::StringValueStrindex(index)) => self.text(*index),
            Some(Value::ArrayValue(array)) => all(&array.values, |value| self.value(value)),
            Some(Value::KvlistValue(list)) => self.pairs(&list.values),
            other => format!("{other:?}"),
        }
    }

    fn attributes(&self, indices: &[i32]) -> String {
        all(indices, |index| at(&self.0.attribute_table, *index, |entry| self.attribute(entry)))
    }

    pub(crate) fn attribute(&self, entry: &p::KeyValueAndUnit) -> String {
        let value = entry.value.as_ref().map(|value| self.value(value));
        format!("{} = {value:?} {}", self.text(entry.key_strindex), self.text(entry.unit_strindex))
    }

    pub(crate) fn function(&self, entry: &p::Function) -> String {
        let [name, system, file] = [entry.name_strindex, entry.system_name_strindex, entry.filename_strindex]
            .map(|at| self.text(at));
        format!("fn {name} {system} {file} {}", entry.start_line)
    }

    pub(crate) fn mapping(&self, entry: &p::Mapping) -> String {
        let numbers = (entry.memory_start, entry.memory_limit, entry.file_offset);
        let attributes = self.attributes(&entry.attribute_indices);
        format!("{numbers:?} {} {attributes}", self.text(entry.filename_strindex))
    }

    pub(crate) fn location(&self, entry: &p::Location) -> String {
        let mapping = at(&self.0.mapping_table, entry.mapping_index, |entry| self.mapping(entry));
        let lines = all(&entry.lines, |line| {
            let function = at(&self.0.function_table, line.function_index, |entry| self.function(entry));
            format!("{function}:{}:{}", line.line, line.column)
        });
        format!("{mapping} {} {lines} {}", entry.address, self.attributes(&entry.attribute_indices))
    }

    pub(crate) fn stack(&self, entry: &p::Stack) -> String {
        all(&entry.location_indices, |index| at(&self.0.location_table, *index, |entry| self.location(entry)))
    }

    fn sample(&self, sample: &p::Sample) -> String {
        let stack = at(&self.0.stack_table, sample.stack_index, |entry| self.stack(entry));
        let link = at(&self.0.link_table, sample.link_index, |link| format!("{link:?}"));
        let rest = (&sample.values, &sample.timestamps_unix_nano);
        format!("{stack} {} {link} {rest:?}", self.attributes(&sample.attribute_indices))
    }

    fn profile(&self, profile: &p::Profile) -> String {
        let kind = |kind: &Option<p::ValueType>| {
            kind.as_ref().map(|kind| (self.text(kind.type_strindex), self.text(kind.unit_strindex)))
        };
        let kinds = (kind(&profile.sample_type), kind(&profile.period_type));
        let rest = p::Profile {
            sample_type: None,
            period_type: None,
            samples: Vec::new(),
            attribute_indices: Vec::new(),
            ..profile.clone()
        };
        let samples = all(&profile.samples, |sample| self.sample(sample));
        format!("{kinds:?} {rest:?} {} {samples}", self.attributes(&profile.attribute_indices))
    }
}
