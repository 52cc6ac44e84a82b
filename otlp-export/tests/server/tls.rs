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
