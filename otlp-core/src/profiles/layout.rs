//! Layouts of profiles from before protocol version 1.10, recognised in raw bytes.
//!
//! | versions | what a sample holds | what a profile holds |
//! |---|---|---|
//! | to 1.7 | locations_start 1, locations_length 2, value 3, attribute_indices 4, link 5, timestamps 6 | location_indices 3, packed |
//! | 1.8 | stack 1, values 2, attribute_indices 3, link 4, timestamps 5 | comment 7, profile_id 8, dropped 9, format 10, payload 11, attributes 12 |
//! | 1.9 | as 1.8 | profile_id 7, dropped 8, format 9, payload 10, attributes 11 |
//! | 1.10 on | stack 1, attribute_indices 2, link 3, values 4, timestamps 5 | as 1.9 |
//!
//! An old sample often parses as a new one: its values become attribute indices. Signs of an older layout are wire types
//! that the current one never has in a field, and samples that would have neither values nor timestamps.

use crate::view::{Note as _, Numbers, PackedInt32};
use crate::wire::{Value, fields};

const TO_1_7: &str = "1.7 or earlier";
const V1_8: &str = "1.8";
const V1_8_OR_1_9: &str = "1.8 or 1.9";

/// An older layout that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Older {
    /// The protocol versions that wrote it.
    pub(crate) layout: &'static str,
    /// Where it shows: bytes from the start of the request.
    pub(crate) offset: usize,
}

/// The older layout that an encoded profiles request is in; `None` for the current one.
pub(crate) fn older(request: &[u8]) -> Option<Older> {
    let attributes = children(request, 2).flat_map(|dictionary| children(dictionary, 6)).count();
    let mut samples = Samples { attributes, ..Samples::default() };
    for profile in
        children(request, 1).flat_map(|group| children(group, 2)).flat_map(|group| children(group, 2))
    {
        for field in fields(profile) {
            let offset = offset_in(request, profile) + field.start;
            match (field.number, field.value) {
                (3, Value::Len(_)) => return Some(Older { layout: TO_1_7, offset }),
                (8 | 12, Value::Len(_)) | (9, Value::Varint(_)) => {
                    return Some(Older { layout: V1_8, offset });
                }
                (2, Value::Len(sample)) => {
                    if let Some(inside) = samples.take(sample) {
                        let offset = offset_in(request, sample) + inside;
                        return Some(Older { layout: V1_8_OR_1_9, offset });
                    }
                    samples.first_at.get_or_insert(offset);
                }
                _ => {}
            }
        }
    }
    let offset = samples.first_at?;
    samples.look_old().then_some(Older { layout: V1_8_OR_1_9, offset })
}

/// What all samples of a request have in common.
#[derive(Default)]
struct Samples {
    /// Entries of the dictionary's attribute table.
    attributes: usize,
    first_at: Option<usize>,
    /// Field 2: attribute indices now, values before.
    second: bool,
    /// Field 2 is packed somewhere.
    second_packed: bool,
    /// Field 4 packed, as values are written now.
    values: bool,
    /// Field 4 as a lone varint: a link before, an unpacked value now.
    lone_fourth: bool,
    timestamps: bool,
    /// Field 2 holds what cannot be an index into the attribute table.
    out_of_range: bool,
}

impl Samples {
    /// Notes one sample; gives the offset of a field that no current sample has.
    fn take(&mut self, sample: &[u8]) -> Option<usize> {
        for field in fields(sample) {
            match (field.number, field.value) {
                (3, Value::Len(_)) => return Some(field.start),
                (2, value) => {
                    self.second = true;
                    self.second_packed |= matches!(value, Value::Len(_));
                    let mut indices = Numbers::<PackedInt32>::default();
                    indices.note(value, sample, field.start, field.end);
                    self.out_of_range |= indices
                        .out(2)
                        .any(|index| usize::try_from(index).map_or(true, |index| index >= self.attributes));
                }
                (4, Value::Len(_)) => self.values = true,
                (4, Value::Varint(_)) => self.lone_fourth = true,
                (5, _) => self.timestamps = true,
                _ => {}
            }
        }
        None
    }

    /// Whether the samples only make sense in the layout of 1.8 and 1.9.
    fn look_old(&self) -> bool {
        // An encoder packs all number lists or none, so a lone varint beside a packed list is a link.
        let valueless = !self.timestamps && (self.second_packed || !self.lone_fourth);
        self.second && !self.values && (valueless || self.out_of_range)
    }
}

