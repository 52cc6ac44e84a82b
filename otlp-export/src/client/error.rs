//! What can be wrong with a client before it sends anything.

use otlp_compress::Codec;
use thiserror::Error;

use crate::TlsError;

/// A client that cannot be built. Values of headers and passwords in URLs are never part of the message.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// An endpoint is not a URL that OTLP can use.
    #[error("{which}: {problem}")]
    Endpoint {
        /// Which endpoint: `endpoint`, or the signal's.
        which: String,
        /// What is wrong with it.
        problem: String,
    },
    /// `https` was asked for, and TLS is not part of this build. Never answered by plaintext.
    #[error("{endpoint} needs TLS: compile otlp-export with the feature `tls`")]
    TlsNotBuilt {
        /// The endpoint, without its query.
        endpoint: String,
    },
    /// gRPC was asked for, and is not part of this build.
    #[error("the protocol grpc is not part of this build: compile otlp-export with the feature `grpc`")]
    GrpcNotBuilt,
    /// A compression was asked for that is not part of this build.
    #[error(
        "the compression {codec} is not part of this build: compile otlp-export with the feature `{codec}`"
    )]
    CodecNotBuilt {
        /// The compression.
        codec: Codec,
    },
    /// Tracezip was asked for, and is not part of this build.
    #[error("tracezip is not part of this build: compile otlp-export with the feature `tracezip`")]
    TracezipNotBuilt,
    /// Tracezip was asked for with JSON, which it does not compress.
    #[error("tracezip compresses protobuf, not JSON: use grpc or http/protobuf")]
    TracezipNeedsProtobuf,
    /// A header cannot be sent.
    #[error("header {name:?}: {problem}")]
    Header {
        /// The header's name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Certificates or keys cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}
