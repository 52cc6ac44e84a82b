//! What a server answers: [`ExportResponse`] for data it took, [`Status`] for a request it refused.
//!
//! Both go over the wire as protobuf or as JSON, in the encoding of the request (rules H1 and H9).
//!
//! ```
//! use std::time::Duration;
//! use otlp_core::rpc::Status;
//! let status = Status::new(14, "busy").with_retry_delay(Duration::from_millis(1500));
//! assert_eq!(Status::decode(&status.encode())?, status);
//! assert_eq!(Status::from_json(status.to_json().as_bytes())?, status);
//! # Ok::<(), otlp_core::rpc::RpcError>(())
//! ```

mod delay;
mod response;
mod status;

pub use response::ExportResponse;
pub use status::{FieldViolation, Status};

use crate::json::JsonError;

/// An answer that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// Not the message in protobuf.
    #[error("the answer is not a {message} in protobuf: {source}")]
    Protobuf {
        /// Name of the message that was expected.
        message: &'static str,
        /// What the decoder found.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Not the message in JSON.
    #[error("the answer is not a {message} in JSON: {source}")]
    Json {
        /// Name of the message that was expected.
        message: &'static str,
        /// What the reader found, and where.
        source: JsonError,
    },
}
