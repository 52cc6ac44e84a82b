//! Whom the client trusts, and who it says it is, over both transports.
#![cfg(all(feature = "testing", feature = "tls"))]
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod scripted;
mod tunnel;

use std::io::Write;

use otlp_export::{
    Client, ClientBuilder, ClientError, Config, Failure, FailureKind, Outcome, Protocol, Proxy, ServerTls,
    Signal, TlsError, TlsOptions,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use scripted::{Identity, Reply, Scripted, spans};
use tunnel::Tunnels;

/// A certificate authority of the test's own.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// Certificate and key for a name, as PEM.
    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let cert = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        (cert.pem(), key.serialize_pem())
    }

    /// A server under `name`; `clients` issues the certificates that it demands.
    fn server(&self, name: &str, alpn: &'static [&'static str], clients: Option<&Self>) -> Identity {
        let (cert, key) = self.issue(name);
        let tls = ServerTls::from_pem(cert, key);
        Identity {
            tls: if let Some(clients) = clients { tls.client_ca_pem(clients.pem()) } else { tls },
            alpn,
        }
    }
}

/// Every protocol of this build.
fn protocols() -> Vec<Protocol> {
    let mut protocols = vec![Protocol::HttpProtobuf, Protocol::HttpJson];
    if cfg!(feature = "grpc") {
        protocols.push(Protocol::Grpc);
    }
    protocols
}

fn success(protocol: Protocol) -> Reply {
    if protocol == Protocol::Grpc { Reply::grpc(&[]).trailer("grpc-status", 0) } else { Reply::status(200) }
}

async fn serve(protocol: Protocol, identity: Identity) -> Scripted {
    Scripted::tls([success(protocol)], &identity).await
}

fn to(server: &Scripted, protocol: Protocol, tls: TlsOptions) -> ClientBuilder {
    Client::builder()
        .protocol(protocol)
        .endpoint(&format!("https://localhost:{}", server.addr.port()))
        .tls(tls)
}

async fn send(server: &Scripted, protocol: Protocol, tls: TlsOptions) -> Outcome {
    to(server, protocol, tls).build().unwrap().send(&spans(3)).await.outcome
}

#[track_caller]
fn assert_refused(outcome: &Outcome, server: &Scripted) {
    assert_eq!(outcome.failure().map(Failure::kind), Some(FailureKind::Unreachable), "{outcome}");
    assert!(server.asked().is_empty(), "nothing was sent");
}

const ALPN: &[&str] = &["h2", "http/1.1"];

#[tokio::test]
async fn the_right_authority_is_trusted() {
    let ca = Authority::new();
    for protocol in protocols() {
        let server = serve(protocol, ca.server("localhost", ALPN, None)).await;
        let outcome = send(&server, protocol, TlsOptions::new().ca_pem(ca.pem())).await;
        assert_eq!(outcome, Outcome::Accepted, "{protocol}");
    }
}

