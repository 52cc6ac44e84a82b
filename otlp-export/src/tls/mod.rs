//! TLS by rustls with ring: one code path for HTTP and gRPC on each side.

#[cfg(feature = "tls")]
pub(crate) mod client;
mod error;
mod option;
#[cfg(feature = "tls")]
pub(crate) mod pem;

pub use error::TlsError;
#[cfg(feature = "tls")]
pub(crate) use option::Source;
pub use option::TlsOptions;
