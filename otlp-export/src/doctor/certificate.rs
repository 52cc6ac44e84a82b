//! The server's certificates: who they are for, who signed them, until when.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsFault, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::net::TcpStream;
use x509_parser::{extensions::GeneralName, prelude::*};

use super::finding::{Health, Remedy};
use crate::{Protocol, TlsOptions};

/// What a TLS handshake showed.
pub(super) enum Seen {
    /// A server with certificates.
    Certificates(Health, String, Option<Remedy>),
    /// No TLS is spoken there.
    Plain(String),
    /// No handshake, for another reason.
    Failed(String),
}

/// Certificates that run out sooner are worth a warning.
const SOON: Duration = Duration::from_secs(14 * 86_400);

/// Shakes hands, sends nothing, and tells what the server showed.
pub(super) async fn look(
    host: &str,
    address: SocketAddr,
    protocol: Protocol,
    tls: &TlsOptions,
    patience: Duration,
) -> Seen {
    let name = match ServerName::try_from(host.to_owned()) {
        Ok(name) => name,
        Err(error) => return Seen::Failed(error.to_string()),
    };
    let (config, recorder) = match config(tls, protocol) {
        Ok(made) => made,
        Err(problem) => return Seen::Failed(problem),
    };
    let handshake = async {
        let stream = TcpStream::connect(address).await?;
        tokio_rustls::TlsConnector::from(config).connect(name, stream).await.map(drop)
    };
    let error = match tokio::time::timeout(patience, handshake).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error),
        Err(_) => return Seen::Plain(format!("no handshake within {} ms", patience.as_millis())),
    };
    let seen = recorder.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some((chain, verdict)) = seen else {
        let Some(error) = error else { return Seen::Failed("no certificate was shown".to_owned()) };
        let fault = error.get_ref().and_then(|inner| inner.downcast_ref::<TlsFault>());
        return match fault {
            Some(TlsFault::InvalidMessage(_)) | None => Seen::Plain(error.to_string()),
            Some(_) => Seen::Failed(error.to_string()),
        };
    };
    let (mut health, mut text, mut remedy) = describe(&chain);
    if let Err(fault) = verdict {
        let (words, better) = explain(&fault, &chain);
        health = Health::Bad;
        text = format!("{words}: {text}");
        remedy = better;
    } else if let Some(error) = error {
        health = Health::Bad;
        text = format!("{error}: {text}");
        if error.to_string().to_ascii_lowercase().contains("certificate") {
            remedy = Some(Remedy::Identity);
        }
    }
    Seen::Certificates(health, text, remedy)
}

fn config(tls: &TlsOptions, protocol: Protocol) -> Result<(Arc<ClientConfig>, Arc<Recorder>), String> {
    let alpn: &[&[u8]] = if protocol == Protocol::Grpc { &[b"h2"] } else { &[b"h2", b"http/1.1"] };
    let config = crate::tls::client::config(tls, alpn).map_err(|error| error.to_string())?;
    let roots = crate::tls::client::roots(tls).map_err(|error| error.to_string())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| error.to_string())?;
    let recorder = Arc::new(Recorder { inner, seen: Mutex::default() });
    let mut config = Arc::unwrap_or_clone(config);
    config.dangerous().set_certificate_verifier(Arc::clone(&recorder) as Arc<dyn ServerCertVerifier>);
    Ok((Arc::new(config), recorder))
}

/// The certificates that were shown, and what the real verifier says of them.
type Shown = (Vec<CertificateDer<'static>>, Result<(), TlsFault>);

/// Keeps what it is shown, and decides as strictly as the real verifier does.
#[derive(Debug)]
struct Recorder {
    inner: Arc<WebPkiServerVerifier>,
    seen: Mutex<Option<Shown>>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsFault> {
        let verdict = self.inner.verify_server_cert(end_entity, intermediates, name, ocsp, now);
        let all = std::iter::once(end_entity).chain(intermediates);
        let chain = all.map(|certificate| certificate.clone().into_owned()).collect();
        let seen = (chain, verdict.as_ref().map(|_| ()).map_err(Clone::clone));
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsFault> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsFault> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Each certificate in a few words, the server's own first.
fn describe(chain: &[CertificateDer<'_>]) -> (Health, String, Option<Remedy>) {
    let now = SystemTime::now();
    let mut health = Health::Good;
    let mut words = Vec::new();
    for certificate in chain {
        let Ok((_, certificate)) = X509Certificate::from_der(certificate) else {
            words.push("a certificate that cannot be read".to_owned());
            continue;
        };
        let until = certificate.validity().not_after.timestamp();
        let until = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(until).unwrap_or(0));
        // Later dates cannot be written.
        let shown = until.min(SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799));
        if until < now + SOON {
            health = Health::Warning;
        }
        let (subject, issuer) = (certificate.subject().to_string(), certificate.issuer().to_string());
        let issuer = if subject == issuer { "itself".to_owned() } else { issuer };
        words.push(format!("{subject}, issued by {issuer}, until {}", httpdate::fmt_http_date(shown)));
    }
    (health, words.join("; "), None)
}

/// Why a chain is not to be trusted.
fn explain(fault: &TlsFault, chain: &[CertificateDer<'_>]) -> (String, Option<Remedy>) {
    let TlsFault::InvalidCertificate(fault) = fault else { return (fault.to_string(), None) };
    match fault {
        CertificateError::UnknownIssuer => (
            "no certificate authority that is trusted here signed this chain".to_owned(),
            Some(Remedy::Authority),
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let names = chain.first().map(|certificate| names(certificate)).unwrap_or_default();
            let list = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
            (format!("the certificate is for {list}, not for this host"), Some(Remedy::Name(names)))
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("the certificate has expired".to_owned(), None)
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("the certificate is not valid yet".to_owned(), Some(Remedy::Clock))
        }
        other => (other.to_string(), None),
    }
}

/// The hosts that a certificate is for.
fn names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return Vec::new() };
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return Vec::new() };
    let names = names.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    });
    names.take(20).collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(four).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|bytes| std::net::Ipv6Addr::from(bytes).to_string())
}
