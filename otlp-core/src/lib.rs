#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod backward;
mod batch;
pub mod cut;
pub mod edit;
mod error;
mod generated;
mod id;
pub mod json;
mod key;
mod limits;
pub mod logs;
mod merge;
pub mod metrics;
mod numbered;
#[cfg(test)]
mod oracle;
mod parse;
pub mod profiles;
pub mod proto;
#[cfg(any(test, feature = "__random"))]
mod random;
pub mod rpc;
mod salvage;
pub mod schema;
mod signal;
pub mod trace;
pub mod value;
mod view;
mod wire;
pub mod write;

/// What `benches/` measures by itself; see the feature.
#[cfg(feature = "__bench")]
#[doc(hidden)]
pub mod __bench {
    /// Whether these bytes are text, as [`Batch::parse`](crate::Batch::parse) checks it.
    #[inline]
    pub fn is_text(bytes: &[u8]) -> bool {
        crate::parse::is_ascii(bytes) || std::str::from_utf8(bytes).is_ok()
    }

    /// Digits of a trace id, as the JSON writer puts them.
    #[inline]
    pub fn hex(bytes: &[u8; 16]) -> [u8; 32] {
        crate::wire::hex(bytes)
    }
}

/// Random requests for the tests of other crates; see the feature.
#[cfg(feature = "__random")]
#[doc(hidden)]
pub mod __random {
    /// A valid request of about `size` fields in some encoding that protobuf allows.
    pub fn request(signal: crate::Signal, seed: u64, size: usize) -> Vec<u8> {
        crate::random::Random::new(seed).request(signal, size)
    }
}

pub use batch::Batch;
pub use error::{ParseError, ParseErrorKind};
pub use id::{IdError, SpanId, TraceId};
pub use key::{Key, KeyRef};
pub use limits::{Limits, ProfilesLayout};
pub use salvage::{Removed, Salvaged, salvage};
pub use signal::{Signal, UnknownSignal};
pub use view::{
    Packed, PackedDouble, PackedFixed64, PackedInt32, PackedInt64, PackedKind, PackedUint64, Repeated,
    RepeatedIter,
};