#[tokio::test]
async fn another_authority_is_refused_and_the_message_says_so() {
    let (ca, other) = (Authority::new(), Authority::new());
    for protocol in protocols() {
        for tls in [TlsOptions::new().ca_pem(other.pem()), TlsOptions::new()] {
            let server = serve(protocol, ca.server("localhost", ALPN, None)).await;
            let outcome = send(&server, protocol, tls).await;
            assert_refused(&outcome, &server);
            assert!(outcome.to_string().contains("certificate"), "{protocol}: {outcome}");
        }
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let ca = Authority::new();
    for protocol in protocols() {
        let server = serve(protocol, ca.server("collector.example", ALPN, None)).await;
        let outcome = send(&server, protocol, TlsOptions::new().ca_pem(ca.pem())).await;
        assert_refused(&outcome, &server);
        assert!(outcome.to_string().contains("not valid for name"), "{protocol}: {outcome}");
    }
}

#[tokio::test]
async fn addresses_are_checked_as_names_are() {
    let ca = Authority::new();
    for protocol in protocols() {
        let server = serve(protocol, ca.server("127.0.0.1", ALPN, None)).await;
        let endpoint = format!("https://{}", server.addr);
        let tls = TlsOptions::new().ca_pem(ca.pem());
        let client = Client::builder().protocol(protocol).endpoint(&endpoint).tls(tls).build().unwrap();
        assert_eq!(client.send(&spans(3)).await.outcome, Outcome::Accepted, "{protocol}");
    }
}

#[tokio::test]
async fn mutual_tls_shows_the_clients_certificate() {
    let (ca, clients, strangers) = (Authority::new(), Authority::new(), Authority::new());
    for protocol in protocols() {
        let identity = |issuer: &Authority| {
            let (cert, key) = issuer.issue("client");
            TlsOptions::new().ca_pem(ca.pem()).client_cert_pem(cert).client_key_pem(key)
        };
        let server = serve(protocol, ca.server("localhost", ALPN, Some(&clients))).await;
        assert_refused(&send(&server, protocol, TlsOptions::new().ca_pem(ca.pem())).await, &server);
        assert_refused(&send(&server, protocol, identity(&strangers)).await, &server);
        assert_eq!(send(&server, protocol, identity(&clients)).await, Outcome::Accepted, "{protocol}");
    }
}

#[tokio::test]
async fn h2_http_takes_what_alpn_negotiates() {
    let ca = Authority::new();
    let best = if cfg!(feature = "grpc") { "HTTP/2.0" } else { "HTTP/1.1" };
    for (alpn, version) in [(ALPN, best), (&["http/1.1"][..], "HTTP/1.1"), (&[][..], "HTTP/1.1")] {
        let server = serve(Protocol::HttpProtobuf, ca.server("localhost", alpn, None)).await;
        let outcome = send(&server, Protocol::HttpProtobuf, TlsOptions::new().ca_pem(ca.pem())).await;
        assert_eq!(outcome, Outcome::Accepted);
        assert_eq!(server.asked_once().version, version);
    }
}

#[tokio::test]
async fn plaintext_and_tls_do_not_mix() {
    for protocol in protocols() {
        let server = Scripted::http1([]).await;
        let outcome = send(&server, protocol, TlsOptions::new()).await;
        assert_refused(&outcome, &server);
    }
}

#[tokio::test]
async fn certificate_files_named_by_the_environment_are_read_at_build() {
    let ca = Authority::new();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(ca.pem().as_bytes()).unwrap();
    let server = serve(Protocol::HttpProtobuf, ca.server("localhost", ALPN, None)).await;
    let endpoint = format!("https://localhost:{}", server.addr.port());
    let config = |path: &str| {
        Config::from_vars(|name| match name {
            "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(endpoint.clone()),
            "OTEL_EXPORTER_OTLP_CERTIFICATE" => Some(path.to_owned()),
            _ => None,
        })
    };
    let client = config(file.path().to_str().unwrap()).client(Signal::Traces).build().unwrap();
    assert_eq!(client.send(&spans(3)).await.outcome, Outcome::Accepted);
    let error = config("/nonexistent/ca.pem").client(Signal::Traces).build().unwrap_err();
    assert!(matches!(error, ClientError::Tls(TlsError::File { .. })), "{error}");
}

#[tokio::test]
async fn certificate_files_that_change_are_read_again_for_new_connections() {
    let (ca, clients, strangers) = (Authority::new(), Authority::new(), Authority::new());
    for protocol in protocols() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let put = |name: &str, text: &str| {
            // A new file under the old name, as those who replace certificates do.
            std::fs::write(path("new"), text).unwrap();
            std::fs::rename(path("new"), path(name)).unwrap();
        };
        let put_identity = |issuer: &Authority| {
            let (cert, key) = issuer.issue("client");
            put("cert", &cert);
            put("key", &key);
        };
        put("ca", &strangers.pem());
        put_identity(&strangers);
        let server = serve(protocol, ca.server("localhost", ALPN, Some(&clients))).await;
        let tls =
            TlsOptions::new().ca_file(path("ca")).client_cert_file(path("cert")).client_key_file(path("key"));
        let client = to(&server, protocol, tls).build().unwrap();
        let send = async || client.send(&spans(3)).await.outcome;
        assert_refused(&send().await, &server);
        put("ca", &ca.pem());
        assert_refused(&send().await, &server);
        put_identity(&clients);
        assert_eq!(send().await, Outcome::Accepted, "{protocol}");
        put("ca", "half a file");
        let connections = server.connections();
        server.push(success(protocol));
        assert_eq!(send().await, Outcome::Accepted, "no new connection, no look at the files");
        assert_eq!(server.connections(), connections);
        server.down();
        server.up();
        server.push(success(protocol));
        server.push(success(protocol));
        let outcomes = [send().await, send().await];
        assert_eq!(outcomes[1], Outcome::Accepted, "what was read before stays in use: {}", outcomes[0]);
    }
}

#[tokio::test]
async fn tls_goes_through_a_proxys_tunnel_and_to_the_proxy() {
    let ca = Authority::new();
    for protocol in protocols() {
        let server = serve(protocol, ca.server("collector.test", ALPN, None)).await;
        let plain = Tunnels::to(server.addr, None).await;
        let (cert, key) = ca.issue("localhost");
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(cert.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
            )
            .unwrap();
        let secure = Tunnels::tls(server.addr, config).await;
        for (url, proxy) in [
            (format!("http://{}", plain.address), &plain),
            (format!("https://localhost:{}", secure.address.port()), &secure),
        ] {
            server.push(success(protocol));
            let client = Client::builder()
                .protocol(protocol)
                .endpoint("https://collector.test")
                .tls(TlsOptions::new().ca_pem(ca.pem()))
                .proxy(Proxy::url(&url))
                .build()
                .unwrap();
            assert_eq!(client.send(&spans(3)).await.outcome, Outcome::Accepted, "{protocol} {url}");
            assert!(proxy.heads()[0].starts_with("CONNECT collector.test:443 HTTP/1.1\r\n"));
        }
        let url = format!("https://localhost:{}", secure.address.port());
        let client = Client::builder()
            .protocol(protocol)
            .endpoint("http://collector.test")
            .tls(TlsOptions::new().ca_pem(Authority::new().pem()))
            .proxy(Proxy::url(&url))
            .build()
            .unwrap();
        let outcome = client.send(&spans(3)).await.outcome;
        assert_eq!(outcome.failure().map(Failure::kind), Some(FailureKind::Proxy), "{outcome}");
        assert!(outcome.to_string().contains("certificate"), "{outcome}");
    }
}
