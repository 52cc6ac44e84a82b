// The front page's example needs every feature; without them it is a page and no test.
#![cfg_attr(any(not(doctest), feature = "full"), doc = include_str!("../README.md"))]
#![forbid(unsafe_code)]

// The data model: batches, views, writers, JSON.
pub use otlp_core::{
    Batch, IdError, Key, KeyRef, Limits, Packed, ParseError, ParseErrorKind, ProfilesLayout, Removed,
    Repeated, RepeatedIter, Salvaged, Signal, SpanId, TraceId, UnknownSignal, cut, edit, json, logs, metrics,
    profiles, proto, rpc, salvage, trace, value, write,
};

// The batch engine.
pub use otlp_simd::{ConcatError, Rebatch, concat, group_by_trace, regroup, split_items};

// Compression, as a setting; otlp-compress itself has the codecs.
pub use otlp_compress::{Codec, Level, UnknownCodec};

// The compression made for telemetry: frames and streams.
#[cfg(feature = "tracezip")]
pub use otlp_compress::tracezip;

// Configuration and retry, which need no transport.
pub use otlp_export::{
    Backoff, Config, HistogramAggregation, Jitter, ParseProtocolError, Protocol, RetryPolicy, SignalConfig,
    TemporalityPreference, TlsError, TlsOptions, Tracezip, Warning,
};

// The sending side.
#[cfg(feature = "http")]
pub use otlp_export::{
    Balance, Client, ClientBuilder, ClientError, Clock, Delivery, Failure, FailureKind, Headers, Outcome,
    Prepared, Proxy,
};

// The exporter and its ledger.
#[cfg(feature = "http")]
pub use otlp_export::{
    Account, Availability, BatchOptions, Destination, DestinationReport, DropReason, Dropped, Exporter,
    ExporterBuilder, ExporterError, Ledger, OnFull, PartialSuccess, RejectReason, Rejected, Report,
    is_suppressed,
};

// The receiving side.
#[cfg(all(feature = "server", feature = "tls"))]
pub use otlp_export::ServerTls;
#[cfg(feature = "server")]
pub use otlp_export::{
    Peer, PeerAddress, Receiver, Refusal, Running, Server, ServerBuilder, ServerError, ServerLimits,
    ServerStats, SignalStats, Strictness, Verdict,
};

// The protocol's rules, and probes of servers.
#[cfg(feature = "conformance")]
pub use otlp_export::conformance;

// Health and metrics of a program.
#[cfg(feature = "server")]
pub use otlp_export::admin;

// The way to an endpoint, step by step.
#[cfg(feature = "doctor")]
pub use otlp_export::doctor;

// The test kit.
#[cfg(feature = "testing")]
pub use otlp_export::testing;

// The queue on a disk.
#[cfg(feature = "disk-queue")]
pub use otlp_export::disk;

// Files.
#[cfg(feature = "file")]
pub use otlp_export::file;

// The conventions as data, and telemetry under them.
#[cfg(feature = "check")]
pub use otlp_semconv::{check, registry};

// From one version of the semantic conventions to another.
#[cfg(feature = "migrate")]
pub use otlp_semconv::migrate;

// The semantic conventions as types; their other stability levels are features of otlp-semconv.
#[cfg(feature = "semconv")]
pub use otlp_semconv as semconv;
