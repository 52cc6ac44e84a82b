//! TLS by rustls with ring: one code path for HTTP and gRPC on each side.

#[cfg(feature = "tls")]
pub(crate) mod client;
mod error;
mod option;
#[cfg(feature = "tls")]
pub(crate) mod pem;
#[cfg(all(feature = "http", feature = "tls"))]
pub(crate) mod reload;
#[cfg(all(feature = "server", feature = "tls"))]
pub(crate) mod server;

pub use error::TlsError;
#[cfg(feature = "tls")]
pub(crate) use option::Source;
pub use option::TlsOptions;
#[cfg(all(feature = "server", feature = "tls"))]
pub use server::ServerTls;
