//! The client's TLS settings: whom to trust, and who to be.

use std::{fmt, path::PathBuf};

use bytes::Bytes;

/// Whom a client trusts and how it identifies itself. All PEM; files are read when the client is built.
///
/// Without a CA the system's trust store decides, or Mozilla's roots (`webpki-roots`) where the system has none. With one, only
/// certificates that lead to it are accepted, as `OTEL_EXPORTER_OTLP_CERTIFICATE` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsOptions {
    pub(crate) ca: Option<Source>,
    pub(crate) client_cert: Option<Source>,
    pub(crate) client_key: Option<Source>,
}

/// Where PEM text comes from. `Debug` never shows the text.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Pem(Bytes),
    File(PathBuf),
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pem(_) => f.write_str("[PEM]"),
            Self::File(path) => fmt::Debug::fmt(path, f),
        }
    }
}

impl TlsOptions {
    /// The system's trust store, no client certificate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The only certificate authorities to trust: one or more PEM certificates.
    #[must_use]
    pub fn ca_pem(mut self, pem: impl Into<Bytes>) -> Self {
        self.ca = Some(Source::Pem(pem.into()));
        self
    }

    /// As [`TlsOptions::ca_pem`], from a file.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca = Some(Source::File(path.into()));
        self
    }

    /// The chain to show the server (mTLS), the client's own certificate first.
    #[must_use]
    pub fn client_cert_pem(mut self, pem: impl Into<Bytes>) -> Self {
        self.client_cert = Some(Source::Pem(pem.into()));
        self
    }

    /// As [`TlsOptions::client_cert_pem`], from a file.
    #[must_use]
    pub fn client_cert_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.client_cert = Some(Source::File(path.into()));
        self
    }

    /// The key of the client's certificate: PKCS#8, PKCS#1 or SEC1.
    #[must_use]
    pub fn client_key_pem(mut self, pem: impl Into<Bytes>) -> Self {
        self.client_key = Some(Source::Pem(pem.into()));
        self
    }

    /// As [`TlsOptions::client_key_pem`], from a file.
    #[must_use]
    pub fn client_key_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.client_key = Some(Source::File(path.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_out_of_debug() {
        let options = TlsOptions::new().client_key_pem("hunter2").client_cert_file("/etc/cert.pem");
        let text = format!("{options:?}");
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("/etc/cert.pem"), "{text}");
    }
}
