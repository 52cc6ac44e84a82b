//! What the tables of changes are made of: the generated ones and the reviewed one.

/// A published version with what changed in it, in the order in which it applies.
pub(crate) struct Release {
    pub(crate) version: &'static str,
    pub(crate) changes: &'static [Change],
}

/// Changes that happen at the same time.
#[derive(Clone, Copy)]
pub(crate) struct Change {
    pub(crate) section: Section,
    pub(crate) only: Only,
    pub(crate) what: What,
}

/// Kinds of telemetry, by the schema files' words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "no published file has span events and logs so far")]
pub(crate) enum Section {
    All,
    Resources,
    /// Spans and their links.
    Spans,
    SpanEvents,
    /// Data points and their exemplars.
    Metrics,
    Logs,
}

/// Which items of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "no published file names spans or events so far")]
pub(crate) enum Only {
    Any,
    /// Metrics of these names, at that version.
    Metrics(&'static [&'static str]),
    /// Spans of these names, and in them events of these names; an empty list is any.
    Named {
        spans: &'static [&'static str],
        events: &'static [&'static str],
    },
    /// Spans of kind client or producer.
    Clients,
    /// Spans of kind server or consumer.
    Servers,
    /// All spans but those of clients.
    NotClients,
    /// Spans whose kind is internal or not given.
    Neither,
}

/// Old and new names.
pub(crate) type Pairs = &'static [(&'static str, &'static str)];

/// What changes.
#[derive(Debug, Clone, Copy)]
#[allow(dead_code, reason = "no published file splits metrics or renames events so far")]
pub(crate) enum What {
    /// Keys of attributes.
    Attributes(Pairs),
    /// The front of keys, up to a dot: of templates.
    Prefixes(Pairs),
    /// Values under one key.
    Values { key: &'static str, pairs: Pairs },
    /// Names of metrics.
    Metrics(Pairs),
    /// Name and unit of a metric: new is old times the factor. Either name may be the same.
    Unit { from: &'static str, to: &'static str, old: &'static str, new: &'static str, factor: f64 },
    /// Names of span events, or in logs of event records.
    Events(Pairs),
    /// An attribute that became several things, or none.
    Dropped { key: &'static str, why: &'static str },
    /// A metric that became one for each value of an attribute.
    Split { metric: &'static str, by: &'static str },
}

/// What the registry says beyond the schema files.
pub(crate) struct Facts {
    /// Renames of attributes that no schema file has.
    pub(crate) attributes: Pairs,
    /// Renamed attributes whose keys go on behind the name.
    pub(crate) templates: &'static [&'static str],
    pub(crate) metrics: Pairs,
    pub(crate) events: Pairs,
    pub(crate) values: &'static [ValueChange],
    /// Renames after which values are of another type.
    pub(crate) types: &'static [TypeChange],
    /// Renames after which metrics have another unit or instrument.
    pub(crate) metric_changes: &'static [MetricChange],
}

pub(crate) struct ValueChange {
    pub(crate) key: &'static str,
    /// Old and new value.
    pub(crate) pair: (&'static str, &'static str),
}

pub(crate) struct TypeChange {
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) old: &'static str,
    pub(crate) new: &'static str,
}

pub(crate) struct MetricChange {
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) old_unit: &'static str,
    pub(crate) new_unit: &'static str,
    pub(crate) old_instrument: &'static str,
    pub(crate) new_instrument: &'static str,
}
