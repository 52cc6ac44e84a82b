//! Views of profiles, in the layout of protocol version 1.10 and later.

use crate::value::{ResourceView, ScopeView, ValueView};
use crate::view::{
    Bytes, Fixed64, Int32, Int64, Many, Numbers, One, Packed, PackedFixed64, PackedInt32, PackedInt64,
    Repeated, Text, Uint32, Uint64, View as _, view,
};
use crate::{SpanId, TraceId};

view! {
    /// A whole profiles request.
    pub struct ProfilesView {
        /// One for each resource, in wire order.
        1 => resource_profiles: Repeated<'a, ResourceProfilesView<'a>> = Many<'a, ResourceProfilesView<'a>>,
        /// The tables, if the field stands there; see [`dictionary`](Self::dictionary).
        2 => dictionary_field: Option<DictionaryView<'a>> = One<'a, DictionaryView<'a>>,
    }
}

impl<'a> ProfilesView<'a> {
    /// All profiles, in wire order.
    pub fn profiles(&self) -> impl Iterator<Item = ProfileView<'a>> + use<'a> {
        self.resource_profiles()
            .iter()
            .flat_map(|group| group.scope_profiles())
            .flat_map(|group| group.profiles())
    }

    /// The tables that all profiles of the request share; empty tables where there are none.
    pub fn dictionary(&self) -> DictionaryView<'a> {
        self.dictionary_field().unwrap_or_else(|| DictionaryView::scan(&[]))
    }
}

view! {
    /// Tables that samples refer to by index (`ProfilesDictionary`); entry 0 of each means "none".
    pub struct DictionaryView {
        /// Mapped files.
        1 => mappings: Repeated<'a, MappingView<'a>> = Many<'a, MappingView<'a>>,
        /// Places in code.
        2 => locations: Repeated<'a, LocationView<'a>> = Many<'a, LocationView<'a>>,
        /// Functions.
        3 => functions: Repeated<'a, FunctionView<'a>> = Many<'a, FunctionView<'a>>,
        /// Spans that samples belong to.
        4 => links: Repeated<'a, ProfileLinkView<'a>> = Many<'a, ProfileLinkView<'a>>,
        /// Strings.
        5 => strings: Repeated<'a, &'a str> = Many<'a, &'a str>,
        /// Attributes with units.
        6 => attributes: Repeated<'a, AttributeUnitView<'a>> = Many<'a, AttributeUnitView<'a>>,
        /// Stacks.
        7 => stacks: Repeated<'a, StackView<'a>> = Many<'a, StackView<'a>>,
    }
}

/// Looks `index` up; steps over the entries before it, so index a table once where many look-ups follow.
fn entry<'a, V: crate::view::View<'a>>(table: &Repeated<'a, V>, index: i32) -> Option<V> {
    table.get(usize::try_from(index).ok()?)
}

impl<'a> DictionaryView<'a> {
    /// The string with this index.
    pub fn string(&self, index: i32) -> Option<&'a str> {
        entry(&self.strings(), index)
    }

    /// The stack with this index.
    pub fn stack(&self, index: i32) -> Option<StackView<'a>> {
        entry(&self.stacks(), index)
    }

    /// The location with this index.
    pub fn location(&self, index: i32) -> Option<LocationView<'a>> {
        entry(&self.locations(), index)
    }

    /// The function with this index.
    pub fn function(&self, index: i32) -> Option<FunctionView<'a>> {
        entry(&self.functions(), index)
    }

    /// The mapping with this index.
    pub fn mapping(&self, index: i32) -> Option<MappingView<'a>> {
        entry(&self.mappings(), index)
    }

    /// The link with this index.
    pub fn link(&self, index: i32) -> Option<ProfileLinkView<'a>> {
        entry(&self.links(), index)
    }

    /// The attribute with this index.
    pub fn attribute(&self, index: i32) -> Option<AttributeUnitView<'a>> {
        entry(&self.attributes(), index)
    }
}

view! {
    /// Profiles of one resource.
    pub struct ResourceProfilesView {
        /// The resource; `None` means unknown.
        1 => resource: Option<ResourceView<'a>> = One<'a, ResourceView<'a>>,
        /// One for each scope.
        2 => scope_profiles: Repeated<'a, ScopeProfilesView<'a>> = Many<'a, ScopeProfilesView<'a>>,
        /// Schema of the resource.
        3 => schema_url: &'a str = Text<'a>,
    }
}

view! {
    /// Profiles of one scope.
    pub struct ScopeProfilesView {
        /// The scope; `None` means unknown.
        1 => scope: Option<ScopeView<'a>> = One<'a, ScopeView<'a>>,
        /// The profiles.
        2 => profiles: Repeated<'a, ProfileView<'a>> = Many<'a, ProfileView<'a>>,
        /// Schema of the profiles.
        3 => schema_url: &'a str = Text<'a>,
    }
}

