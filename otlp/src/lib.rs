//! The OTLP toolkit in one dependency: named re-exports of its crates, behind features.
#![forbid(unsafe_code)]

pub use otlp_compress::{Codec, Level, UnknownCodec};
pub use otlp_core::{
    Batch, Key, Limits, ParseError, ParseErrorKind, ProfilesLayout, Signal, SpanId, TraceId, UnknownSignal,
    json, logs, metrics, profiles, proto, rpc, trace, value,
};
#[cfg(all(feature = "server", feature = "tls"))]
pub use otlp_export::ServerTls;
#[cfg(feature = "file")]
pub use otlp_export::file;
pub use otlp_export::{
    Backoff, Config, Delivery, Failure, FailureKind, HistogramAggregation, Jitter, Outcome,
    ParseProtocolError, Protocol, RetryPolicy, SignalConfig, TemporalityPreference, TlsError, TlsOptions,
    Warning,
};
#[cfg(feature = "http")]
pub use otlp_export::{Client, ClientBuilder, ClientError, Prepared};
#[cfg(feature = "server")]
pub use otlp_export::{
    Peer, Receiver, Refusal, Running, Server, ServerBuilder, ServerError, ServerLimits, ServerStats,
    SignalStats, Verdict,
};
pub use otlp_simd::{ConcatError, Rebatch, concat, split_items};
