//! What metrics producers should prefer: data for them, not acted on here.

use super::variable::Variables;

/// `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum TemporalityPreference {
    /// Cumulative for every instrument.
    #[default]
    Cumulative,
    /// Delta for counters, asynchronous counters and histograms; cumulative for up-down counters.
    Delta,
    /// Delta for synchronous counters and histograms; cumulative for the others, which then need no memory of the last value.
    LowMemory,
}

impl TemporalityPreference {
    pub(super) const NAMES: [(&'static str, Self); 3] =
        [("cumulative", Self::Cumulative), ("delta", Self::Delta), ("lowmemory", Self::LowMemory)];
}

/// `OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum HistogramAggregation {
    /// Buckets with fixed bounds.
    #[default]
    ExplicitBucket,
    /// Exponential buckets that adapt their scale.
    Base2Exponential,
}

impl HistogramAggregation {
    pub(super) const NAMES: [(&'static str, Self); 2] = [
        ("explicit_bucket_histogram", Self::ExplicitBucket),
        ("base2_exponential_bucket_histogram", Self::Base2Exponential),
    ];
}

/// The preference that `variable` names; the first of `names` is the default.
pub(super) fn read<T: Copy + Default>(
    variables: &mut Variables<'_>,
    variable: &str,
    names: &[(&'static str, T)],
) -> T {
    let default = names.first().map_or("", |(name, _)| name);
    variables.single(variable, default, |text| one_of(text, names)).unwrap_or_default()
}

/// The value that `text` names, in any case.
pub(super) fn one_of<T: Copy>(text: &str, names: &[(&'static str, T)]) -> Result<T, String> {
    names.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
        format!("{:?} is none of {}", shorten(text), known.join(", "))
    })
}

/// Enough of a wrong value to recognise it.
pub(super) fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}
