//! The server's TLS settings and their rustls configuration.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use rustls::{ServerConfig, crypto::CryptoProvider, server::WebPkiClientVerifier};

use super::{Source, TlsError, pem};

const CERT: &str = "server certificate";
const KEY: &str = "server key";
const CLIENT_CA: &str = "client CA certificate";

/// How often files are looked at, unless told otherwise.
const INTERVAL: Duration = Duration::from_secs(60);

/// Who a server is, and whom it lets in. All PEM. Files are read when the server starts, and looked at again every minute: what is
/// new in them holds for the connections that come then, and what cannot be used changes nothing.
///
/// TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN. With a client CA every client must show a certificate that leads to it (mTLS).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerTls {
    cert: Source,
    key: Source,
    client_ca: Option<Source>,
    reload: Option<Duration>,
}

/// What the sources held when they were read.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Material {
    cert: Bytes,
    key: Bytes,
    client_ca: Option<Bytes>,
}

impl ServerTls {
    /// The chain to show, the server's own certificate first, and its key (PKCS#8, PKCS#1 or SEC1).
    #[must_use]
    pub fn from_pem(cert: impl Into<Bytes>, key: impl Into<Bytes>) -> Self {
        Self {
            cert: Source::Pem(cert.into()),
            key: Source::Pem(key.into()),
            client_ca: None,
            reload: Some(INTERVAL),
        }
    }

    /// As [`from_pem`](Self::from_pem), from files.
    #[must_use]
    pub fn from_files(cert: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self {
            cert: Source::File(cert.into()),
            key: Source::File(key.into()),
            client_ca: None,
            reload: Some(INTERVAL),
        }
    }

    /// Lets in only clients whose certificate leads to one of these authorities.
    #[must_use]
    pub fn client_ca_pem(mut self, pem: impl Into<Bytes>) -> Self {
        self.client_ca = Some(Source::Pem(pem.into()));
        self
    }

    /// As [`client_ca_pem`](Self::client_ca_pem), from a file.
    #[must_use]
    pub fn client_ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.client_ca = Some(Source::File(path.into()));
        self
    }

    /// How often files are looked at; `None` for only once. Default: every minute.
    /// [`Running::reload_certificates`](crate::Running::reload_certificates) does it at any moment.
    #[must_use]
    pub fn reload_every(mut self, interval: impl Into<Option<Duration>>) -> Self {
        self.reload = interval.into();
        self
    }

    /// How often to look; `None` if nothing can change.
    pub(crate) const fn interval(&self) -> Option<Duration> {
        let files = matches!(self.cert, Source::File(_))
            || matches!(self.key, Source::File(_))
            || matches!(self.client_ca, Some(Source::File(_)));
        if files { self.reload } else { None }
    }

    /// Reads the files.
    pub(crate) fn read(&self) -> Result<Material, TlsError> {
        Ok(Material {
            cert: self.cert.read(CERT)?,
            key: self.key.read(KEY)?,
            client_ca: self.client_ca.as_ref().map(|ca| ca.read(CLIENT_CA)).transpose()?,
        })
    }
}

/// The rustls configuration of these settings, read once.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn config(tls: &ServerTls) -> Result<Arc<ServerConfig>, TlsError> {
    set_up(&tls.read()?)
}

/// The rustls configuration of what the sources hold.
pub(crate) fn set_up(tls: &Material) -> Result<Arc<ServerConfig>, TlsError> {
    let refused = |what: &'static str| {
        move |error: Box<dyn std::error::Error + Send + Sync>| TlsError::Refused { what, source: error }
    };
    let chain = pem::certificates(CERT, &tls.cert)?;
    let key = pem::private_key(KEY, &tls.key)?;
    // The provider is named, not taken from the process: an application may link several.
    let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| refused("TLS versions")(error.into()))?;
    let builder = match &tls.client_ca {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let roots = pem::roots(CLIENT_CA, ca)?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|error| refused(CLIENT_CA)(error.into()))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|error| refused("server certificate and key")(error.into()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn both_protocols_are_offered() {
        let (cert, key) = identity();
        let config = config(&ServerTls::from_pem(cert.clone(), key).client_ca_pem(cert)).unwrap();
        assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
    }

    #[test]
    fn what_cannot_work_is_refused_before_any_connection() {
        let (cert, key) = identity();
        let (_, other_key) = identity();
        let error = |tls: &ServerTls| config(tls).unwrap_err().to_string();
        assert_eq!(
            error(&ServerTls::from_pem(cert.clone(), other_key)),
            "server certificate and key: not usable"
        );
        assert!(
            error(&ServerTls::from_pem("", key.clone()))
                .starts_with("server certificate: holds no certificate")
        );
        assert!(
            error(&ServerTls::from_pem(cert.clone(), "x")).starts_with("server key: holds no private key")
        );
        assert!(
            error(&ServerTls::from_files("/nonexistent.pem", "/nonexistent.key"))
                .contains("/nonexistent.pem")
        );
        let no_ca = ServerTls::from_pem(cert, key).client_ca_pem("");
        assert!(error(&no_ca).starts_with("client CA certificate: holds no certificate"));
    }
}
