//! The four OpenTelemetry signals and their names on each transport.

use std::fmt;
use std::str::FromStr;

/// One of the four OpenTelemetry signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Signal {
    /// Traces; the items are spans.
    Traces,
    /// Metrics; the items are data points.
    Metrics,
    /// Logs; the items are log records.
    Logs,
    /// Profiles (`v1development`); the items are profiles.
    Profiles,
}

impl Signal {
    /// All four, in the order in which the specification lists them.
    pub const ALL: [Self; 4] = [Self::Traces, Self::Metrics, Self::Logs, Self::Profiles];

    /// Lower-case plural name: `traces`, `metrics`, `logs`, `profiles`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
            Self::Logs => "logs",
            Self::Profiles => "profiles",
        }
    }

    /// What one item is called, in the plural: what partial success counts.
    pub const fn item_name(self) -> &'static str {
        match self {
            Self::Traces => "spans",
            Self::Metrics => "data points",
            Self::Logs => "log records",
            Self::Profiles => "profiles",
        }
    }

    /// Default path of OTLP/HTTP (rule H3).
    pub const fn http_path(self) -> &'static str {
        match self {
            Self::Traces => "/v1/traces",
            Self::Metrics => "/v1/metrics",
            Self::Logs => "/v1/logs",
            Self::Profiles => "/v1development/profiles",
        }
    }

    /// Full name of the gRPC service (rule G16); its only method is `Export`.
    pub const fn grpc_service(self) -> &'static str {
        match self {
            Self::Traces => "opentelemetry.proto.collector.trace.v1.TraceService",
            Self::Metrics => "opentelemetry.proto.collector.metrics.v1.MetricsService",
            Self::Logs => "opentelemetry.proto.collector.logs.v1.LogsService",
            Self::Profiles => "opentelemetry.proto.collector.profiles.v1development.ProfilesService",
        }
    }

    /// Path of the gRPC `Export` method, with its leading slash.
    pub const fn grpc_path(self) -> &'static str {
        match self {
            Self::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Self::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
            Self::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
            Self::Profiles => "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
        }
    }

    /// Key of the request's one list in OTLP/JSON: `resourceSpans` and its siblings.
    pub const fn json_key(self) -> &'static str {
        match self {
            Self::Traces => "resourceSpans",
            Self::Metrics => "resourceMetrics",
            Self::Logs => "resourceLogs",
            Self::Profiles => "resourceProfiles",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no signal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown signal {0:?}: use traces, metrics, logs or profiles")]
pub struct UnknownSignal(String);

impl FromStr for Signal {
    type Err = UnknownSignal;

    /// Takes the plural and the singular, in any case.
    fn from_str(text: &str) -> Result<Self, UnknownSignal> {
        let plural = |name: &str| {
            text.eq_ignore_ascii_case(name) || text.eq_ignore_ascii_case(&name[..name.len() - 1])
        };
        Self::ALL
            .into_iter()
            .find(|signal| plural(signal.as_str()))
            .ok_or_else(|| UnknownSignal(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for signal in Signal::ALL {
            assert_eq!(signal.as_str().parse::<Signal>(), Ok(signal));
            assert!(signal.grpc_path().contains(signal.grpc_service()));
        }
        assert_eq!("Trace".parse::<Signal>(), Ok(Signal::Traces));
        assert!("spans".parse::<Signal>().is_err());
    }
}
