//! Writing profiles straight into the encoding.

use super::dictionary::put_indices;
use super::{AttributeId, DictionaryWriter, LinkId, StackId};
use crate::write::{Message, ResourceWriter, ScopeWriter, Sink, opaque_debug};
use crate::{Batch, Signal};

/// Writes a batch of profiles and the dictionary that they share.
///
/// ```
/// use otlp_core::profiles::{Function, Line, Location, ProfilesWriter, Sample};
/// let mut writer = ProfilesWriter::new();
/// let mut shop = writer.resource(|resource| {
///     resource.attr("service.name", "shop");
/// });
/// let mut scope = shop.scope("otlp-profiling", "0.1.0");
/// let start = 1_767_225_600_000_000_000;
/// let mut cpu = scope.profile("cpu", "nanoseconds");
/// cpu.times(start, 10_000_000_000).period("cpu", "nanoseconds", 10_101_010);
///
/// let tables = cpu.dictionary();
/// let name = tables.string("render_cart");
/// let function = tables.function(&Function { name, ..Default::default() });
/// let line = Line { function, line: 17, column: 0 };
/// let location = tables.location(&Location { address: 0x4711, lines: &[line], ..Default::default() });
/// let stack = tables.stack(&[location]);
/// cpu.sample(&Sample { stack, values: &[20_202_020], ..Default::default() });
///
/// let batch = writer.finish();
/// assert_eq!(batch.items(), 1);
/// ```
#[derive(Clone)]
pub struct ProfilesWriter {
    sink: Sink,
    dictionary: DictionaryWriter,
}

impl ProfilesWriter {
    /// An empty writer; memory comes with the first field.
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// An empty writer with room for `bytes` bytes of encoding.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { sink: Sink::with_capacity(bytes), dictionary: DictionaryWriter::new() }
    }

    /// The tables that all profiles of the batch share.
    pub fn dictionary(&mut self) -> &mut DictionaryWriter {
        &mut self.dictionary
    }

    /// Begins a resource; `attributes` writes what describes it.
    pub fn resource(
        &mut self,
        attributes: impl FnOnce(&mut ResourceWriter<'_>),
    ) -> ResourceProfilesWriter<'_> {
        self.sink.begin();
        let mut group = Message::root(&mut self.sink).into_child(1, 0);
        attributes(&mut ResourceWriter::begin(&mut group));
        ResourceProfilesWriter { group, dictionary: &mut self.dictionary }
    }

    /// Profiles written so far: what the batch will count.
    pub const fn items(&self) -> usize {
        self.sink.items()
    }

    /// Values left empty because they were nested deeper than any parser takes (100 message levels). Each is also
    /// counted as a dropped attribute where its owner has such a count.
    pub const fn cut_values(&self) -> usize {
        self.sink.cut() + self.dictionary.cut()
    }

    /// Bytes written so far, within a few: what to watch to end a batch by size.
    pub fn encoded_len(&self) -> usize {
        self.sink.len() + self.dictionary.len()
    }

    /// Ends the batch and its dictionary. The memory goes with it; the next batch starts with as much as this one took,
    /// and with an empty dictionary, so that handles from this one mean nothing there.
    pub fn finish(&mut self) -> Batch {
        self.sink.append(self.dictionary.encoded());
        self.dictionary.clear();
        self.sink.finish(Signal::Profiles)
    }

    /// Throws away what was written, the dictionary too, and keeps the memory.
    pub fn clear(&mut self) {
        self.sink.clear();
        self.dictionary.clear();
    }

    /// Takes the memory of a batch for the next one. Says whether it could: only while nothing is written, and only from
    /// a batch of which no clone is left.
    pub fn recycle(&mut self, batch: Batch) -> bool {
        self.sink.recycle(batch)
    }
}

impl Default for ProfilesWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for ProfilesWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProfilesWriter")
            .field("items", &self.items())
            .field("bytes", &self.encoded_len())
            .finish_non_exhaustive()
    }
}

/// Writes the scopes of one resource (`ResourceProfiles`).
pub struct ResourceProfilesWriter<'a> {
    group: Message<'a>,
    dictionary: &'a mut DictionaryWriter,
}

impl ResourceProfilesWriter<'_> {
    /// The tables that all profiles of the batch share.
    pub fn dictionary(&mut self) -> &mut DictionaryWriter {
        self.dictionary
    }

    /// Schema URL of the resource and everything under it.
    pub fn schema_url(&mut self, url: &str) -> &mut Self {
        self.group.string(3, url);
        self
    }

    /// Begins a scope: name and version of the profiler, empty where unknown.
    pub fn scope(&mut self, name: &str, version: &str) -> ScopeProfilesWriter<'_> {
        self.scope_with(name, version, |_| {})
    }

    /// Begins a scope that has attributes.
    pub fn scope_with(
        &mut self,
        name: &str,
        version: &str,
        attributes: impl FnOnce(&mut ScopeWriter<'_>),
    ) -> ScopeProfilesWriter<'_> {
        let mut group = self.group.child(2, 0);
        attributes(&mut ScopeWriter::begin(&mut group, name, version));
        ScopeProfilesWriter { group, dictionary: self.dictionary }
    }
}

