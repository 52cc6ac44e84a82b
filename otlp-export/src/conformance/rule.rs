//! The numbered rules of OTLP, in our own short words.
//!
//! This file uses nothing but the standard library: `cargo xtask conformance` compiles it too, to write the book's table.

use std::fmt;

/// One rule of the OpenTelemetry protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// `G` for gRPC and what both transports share, `H` for HTTP, `J` for JSON, `C` for the exporter's configuration; then a number.
    pub id: &'static str,
    /// Whom it binds.
    pub who: Who,
    /// The strongest word in it; parts may be weaker.
    pub level: Level,
    /// The rule.
    pub text: &'static str,
    /// File and section in the specification.
    pub spec: &'static str,
}

/// Whom a rule binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// What sends.
    Client,
    /// What receives.
    Server,
    /// Either.
    Both,
}

/// How strongly a rule binds, in the words of RFC 2119.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// MUST or MUST NOT.
    Must,
    /// SHOULD or SHOULD NOT.
    Should,
    /// MAY.
    May,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Both => "both",
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::May => "MAY",
        })
    }
}

impl Rule {
    /// The rule with this id, in either case.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.id.eq_ignore_ascii_case(id))
    }

    /// Where the rule stands.
    #[must_use]
    pub fn url(&self) -> String {
        let repository = if self.spec.starts_with("docs/") {
            "opentelemetry-proto"
        } else {
            "opentelemetry-specification"
        };
        format!("https://github.com/open-telemetry/{repository}/blob/main/{}", self.spec)
    }
}

use Level::{Must, Should};
use Who::{Both, Client, Server};

macro_rules! rules {
    ($($id:literal $who:ident $level:ident $spec:literal, $text:literal;)*) => {
        &[$(Rule { id: $id, who: $who, level: $level, text: $text, spec: $spec },)*]
    };
}