view! {
    /// Samples of one type over a span of time (`Profile`).
    pub struct ProfileView {
        /// What the samples' values are.
        1 => sample_type: Option<ValueTypeView<'a>> = One<'a, ValueTypeView<'a>>,
        /// The samples.
        2 => samples: Repeated<'a, SampleView<'a>> = Many<'a, SampleView<'a>>,
        /// Start, in nanoseconds since the Unix epoch.
        3 => time: u64 = Fixed64,
        /// Length of the collection in nanoseconds; 0 if unknown.
        4 => duration: u64 = Uint64,
        /// What is counted between samples.
        5 => period_type: Option<ValueTypeView<'a>> = One<'a, ValueTypeView<'a>>,
        /// How much of it lies between samples.
        6 => period: i64 = Int64,
        /// Id of the profile: 16 bytes, or empty.
        7 => profile_id: &'a [u8] = Bytes<'a>,
        /// How many attributes the producer left out.
        8 => dropped_attributes_count: u32 = Uint32,
        /// Format of `original_payload`, such as `pprof`.
        9 => original_payload_format: &'a str = Text<'a>,
        /// The profile as the source had it.
        10 => original_payload: &'a [u8] = Bytes<'a>,
        /// Attributes, by index in the dictionary.
        11 => attribute_indices: Packed<'a, PackedInt32> = Numbers<'a, PackedInt32>,
    }
}

view! {
    /// A kind of value and its unit (`ValueType`), both by index in the string table.
    pub struct ValueTypeView {
        /// The kind, such as `cpu`.
        1 => type_strindex: i32 = Int32,
        /// The unit, such as `nanoseconds`.
        2 => unit_strindex: i32 = Int32,
    }
}

view! {
    /// What was seen on one stack (`Sample`).
    pub struct SampleView {
        /// The stack, by index in the dictionary.
        1 => stack_index: i32 = Int32,
        /// Attributes, by index in the dictionary.
        2 => attribute_indices: Packed<'a, PackedInt32> = Numbers<'a, PackedInt32>,
        /// The span it belongs to, by index in the link table; 0 for none.
        3 => link_index: i32 = Int32,
        /// Values: one in all, or one for each timestamp.
        4 => values: Packed<'a, PackedInt64> = Numbers<'a, PackedInt64>,
        /// Times in nanoseconds since the Unix epoch.
        5 => timestamps: Packed<'a, PackedFixed64> = Numbers<'a, PackedFixed64>,
    }
}

view! {
    /// A stack (`Stack`).
    pub struct StackView {
        /// Locations, leaf first, by index in the dictionary.
        1 => location_indices: Packed<'a, PackedInt32> = Numbers<'a, PackedInt32>,
    }
}

view! {
    /// A file mapped into memory (`Mapping`).
    pub struct MappingView {
        /// First address.
        1 => memory_start: u64 = Uint64,
        /// Address behind the last.
        2 => memory_limit: u64 = Uint64,
        /// Offset in the file of the first address.
        3 => file_offset: u64 = Uint64,
        /// Name of the file, by index in the string table.
        4 => filename_strindex: i32 = Int32,
        /// Attributes, by index in the dictionary.
        5 => attribute_indices: Packed<'a, PackedInt32> = Numbers<'a, PackedInt32>,
    }
}

view! {
    /// A place in code (`Location`).
    pub struct LocationView {
        /// The mapped file, by index in the dictionary; 0 if unknown.
        1 => mapping_index: i32 = Int32,
        /// The instruction's address, if known.
        2 => address: u64 = Uint64,
        /// Source lines, the innermost inlined function first.
        3 => lines: Repeated<'a, LineView<'a>> = Many<'a, LineView<'a>>,
        /// Attributes, by index in the dictionary.
        4 => attribute_indices: Packed<'a, PackedInt32> = Numbers<'a, PackedInt32>,
    }
}

view! {
    /// A line of source (`Line`).
    pub struct LineView {
        /// The function, by index in the dictionary.
        1 => function_index: i32 = Int32,
        /// Line number; 0 if unknown.
        2 => line: i64 = Int64,
        /// Column number; 0 if unknown.
        3 => column: i64 = Int64,
    }
}

view! {
    /// A function (`Function`); strings by index in the string table.
    pub struct FunctionView {
        /// Name for people.
        1 => name_strindex: i32 = Int32,
        /// Name as the system knows it, such as a mangled symbol.
        2 => system_name_strindex: i32 = Int32,
        /// Source file.
        3 => filename_strindex: i32 = Int32,
        /// Line where it starts; 0 if unknown.
        4 => start_line: i64 = Int64,
    }
}

view! {
    /// A span that samples belong to (`Link`).
    pub struct ProfileLinkView {
        /// The trace id as it stands.
        1 => trace_id_bytes: &'a [u8] = Bytes<'a>,
        /// The span id as it stands.
        2 => span_id_bytes: &'a [u8] = Bytes<'a>,
    }
}

impl ProfileLinkView<'_> {
    /// The trace id; `None` if it is not 16 bytes.
    pub fn trace_id(&self) -> Option<TraceId> {
        TraceId::from_slice(self.trace_id_bytes())
    }

    /// The span id; `None` if it is not 8 bytes.
    pub fn span_id(&self) -> Option<SpanId> {
        SpanId::from_slice(self.span_id_bytes())
    }
}

view! {
    /// An attribute of the dictionary (`KeyValueAndUnit`).
    pub struct AttributeUnitView {
        /// The key, by index in the string table.
        1 => key_strindex: i32 = Int32,
        /// The value, if the field stands there.
        2 => value: Option<ValueView<'a>> = One<'a, ValueView<'a>>,
        /// The unit, by index in the string table.
        3 => unit_strindex: i32 = Int32,
    }
}
