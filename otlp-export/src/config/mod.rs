//! The `OTEL_EXPORTER_OTLP_*` variables, read by the specification's rules (`protocol/exporter.md`, `metrics/sdk_exporters/otlp.md`).
//!
//! Nothing here fails: a value that cannot be used is ignored, as the specification wants, and told as a [`Warning`].

mod header_list;
mod preference;
mod signal;
mod variable;
mod warning;

#[cfg(test)]
mod tests;

use std::{cell::RefCell, env};

use otlp_core::Signal;

pub use preference::{HistogramAggregation, TemporalityPreference};
pub use signal::SignalConfig;
use variable::Variables;
pub use warning::Warning;

#[cfg(feature = "http")]
use crate::client::ClientBuilder;

/// What the environment says about every signal.
///
/// | variable, with `OTEL_EXPORTER_OTLP_` in front | default |
/// |---|---|
/// | `ENDPOINT` | `http://localhost:4318`, gRPC `http://localhost:4317`; HTTP appends `v1/<signal>` |
/// | `<SIGNAL>_ENDPOINT` | as it is; HTTP appends nothing |
/// | `PROTOCOL` | `http/protobuf`; also `grpc`, `http/json` |
/// | `INSECURE` | `false`; only for gRPC endpoints without a scheme |
/// | `HEADERS` | none; `k1=v1,k2=v2`, values percent-decoded |
/// | `COMPRESSION` | `gzip`, but `none` to a loopback host; the other codecs of the build (`zstd`, `deflate`, `snappy`, `lz4`...), `tracezip` and `tracezip-stream` are our extension |
/// | `TIMEOUT` | 10000 milliseconds; 0 is no limit |
/// | `CERTIFICATE`, `CLIENT_CERTIFICATE`, `CLIENT_KEY` | none; paths to PEM files |
/// | `METRICS_TEMPORALITY_PREFERENCE` | `cumulative`; also `delta`, `lowmemory` |
/// | `METRICS_DEFAULT_HISTOGRAM_AGGREGATION` | `explicit_bucket_histogram`; also `base2_exponential_bucket_histogram` |
///
/// Each but the last two may carry a signal (`OTEL_EXPORTER_OTLP_TRACES_TIMEOUT`), which then wins over the generic one. The
/// specification names `TRACES`, `METRICS` and `LOGS`; `PROFILES` is our extension.
///
/// ```
/// use otlp_export::{Config, Signal};
///
/// let config = Config::from_vars(|name| match name {
///     "OTEL_EXPORTER_OTLP_ENDPOINT" => Some("https://collector.example/tenant".to_owned()),
///     "OTEL_EXPORTER_OTLP_TIMEOUT" => Some("soon".to_owned()),
///     _ => None,
/// });
/// assert_eq!(config.signal(Signal::Traces).endpoint(), "https://collector.example/tenant/v1/traces");
/// assert_eq!(
///     config.warnings()[0].to_string(),
///     r#"OTEL_EXPORTER_OTLP_TIMEOUT: "soon" is not a whole number of milliseconds; used instead: 10000"#
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// In the order of `Signal::ALL`.
    signals: [SignalConfig; 4],
    temporality: TemporalityPreference,
    histogram_aggregation: HistogramAggregation,
    warnings: Vec<Warning>,
}

impl Config {
    /// Reads the process's environment.
    #[must_use]
    pub fn from_env() -> Self {
        let unreadable = RefCell::new(Vec::new());
        let mut config = Self::from_vars(|name| match env::var(name) {
            Ok(value) => Some(value),
            Err(env::VarError::NotPresent) => None,
            Err(env::VarError::NotUnicode(_)) => {
                let warning = Warning::new(name, "the value is not UTF-8", "as if it were not set");
                let mut unreadable = unreadable.borrow_mut();
                if !unreadable.contains(&warning) {
                    unreadable.push(warning);
                }
                None
            }
        });
        config.warnings.append(&mut unreadable.into_inner());
        config
    }

    /// Reads from any source of variables: a pure function, for tests and for programs with settings of their own.
    #[must_use]
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let mut variables = Variables::new(&lookup);
        let signals = Signal::ALL.map(|signal| SignalConfig::read(&mut variables, signal));
        let temporality = preference::read(
            &mut variables,
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
            &TemporalityPreference::NAMES,
        );
        let histogram_aggregation = preference::read(
            &mut variables,
            "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
            &HistogramAggregation::NAMES,
        );
        Self { signals, temporality, histogram_aggregation, warnings: variables.into_warnings() }
    }

    /// The settings of one signal.
    #[must_use]
    pub const fn signal(&self, signal: Signal) -> &SignalConfig {
        let [traces, metrics, logs, profiles] = &self.signals;
        match signal {
            Signal::Traces => traces,
            Signal::Metrics => metrics,
            Signal::Logs => logs,
            Signal::Profiles => profiles,
        }
    }

    /// The temporality that metrics producers should prefer.
    #[must_use]
    pub const fn temporality(&self) -> TemporalityPreference {
        self.temporality
    }

    /// The aggregation that producers should use for histograms.
    #[must_use]
    pub const fn histogram_aggregation(&self) -> HistogramAggregation {
        self.histogram_aggregation
    }

    /// Every value that was wrong, once.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// A client for `signal` alone: a batch of another signal is refused, since its settings may differ. Certificate files are
    /// read by `build`.
    #[cfg(feature = "http")]
    pub fn client(&self, signal: Signal) -> ClientBuilder {
        self.signal(signal).builder(signal)
    }
}
