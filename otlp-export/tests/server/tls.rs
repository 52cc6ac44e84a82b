//! TLS and client certificates.

use std::sync::Arc;

use otlp_core::Batch;
use otlp_export::{Peer, Running, Server, ServerTls, Verdict};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::client::{LOCAL, PROTOBUF, http1, http2, raw, request, spans};

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate for a name, and its key, both PEM.
    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap(), key)
    }

    /// A client that trusts this authority.
    fn client(&self, alpn: &[u8], identity: Option<(rcgen::Certificate, KeyPair)>) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match identity {
            Some((certificate, key)) => {
                let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
                let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![alpn.to_vec()];
        TlsConnector::from(Arc::new(config))
    }

    async fn serve(&self, client_ca: Option<&Self>) -> Running {
        let (certificate, key) = self.issue("localhost");
        let mut tls = ServerTls::from_pem(certificate.pem(), key.serialize_pem());
        if let Some(authority) = client_ca {
            tls = tls.client_ca_pem(authority.0.pem());
        }
        let receiver = |_: Batch, peer: &Peer| {
            assert!(peer.is_tls());
            Verdict::Accepted
        };
        Server::builder(receiver).http(LOCAL.parse().unwrap()).tls(tls).start().await.unwrap()
    }
}

async fn connect(client: &TlsConnector, server: &Running) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(server.http_addr().unwrap()).await.unwrap();
    client.connect(ServerName::try_from("localhost").unwrap(), stream).await
}

fn one() -> Vec<http::Request<http_body_util::Full<bytes::Bytes>>> {
    vec![request("POST", "/v1/traces", &[("content-type", PROTOBUF)], spans(1))]
}

#[tokio::test]
async fn both_protocols_by_alpn() {
    let authority = Authority::new();
    let server = authority.serve(None).await;
    let stream = connect(&authority.client(b"h2", None), &server).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    assert_eq!(http2(stream, one()).await[0].code, 200);
    let stream = connect(&authority.client(b"http/1.1", None), &server).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert_eq!(http1(stream, one()).await[0].code, 200);
}

#[tokio::test]
async fn with_a_client_ca_only_its_clients_come_in() {
    let authority = Authority::new();
    let server = authority.serve(Some(&authority)).await;
    let known = authority.client(b"h2", Some(authority.issue("client")));
    assert_eq!(http2(connect(&known, &server).await.unwrap(), one()).await[0].code, 200);
    let stranger = Authority::new().issue("client");
    for identity in [None, Some(stranger)] {
        // With TLS 1.3 the refusal comes after the client's side of the handshake: at the first read.
        let client = authority.client(b"http/1.1", identity);
        if let Ok(stream) = connect(&client, &server).await {
            let (mut read, _write) = tokio::io::split(stream);
            let read = tokio::io::AsyncReadExt::read(&mut read, &mut [0; 1]).await;
            assert!(read.is_err(), "{read:?}");
        }
    }
    assert_eq!(server.stats().failed_handshakes(), 2);
}

#[tokio::test]
async fn plain_text_is_not_answered_in_plain_text() {
    let authority = Authority::new();
    let server = authority.serve(None).await;
    let answer = raw(server.http_addr().unwrap(), b"POST /v1/traces HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(!answer.contains("HTTP"), "{answer}");
    assert_eq!(server.stats().failed_handshakes(), 1);
    let stream = connect(&authority.client(b"h2", None), &server).await.unwrap();
    assert_eq!(http2(stream, one()).await[0].code, 200);
}

/// The certificate that the server shows to a new connection.
async fn shown(authority: &Authority, server: &Running) -> Vec<u8> {
    let stream = connect(&authority.client(b"h2", None), server).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

async fn from_files(dir: &std::path::Path, every: Option<std::time::Duration>) -> Running {
    let tls = ServerTls::from_files(dir.join("cert.pem"), dir.join("key.pem")).reload_every(every);
    let accept = |_: Batch, _: &Peer| Verdict::Accepted;
    Server::builder(accept).http(LOCAL.parse().unwrap()).tls(tls).start().await.unwrap()
}

/// Writes a new certificate and its key; gives what clients will see.
fn replace(authority: &Authority, dir: &std::path::Path) -> Vec<u8> {
    let (certificate, key) = authority.issue("localhost");
    std::fs::write(dir.join("cert.pem"), certificate.pem()).unwrap();
    std::fs::write(dir.join("key.pem"), key.serialize_pem()).unwrap();
    certificate.der().to_vec()
}

#[tokio::test]
async fn certificates_are_replaced_while_the_server_runs() {
    let (authority, dir) = (Authority::new(), tempfile::tempdir().unwrap());
    let first = replace(&authority, dir.path());
    let server = from_files(dir.path(), None).await;
    let open = connect(&authority.client(b"h2", None), &server).await.unwrap();
    assert_eq!(shown(&authority, &server).await, first);
    assert!(!server.reload_certificates().await.unwrap(), "nothing is new");
    let second = replace(&authority, dir.path());
    assert_eq!(shown(&authority, &server).await, first, "nobody looked yet");
    assert!(server.reload_certificates().await.unwrap());
    assert_eq!(shown(&authority, &server).await, second);
    assert_eq!(http2(open, one()).await[0].code, 200, "open connections go on");

    // Half-way through a replacement the key does not fit; a file may be missing, or hold nothing.
    for text in ["", &authority.issue("localhost").1.serialize_pem()] {
        std::fs::write(dir.path().join("key.pem"), text).unwrap();
        server.reload_certificates().await.unwrap_err();
    }
    std::fs::remove_file(dir.path().join("cert.pem")).unwrap();
    server.reload_certificates().await.unwrap_err();
    assert_eq!(shown(&authority, &server).await, second, "what cannot be used changes nothing");
    let third = replace(&authority, dir.path());
    assert!(server.reload_certificates().await.unwrap());
    assert_eq!(shown(&authority, &server).await, third);
    assert_eq!((server.stats().certificate_reloads(), server.stats().failed_certificate_reloads()), (2, 3));
}

#[tokio::test]
async fn new_certificates_are_found_by_looking_now_and_then() {
    let (authority, dir) = (Authority::new(), tempfile::tempdir().unwrap());
    replace(&authority, dir.path());
    let server = from_files(dir.path(), Some(std::time::Duration::from_millis(5))).await;
    let second = replace(&authority, dir.path());
    while shown(&authority, &server).await != second {
        tokio::task::yield_now().await;
    }
    assert!(
        server.shutdown(std::time::Duration::from_secs(30)).await,
        "the watch does not hold up a shutdown"
    );
}