/// Every rule, in order of its id.
pub const RULES: &[Rule] = rules! {
    "G1" Server Must "docs/specification.md#protocol-details",
        "takes uncompressed and gzip requests on every transport";
    "G2" Server Must "docs/specification.md#otlpgrpc-request",
        "limits the size of a request, decompressed too; answers RESOURCE_EXHAUSTED without RetryInfo over it";
    "G3" Client Should "docs/specification.md#otlpgrpc-request",
        "limits the size of a request, before compression too; does not send what is over it and records the loss";
    "G4" Client Must "docs/specification.md#otlpgrpc-response",
        "limits the size of an answer, decompressed too; one over it is final";
    "G5" Server Must "docs/specification.md#otlpgrpc-response",
        "limits the size of its answers: shortens the partial success, or fails with RESOURCE_EXHAUSTED";
    "G6" Client Should "docs/specification.md#otlpgrpc-concurrent-requests",
        "can have several requests in flight; their number can be set";
    "G7" Client Should "docs/specification.md#otlpgrpc-concurrent-requests",
        "can wait or not wait for acknowledgements at shutdown; records what was not delivered";
    "G8" Server Should "docs/specification.md#full-success",
        "accepts an empty request";
    "G9" Server Must "docs/specification.md#full-success",
        "answers success with the signal's response message, partial_success unset";
    "G10" Server Must "docs/specification.md#partial-success",
        "partial success: sets partial_success and the count of refused items, and SHOULD say why; a warning has count 0 and a text";
    "G11" Client Must "docs/specification.md#partial-success",
        "never sends again after partial success; one that is empty counts as unset";
    "G12" Client Should "docs/specification.md#failures",
        "retries CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS, and no other code";
    "G13" Client Should "docs/specification.md#failures",
        "retries RESOURCE_EXHAUSTED only if RetryInfo comes with it";
    "G14" Client Must "docs/specification.md#otlpgrpc-throttling",
        "holds back under backpressure: waits RetryInfo's delay, backs off from there; drops and counts what is final";
    "G15" Server Should "docs/specification.md#failures",
        "overload is UNAVAILABLE, MAY carry RetryInfo; bad data is INVALID_ARGUMENT, MAY carry BadRequest";
    "G16" Both Must "docs/specification.md#otlpgrpc-service-and-protobuf-definitions",
        "the four Export services under their names; default port 4317";
    "H1" Both Must "docs/specification.md#otlphttp-response",
        "POST of application/x-protobuf or application/json; the answer has the request's content type, errors too";
    "H2" Both Should "docs/specification.md#otlphttp",
        "HTTP/1.1 or HTTP/2; a client of HTTP/2 falls back to HTTP/1.1";
    "H3" Both Must "docs/specification.md#otlphttp-request",
        "the four default paths, default port 4318; others may be configured";
    "H4" Both Must "docs/specification.md#otlphttp-request",
        "a gzip body says so in Content-Encoding; an answer is gzip only for who accepts it";
    "H5" Server Must "docs/specification.md#otlphttp-request",
        "limits the size of a body, decompressed too; answers 413 over it";
    "H6" Client Must "docs/specification.md#otlphttp-request",
        "limits requests as G3, and answers as G4";
    "H7" Server Must "docs/specification.md#otlphttp-response",
        "limits the size of its answers; a partial success that cannot fit is a 500";
    "H8" Server Must "docs/specification.md#full-success-1",
        "success and partial success are 200, nothing else";
    "H9" Server Must "docs/specification.md#failures-1",
        "the body of every 4xx and 5xx is a google.rpc.Status in the request's encoding, and SHOULD have a message";
    "H10" Both Must "docs/specification.md#bad-data",
        "what cannot be decoded is 400, SHOULD carry BadRequest, and is never sent again";
    "H11" Client Must "docs/specification.md#retryable-response-codes",
        "retries 429, 502, 503, 504, and no other status";
    "H12" Both Should "docs/specification.md#otlphttp-throttling",
        "overload is 429 or 503, MAY carry Retry-After in seconds or as a date; the client honours it";
    "H13" Client Must "docs/specification.md#otlphttp-connection",
        "connections that fail or break are retried with exponential backoff and random jitter";
    "H14" Client Should "docs/specification.md#otlphttp-connection",
        "keeps connections alive; MAY use several, whose number can be set";
    "H15" Server Should "docs/specification.md#otlphttp-connection",
        "protobuf and JSON on one port; MAY serve gRPC there too";
    "H16" Client Should "docs/specification.md#multi-destination-exporting",
        "several destinations: each its own queue and retry over shared data; no empty envelopes";
    "J1" Both Must "docs/specification.md#json-protobuf-encoding",
        "trace and span ids are hex in either case, other bytes base64";
    "J2" Both Must "docs/specification.md#json-protobuf-encoding",
        "64-bit integers are written as strings, and read as strings or numbers";
    "J3" Server Must "docs/specification.md#json-protobuf-encoding",
        "unknown fields are ignored";
    "J4" Both Must "docs/specification.md#json-protobuf-encoding",
        "enums are integers, never names";
    "J5" Both Must "docs/specification.md#json-protobuf-encoding",
        "doubles that are no numbers are the strings NaN, Infinity, -Infinity";
    "J6" Server Must "docs/specification.md#json-protobuf-encoding",
        "the content type is read in any case and with parameters such as charset";
    "J7" Server Must "docs/specification.md#json-protobuf-encoding",
        "null is the default; an empty value is a value; attributes hold every kind of value";
    "J8" Both Must "docs/specification.md#json-protobuf-encoding",
        "keys are lowerCamelCase";
    "C1" Client Must "specification/protocol/exporter.md#endpoint-urls-for-otlphttp",
        "HTTP: the generic endpoint is a base for v1/<signal>, a signal's own is taken as it is";
    "C2" Client Must "specification/protocol/exporter.md#configuration-options",
        "gRPC: an endpoint with http or https is taken, and its scheme goes before INSECURE";
    "C3" Client Should "specification/protocol/exporter.md#specify-protocol",
        "PROTOCOL is grpc, http/protobuf (the default) or http/json";
    "C4" Client Must "specification/protocol/exporter.md#configuration-options",
        "CERTIFICATE, CLIENT_KEY and CLIENT_CERTIFICATE name PEM files; the first works alone";
    "C5" Client Must "specification/protocol/exporter.md#specifying-headers-via-environment-variables",
        "HEADERS is a list of k=v with percent-encoded values";
    "C6" Client Must "specification/protocol/exporter.md#configuration-options",
        "COMPRESSION is none or gzip";
    "C7" Client Must "specification/protocol/exporter.md#configuration-options",
        "TIMEOUT is 10 s by default, 0 is no limit, what is no number is warned of";
    "C8" Client Must "specification/protocol/exporter.md#configuration-options",
        "a signal's own setting goes before the generic one";
    "C9" Client Should "specification/metrics/sdk_exporters/otlp.md#additional-environment-variable-configuration",
        "temporality and histogram preferences, in any case, cumulative and explicit buckets by default";
    "C10" Client Must "specification/configuration/sdk-environment-variables.md#parsing-empty-value",
        "an empty variable is an unset one";
    "C11" Client Should "specification/configuration/sdk-environment-variables.md#enum",
        "names are read in any case; unknown ones are warned of and ignored";
    "C12" Client Must "specification/protocol/exporter.md#retry",
        "transient errors are retried with exponential backoff and jitter, without being asked to";
    "C13" Client Should "specification/protocol/exporter.md#user-agent",
        "the user agent is OTel-OTLP-Exporter-<language>/<version>, with a product before it if wanted";
    "C14" Client Must "specification/protocol/file-exporter.md#json-file-serialization",
        "files are JSON Lines in UTF-8, one message of one signal a line";
};
