//! The client's rustls configuration.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto::CryptoProvider};

use super::{TlsError, TlsOptions, pem};

const CA: &str = "CA certificate";
const CERT: &str = "client certificate";
const KEY: &str = "client key";

/// A configuration that verifies the server by `options`, and offers `alpn` in this order.
pub(crate) fn config(options: &TlsOptions, alpn: &[&[u8]]) -> Result<Arc<ClientConfig>, TlsError> {
    let roots = roots(options)?;
    // The provider is named, not taken from the process: an application may link several.
    let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Refused { what: "TLS versions", source: error.into() })?
        .with_root_certificates(roots);
    let mut config = match (&options.client_cert, &options.client_key) {
        (None, None) => builder.with_no_client_auth(),
        (Some(cert), Some(key)) => {
            let chain = pem::certificates(CERT, &cert.read(CERT)?)?;
            let key = pem::private_key(KEY, &key.read(KEY)?)?;
            builder.with_client_auth_cert(chain, key).map_err(|error| TlsError::Refused {
                what: "client certificate and key",
                source: error.into(),
            })?
        }
        (Some(_), None) => return Err(TlsError::HalfIdentity { missing: KEY }),
        (None, Some(_)) => return Err(TlsError::HalfIdentity { missing: CERT }),
    };
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(Arc::new(config))
}

/// Whom `options` trust.
pub(crate) fn roots(options: &TlsOptions) -> Result<RootCertStore, TlsError> {
    match &options.ca {
        Some(ca) => pem::roots(CA, &ca.read(CA)?),
        None => Ok(system_roots()),
    }
}

/// The system's trust store; Mozilla's where the system has none that can be read (containers often ship without).
fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_identity_is_refused() {
        let error = config(&TlsOptions::new().client_cert_pem("x"), &[]).unwrap_err();
        assert!(matches!(error, TlsError::HalfIdentity { missing: KEY }), "{error}");
        let error = config(&TlsOptions::new().client_key_pem("x"), &[]).unwrap_err();
        assert!(matches!(error, TlsError::HalfIdentity { missing: CERT }), "{error}");
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let options = TlsOptions::new()
            .client_cert_pem(signed.cert.pem())
            .client_key_pem(other.signing_key.serialize_pem());
        assert!(matches!(config(&options, &[]), Err(TlsError::Refused { .. })));
    }

    #[test]
    fn there_is_always_someone_to_trust() {
        assert!(!system_roots().is_empty());
        let config = config(&TlsOptions::new(), &[b"h2"]).unwrap();
        assert_eq!(config.alpn_protocols, [b"h2".to_vec()]);
    }
}
