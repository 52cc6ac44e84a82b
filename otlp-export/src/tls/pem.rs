//! PEM in, rustls' types out, with messages that name the setting.

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use super::{Source, TlsError};

impl Source {
    /// The text itself; reads the file if it is one.
    pub(crate) fn read(&self, what: &'static str) -> Result<bytes::Bytes, TlsError> {
        match self {
            Self::Pem(pem) => Ok(pem.clone()),
            Self::File(path) => std::fs::read(path)
                .map(bytes::Bytes::from)
                .map_err(|source| TlsError::File { what, path: path.clone(), source }),
        }
    }
}

/// Every certificate in the text; at least one.
pub(crate) fn certificates(what: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| TlsError::Pem { what, problem: format!("not PEM: {error}") })?;
    if certificates.is_empty() {
        return Err(TlsError::Pem {
            what,
            problem: "holds no certificate (-----BEGIN CERTIFICATE-----)".into(),
        });
    }
    Ok(certificates)
}

/// The first private key in the text.
pub(crate) fn private_key(what: &'static str, pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(pem)
        .map_err(|error| TlsError::Pem { what, problem: format!("holds no private key: {error}") })
}

/// A trust store of exactly the certificates in the text.
pub(crate) fn roots(what: &'static str, pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(what, pem)? {
        roots.add(certificate).map_err(|error| TlsError::Refused { what, source: error.into() })?;
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let error = certificates("CA certificate", b"no pem here").unwrap_err();
        assert_eq!(error.to_string(), "CA certificate: holds no certificate (-----BEGIN CERTIFICATE-----)");
        assert!(
            private_key("client key", b"")
                .unwrap_err()
                .to_string()
                .starts_with("client key: holds no private key")
        );
        let source = Source::File("/nonexistent/ca.pem".into());
        assert_eq!(
            source.read("CA certificate").unwrap_err().to_string(),
            "CA certificate: cannot read /nonexistent/ca.pem"
        );
    }

    #[test]
    fn certificates_that_are_not_x509_are_refused() {
        let pem = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(roots("CA certificate", pem), Err(TlsError::Refused { .. })));
    }
}
