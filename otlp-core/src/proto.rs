//! The protocol's messages as prost generates them: for tests, editing by hand, and people who already know them.
//!
//! Everything else in this crate works on encoded bytes; decoding into these trees costs 5 to 100 times as much.
//!
//! ```
//! use otlp_core::proto::trace::v1::Span;
//! use prost::Message as _;
//! let span = Span { name: "checkout".into(), ..Default::default() };
//! assert_eq!(Span::decode(span.encode_to_vec().as_slice())?, span);
//! # Ok::<(), prost::DecodeError>(())
//! ```

pub use crate::backward::{Encode, Encoder, encode};
pub use crate::generated::proto::opentelemetry::proto::{
    collector, common, logs, metrics, profiles, resource, trace,
};

/// `google.rpc`: the error model that both transports answer with.
pub mod rpc {
    pub use crate::generated::proto::google::protobuf::{Any, Duration};
    pub use crate::generated::proto::google::rpc::{BadRequest, RetryInfo, Status, bad_request};
}