/// Payloads of the message fields with this number.
fn children(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    fields(message).filter(move |field| field.number == number).filter_map(|field| match field.value {
        Value::Len(payload) => Some(payload),
        _ => None,
    })
}

/// Where `part` starts in `whole`, of which it is a slice.
fn offset_in(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr().saturating_sub(whole.as_ptr().addr())
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::proto::collector::profiles::v1development::ExportProfilesServiceRequest;
    use crate::proto::profiles::v1development::{
        KeyValueAndUnit, Profile, ProfilesDictionary, ResourceProfiles, Sample, ScopeProfiles,
    };
    use crate::wire::{FIXED64, VARINT, put_key, put_len, put_varint};

    fn nest(profile: &[u8]) -> Vec<u8> {
        (0..3).fold(profile.to_vec(), |inner, level| {
            let mut outer = Vec::new();
            put_len(&mut outer, if level == 2 { 1 } else { 2 }, &inner);
            outer
        })
    }

    fn old_sample(fill: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
        let mut sample = Vec::new();
        put_key(&mut sample, 1, VARINT);
        put_varint(&mut sample, 3);
        fill(&mut sample);
        let mut profile = Vec::new();
        put_len(&mut profile, 2, &sample);
        nest(&profile)
    }

    fn layout(request: &[u8]) -> Option<&'static str> {
        older(request).map(|older| older.layout)
    }

    #[test]
    fn values_where_attributes_stand_now() {
        assert_eq!(layout(&old_sample(|sample| put_len(sample, 2, &[1]))), Some(V1_8_OR_1_9));
        let with_link = old_sample(|sample| {
            put_len(sample, 2, &[1]);
            put_key(sample, 4, VARINT);
            put_varint(sample, 7);
        });
        assert_eq!(layout(&with_link), Some(V1_8_OR_1_9));
        let with_timestamps = old_sample(|sample| {
            put_len(sample, 2, &[9]);
            put_key(sample, 5, FIXED64);
            sample.extend_from_slice(&[0; 8]);
        });
        assert_eq!(layout(&with_timestamps), Some(V1_8_OR_1_9));
    }

    #[test]
    fn wire_types_that_no_current_field_has() {
        let found = older(&old_sample(|sample| put_len(sample, 3, &[1, 2])));
        assert_eq!(found, Some(Older { layout: V1_8_OR_1_9, offset: 10 }));
        let mut profile = Vec::new();
        put_len(&mut profile, 8, &[0; 16]);
        assert_eq!(layout(&nest(&profile)), Some(V1_8));
        let mut profile = Vec::new();
        put_len(&mut profile, 3, &[1, 2, 3]);
        assert_eq!(layout(&nest(&profile)), Some(TO_1_7));
    }

    #[test]
    fn the_current_layout_in_all_its_shapes() {
        for sample in [
            Sample { stack_index: 1, values: vec![5], ..Sample::default() },
            Sample {
                stack_index: 1,
                attribute_indices: vec![1],
                timestamps_unix_nano: vec![9],
                ..Sample::default()
            },
            Sample { attribute_indices: vec![1, 0], values: vec![5, 0], link_index: 2, ..Sample::default() },
            Sample::default(),
        ] {
            let profile = Profile {
                samples: vec![sample],
                dropped_attributes_count: 4,
                profile_id: vec![1; 16],
                original_payload_format: "pprof".into(),
                attribute_indices: vec![1],
                ..Profile::default()
            };
            let request = ExportProfilesServiceRequest {
                resource_profiles: vec![ResourceProfiles {
                    scope_profiles: vec![ScopeProfiles {
                        profiles: vec![profile],
                        ..ScopeProfiles::default()
                    }],
                    ..ResourceProfiles::default()
                }],
                dictionary: Some(ProfilesDictionary {
                    attribute_table: vec![KeyValueAndUnit::default(); 2],
                    ..ProfilesDictionary::default()
                }),
            };
            assert_eq!(older(&request.encode_to_vec()), None, "{request:?}");
        }
        assert_eq!(older(&[]), None);
        let unpacked = old_sample(|sample| {
            put_key(sample, 4, VARINT);
            put_varint(sample, 7);
        });
        assert_eq!(older(&unpacked), None);
    }
}