/// Writes the profiles of one scope (`ScopeProfiles`).
pub struct ScopeProfilesWriter<'a> {
    group: Message<'a>,
    dictionary: &'a mut DictionaryWriter,
}

impl ScopeProfilesWriter<'_> {
    /// The tables that all profiles of the batch share.
    pub fn dictionary(&mut self) -> &mut DictionaryWriter {
        self.dictionary
    }

    /// Schema URL of the scope's profiles.
    pub fn schema_url(&mut self, url: &str) -> &mut Self {
        self.group.string(3, url);
        self
    }

    /// Begins a profile of samples of this kind and unit: `cpu` in `nanoseconds`. Viewers show the first one of a batch
    /// by default.
    pub fn profile(&mut self, kind: &str, unit: &str) -> ProfileWriter<'_> {
        let mut message = self.group.item(2, 0);
        put_value_type(&mut message, 1, self.dictionary, kind, unit);
        ProfileWriter { message, dictionary: self.dictionary }
    }
}

/// One row of a profile: a stack and what was measured there (`Sample`).
///
/// A sample has values, timestamps, or as many of both; all samples of a profile have the same.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sample<'a> {
    /// Where the program was.
    pub stack: StackId,
    /// What else sets samples apart: thread, state.
    pub attributes: &'a [AttributeId],
    /// The span that was active.
    pub link: LinkId,
    /// What was measured, in the unit of the profile.
    pub values: &'a [i64],
    /// When, nanoseconds since the Unix epoch.
    pub timestamps: &'a [u64],
}

/// Writes one profile.
pub struct ProfileWriter<'a> {
    message: Message<'a>,
    dictionary: &'a mut DictionaryWriter,
}

/// Fields that must not stand twice.
const PERIOD_TYPE: usize = 0;
const ATTRIBUTES: usize = 1;

impl ProfileWriter<'_> {
    /// The tables that all profiles of the batch share.
    pub fn dictionary(&mut self) -> &mut DictionaryWriter {
        self.dictionary
    }

    /// Adds a sample. One with neither values nor timestamps measured nothing and is not written: readers would take it
    /// for a sample of an older layout. An attribute handle that this batch did not give counts as none.
    pub fn sample(&mut self, sample: &Sample<'_>) -> &mut Self {
        if sample.values.is_empty() && sample.timestamps.is_empty() {
            return self;
        }
        let known = self.dictionary.attributes();
        let mut out = self.message.child(2, 0);
        out.varint(1, sample.stack.index() as u64);
        let attributes = sample.attributes.iter();
        out.packed_varint(
            2,
            attributes.map(|id| if id.index() <= known.index() { id.index() as u64 } else { 0 }),
        );
        out.varint(3, sample.link.index() as u64);
        out.packed_varint(4, sample.values.iter().map(|value| *value as u64));
        out.packed64(5, sample.timestamps.iter().copied());
        self
    }

    /// Start, nanoseconds since the Unix epoch, and duration in nanoseconds.
    pub fn times(&mut self, start: u64, duration: u64) -> &mut Self {
        self.message.fixed64(3, start);
        self.message.varint(4, duration);
        self
    }

    /// What was counted between samples, and how many of it. A second call replaces the first.
    pub fn period(&mut self, kind: &str, unit: &str, period: i64) -> &mut Self {
        self.message.once(PERIOD_TYPE);
        put_value_type(&mut self.message, 5, self.dictionary, kind, unit);
        self.message.varint(6, period as u64);
        self
    }

    /// A globally unique id.
    pub fn id(&mut self, id: [u8; 16]) -> &mut Self {
        self.message.bytes(7, &id);
        self
    }

    /// How many attributes were left out.
    pub fn dropped_attributes(&mut self, count: u32) -> &mut Self {
        self.message.varint(8, count.into());
        self
    }

    /// The profile as its source had it, and the name of that format: `pprof`, `jfr`, `linux_perf`.
    pub fn original_payload(&mut self, format: &str, payload: &[u8]) -> &mut Self {
        self.message.string(9, format);
        self.message.bytes(10, payload);
        self
    }

    /// The profile's attributes. A second call replaces the first.
    pub fn attributes(&mut self, attributes: &[AttributeId]) -> &mut Self {
        self.message.once(ATTRIBUTES);
        if attributes.is_empty() {
            self.message.absent(ATTRIBUTES);
        }
        put_indices(&mut self.message, 11, attributes);
        self
    }
}

/// Field `number`, a `ValueType`.
fn put_value_type(
    message: &mut Message<'_>,
    number: u32,
    dictionary: &mut DictionaryWriter,
    kind: &str,
    unit: &str,
) {
    let (kind, unit) = (dictionary.string(kind), dictionary.string(unit));
    let mut out = message.child(number, 0);
    out.varint(1, kind.index() as u64);
    out.varint(2, unit.index() as u64);
}

opaque_debug!(ResourceProfilesWriter, ScopeProfilesWriter, ProfileWriter);
