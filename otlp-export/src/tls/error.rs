//! What can be wrong with certificates and keys before any connection is made.

use std::{io, path::PathBuf};

use thiserror::Error;

/// A TLS setting that cannot be used. Keys are never part of the message.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file could not be read.
    #[error("{what}: cannot read {}", path.display())]
    File {
        /// What the file was to hold.
        what: &'static str,
        /// The path, as configured.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The text is not PEM, or holds nothing of the kind that is needed.
    #[error("{what}: {problem}")]
    Pem {
        /// What the text was to hold.
        what: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A client certificate without its key, or a key without its certificate.
    #[error("client certificate and client key only work together: the {missing} is not set")]
    HalfIdentity {
        /// Which of the two is missing.
        missing: &'static str,
    },
    /// rustls refuses the combination, such as a key that does not belong to the certificate.
    #[error("{what}: not usable")]
    Refused {
        /// What was being set up.
        what: &'static str,
        /// rustls' reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
