//! Why a server does not start.

use std::{io, net::SocketAddr, path::PathBuf};

use thiserror::Error;

/// A server that cannot start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServerError {
    /// Neither a gRPC nor an HTTP address nor a unix socket was given.
    #[error("the server has no address to listen on: set ServerBuilder::grpc, http, grpc_and_http or unix")]
    NoAddress,
    /// There is no tokio runtime around the call.
    #[error("the server needs a tokio runtime with its network and time drivers: call start from inside one")]
    NoRuntime,
    /// An address cannot be listened on; mostly because another program does.
    #[error("cannot listen on {address} for {protocol}")]
    Bind {
        /// The address as given.
        address: SocketAddr,
        /// What was to be served there.
        protocol: &'static str,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A unix socket cannot be made; mostly because another server has it.
    #[error("cannot listen on the unix socket {}", path.display())]
    Unix {
        /// The path as given.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The certificate, its key or the client CA cannot be used.
    #[cfg(feature = "tls")]
    #[error(transparent)]
    Tls(#[from] crate::TlsError),
    /// The descriptors for reflection are broken.
    #[error("cannot set up gRPC reflection")]
    Reflection {
        /// What is wrong with them.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
