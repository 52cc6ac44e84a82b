//! Why there is no connection. Nothing was sent.

use std::{io, net::SocketAddr, path::PathBuf};

use thiserror::Error;

use super::chain;
use crate::{Failure, FailureKind};

/// The step that failed, and on whose side.
#[derive(Debug, Error)]
pub(super) enum ConnectError {
    #[error("{host}: no address")]
    Resolve { host: String, source: io::Error },
    #[error("no connection: {}", list(.0))]
    Tcp(Vec<(SocketAddr, io::Error)>),
    #[cfg(unix)]
    #[error("{}", path.display())]
    Socket { path: PathBuf, source: io::Error },
    #[cfg(feature = "tls")]
    #[error("TLS with {host}")]
    Tls { host: String, source: Box<dyn std::error::Error + Send + Sync>, reload: Option<String> },
    #[error("proxy {proxy}: {source}")]
    Proxy { proxy: String, source: Box<Self> },
    #[error("no tunnel to {target}: HTTP status {status}{}", if *status == 407 { ", credentials are missing or wrong" } else { "" })]
    Refused { target: String, status: u16 },
    #[error("HTTP")]
    Http(#[from] hyper::Error),
    #[error("no connection within {0} ms, the share of the timeout while there are other endpoints")]
    Slow(u128),
    #[cfg(not(feature = "tls"))]
    #[error("https without TLS")]
    NoTls,
}

impl ConnectError {
    pub(super) fn failure(&self) -> Failure {
        let kind =
            if matches!(self, Self::Proxy { .. }) { FailureKind::Proxy } else { FailureKind::Unreachable };
        let mut message = chain(self);
        #[cfg(feature = "tls")]
        if let Self::Tls { reload: Some(reload), .. } = self {
            message.push_str("; the files of before are in use, since reading them again failed: ");
            message.push_str(reload);
        }
        // The kind says that it is the proxy.
        if let Some(rest) = message.strip_prefix("proxy ") {
            message = rest.to_owned();
        }
        Failure::new(kind, message)
    }
}

/// A name can have dozens of addresses.
const SHOWN: usize = 4;

fn list(failed: &[(SocketAddr, io::Error)]) -> String {
    let mut text: Vec<_> =
        failed.iter().take(SHOWN).map(|(address, error)| format!("{address}: {error}")).collect();
    if failed.len() > SHOWN {
        text.push(format!("and {} more", failed.len() - SHOWN));
    }
    text.join(", ")
}
