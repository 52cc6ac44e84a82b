//! The client's ways to its server: sockets, several addresses, proxies, certificates that change.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod scripted;
mod tunnel;

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use otlp_export::{
    Balance, Client, ClientBuilder, ClientError, Failure, FailureKind, Outcome, Protocol, Proxy,
    testing::{Gate, Reply, ScriptedServer},
};
use scripted::spans;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tunnel::Tunnels;

/// Every protocol of this build.
fn protocols() -> Vec<Protocol> {
    let mut protocols = vec![Protocol::HttpProtobuf, Protocol::HttpJson];
    if cfg!(feature = "grpc") {
        protocols.push(Protocol::Grpc);
    }
    protocols
}

fn server() -> ScriptedServer {
    ScriptedServer::start([]).unwrap()
}

fn kind(outcome: &Outcome) -> Option<FailureKind> {
    outcome.failure().map(Failure::kind)
}

async fn send(client: &Client) -> Outcome {
    client.send(&spans(3)).await.outcome
}

#[track_caller]
fn assert_counts<const N: usize>(servers: &[&ScriptedServer; N], expected: [usize; N]) {
    assert_eq!(servers.map(|server| server.received().len()), expected);
}

/// A resolver that the test writes to: a name without a list is not found. It counts its calls.
#[derive(Clone, Default)]
struct Names {
    lists: Arc<Mutex<HashMap<String, Vec<SocketAddr>>>>,
    calls: Arc<AtomicUsize>,
}

impl Names {
    fn set(&self, name: &str, servers: &[&ScriptedServer]) {
        let addresses = servers.iter().map(|server| server.address()).collect();
        self.lists.lock().unwrap().insert(name.to_owned(), addresses);
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    fn on(&self, builder: ClientBuilder) -> ClientBuilder {
        let names = self.clone();
        builder.proxy(Proxy::none()).resolver(move |name, _| {
            names.calls.fetch_add(1, Ordering::Relaxed);
            let lists = names.lists.lock().unwrap();
            lists.get(name).cloned().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such name"))
        })
    }

    fn client(&self, protocol: Protocol) -> ClientBuilder {
        self.on(Client::builder().protocol(protocol).endpoint("http://collector.test:4318"))
    }
}

#[cfg(unix)]
#[tokio::test]
async fn unix_sockets_carry_every_protocol() {
    let directory = tempfile::tempdir().unwrap();
    for (number, protocol) in protocols().into_iter().enumerate() {
        let server = server();
        let path = directory.path().join(format!("{number}.sock"));
        let listener = tokio::net::UnixListener::bind(&path).unwrap();
        let address = server.address();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut tcp = TcpStream::connect(address).await.unwrap();
                    let _ = copy_bidirectional(&mut socket, &mut tcp).await;
                });
            }
        });
        for scheme in ["unix:", "unix://"] {
            let endpoint = format!("{scheme}{}", path.display());
            let client = Client::builder().protocol(protocol).endpoint(&endpoint).build().unwrap();
            assert!(format!("{client:?}").contains("unix:/"), "{client:?}");
            for _ in 0..2 {
                assert_eq!(send(&client).await, Outcome::Accepted, "{protocol} {scheme}");
            }
        }
        let received = server.received();
        let signal = otlp_export::Signal::Traces;
        let expected = if protocol == Protocol::Grpc { signal.grpc_path() } else { signal.http_path() };
        assert!(received.iter().all(|received| received.path == expected));
        assert_eq!(server.connections(), 2, "one a client");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_socket_that_is_not_there_is_named_and_retryable() {
    for protocol in protocols() {
        let client =
            Client::builder().protocol(protocol).endpoint("unix:/nonexistent/otlp.sock").build().unwrap();
        let outcome = send(&client).await;
        assert_eq!((kind(&outcome), outcome.is_retryable()), (Some(FailureKind::Unreachable), true));
        assert!(outcome.to_string().contains("/nonexistent/otlp.sock"), "{outcome}");
    }
}

#[tokio::test]
async fn round_robin_takes_every_address_in_turn_by_one_connection_each() {
    for protocol in protocols() {
        let (names, servers) = (Names::default(), [&server(), &server(), &server()]);
        names.set("collector.test", &servers);
        let client = names.client(protocol).balance(Balance::RoundRobin).build().unwrap();
        for _ in 0..12 {
            assert_eq!(send(&client).await, Outcome::Accepted, "{protocol}");
        }
        assert_counts(&servers, [4, 4, 4]);
        assert_eq!(servers.map(ScriptedServer::connections), [1, 1, 1], "{protocol}");
        assert_eq!(names.calls(), 3, "one lookup a connection");
    }
}

#[tokio::test]
async fn an_address_that_refuses_is_passed_over_and_nothing_is_lost() {
    for protocol in protocols() {
        for balance in [Balance::RoundRobin, Balance::Failover] {
            let (names, servers) = (Names::default(), [&server(), &server()]);
            names.set("collector.test", &servers);
            servers[0].down();
            let client = names.client(protocol).balance(balance).build().unwrap();
            for _ in 0..4 {
                assert_eq!(send(&client).await, Outcome::Accepted, "{protocol} {balance:?}");
            }
            assert_counts(&servers, [0, 4]);
        }
    }
}

#[tokio::test]
async fn a_name_that_moves_is_followed_after_a_failure() {
    for protocol in protocols() {
        let (names, old, new) = (Names::default(), server(), server());
        let client = names.client(protocol).build().unwrap();
        let outcome = send(&client).await;
        assert_eq!((kind(&outcome), outcome.is_retryable()), (Some(FailureKind::Unreachable), true));
        assert!(outcome.to_string().contains("collector.test: no address: no such name"), "{outcome}");
        names.set("collector.test", &[&old]);
        assert_eq!(send(&client).await, Outcome::Accepted, "{protocol}");
        names.set("collector.test", &[&new]);
        assert_eq!(send(&client).await, Outcome::Accepted, "the connection is kept while it works");
        old.down();
        // The connection's end may be seen before the next request or by it.
        let outcomes = [send(&client).await, send(&client).await];
        assert!(outcomes[0].is_delivered() || outcomes[0].is_retryable(), "{}", outcomes[0]);
        assert_eq!(outcomes[1], Outcome::Accepted);
        assert!(!new.received().is_empty());
    }
}

#[tokio::test]
async fn old_connections_get_no_new_requests_and_finish_those_under_way() {
    for protocol in protocols() {
        let (names, old, new) = (Names::default(), server(), server());
        names.set("collector.test", &[&old]);
        let client = names.client(protocol).max_connection_age(Duration::from_millis(200)).build().unwrap();
        let gate = Gate::new();
        old.push(Reply::accepted().behind(&gate));
        let slow = tokio::spawn({
            let client = client.clone();
            async move { send(&client).await }
        });
        while old.received().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        names.set("collector.test", &[&new]);
        tokio::time::sleep(Duration::from_millis(250)).await;
        assert_eq!(send(&client).await, Outcome::Accepted);
        gate.open();
        assert_eq!(slow.await.unwrap(), Outcome::Accepted, "{protocol}");
        assert_counts(&[&old, &new], [1, 1]);
    }
}

#[tokio::test]
async fn several_endpoints_stand_in_for_one_another_or_share() {
    for protocol in protocols() {
        let servers = [&server(), &server()];
        let urls = servers.map(ScriptedServer::url);
        let urls: Vec<_> = urls.iter().map(String::as_str).collect();
        let builder = Client::builder().protocol(protocol).endpoints(&urls);
        let client = builder.clone().build().unwrap();
        assert_eq!(send(&client).await, Outcome::Accepted);
        assert_counts(&servers, [1, 0]);
        servers[0].down();
        let outcomes = [send(&client).await, send(&client).await];
        assert_eq!(outcomes[1], Outcome::Accepted, "{protocol}: {}", outcomes[0]);
        servers[0].up();
        assert_eq!(send(&client).await, Outcome::Accepted, "who failed is passed over for a while");
        assert_eq!(servers[0].received().len(), 1);
        let before = servers.map(|server| server.received().len());
        let client = builder.clone().balance(Balance::RoundRobin).build().unwrap();
        for _ in 0..4 {
            assert_eq!(send(&client).await, Outcome::Accepted);
        }
        assert_counts(&servers, [before[0] + 2, before[1] + 2]);
        servers.iter().for_each(|server| server.down());
        let outcome = send(&builder.build().unwrap()).await;
        assert_eq!(kind(&outcome), Some(FailureKind::Unreachable));
        assert!(urls.iter().all(|url| outcome.to_string().contains(*url)), "{outcome}");
    }
    let error = Client::builder().endpoints(&[]).build().unwrap_err();
    assert!(matches!(error, ClientError::Endpoint { .. }), "{error}");
}

#[tokio::test]
async fn an_endpoint_that_never_connects_leaves_time_for_the_next() {
    let server = server();
    // The resolver of the first one hangs; the second one is an address.
    let client = Client::builder()
        .endpoints(&["http://silent.test:4318", &server.url()])
        .proxy(Proxy::none())
        .resolver(|_, _| {
            std::thread::sleep(Duration::from_millis(1500));
            Err(io::ErrorKind::TimedOut.into())
        })
        .timeout(Duration::from_secs(2))
        .build()
        .unwrap();
    assert_eq!(send(&client).await, Outcome::Accepted);
}

#[tokio::test]
async fn an_endpoint_that_takes_requests_and_never_answers_is_passed_over() {
    for protocol in protocols() {
        let servers = [&server(), &server()];
        servers[0].otherwise(Reply::hang());
        let urls = servers.map(ScriptedServer::url);
        let urls: Vec<_> = urls.iter().map(String::as_str).collect();
        let builder = Client::builder().protocol(protocol).endpoints(&urls);
        let client = builder.timeout(Duration::from_millis(500)).build().unwrap();
        assert_eq!(kind(&send(&client).await), Some(FailureKind::TimedOut), "{protocol}");
        for _ in 0..2 {
            assert_eq!(send(&client).await, Outcome::Accepted, "{protocol}");
        }
        assert_counts(&servers, [1, 2]);
    }
}

#[tokio::test]
async fn a_server_that_restarts_fifty_times_gets_every_request() {
    for protocol in protocols() {
        let server = server();
        let client = Client::builder().protocol(protocol).endpoint(&server.url()).build().unwrap();
        let mut failures = 0;
        for _ in 0..50 {
            while !send(&client).await.is_delivered() {
                failures += 1;
            }
            server.down();
            server.up();
        }
        assert_eq!(server.received().len(), 50, "{protocol}: none twice");
        assert!(
            failures <= 50,
            "{protocol}: {failures} sends hit a connection that was gone, one a restart at most"
        );
    }
}

#[tokio::test]
async fn proxies_are_gone_through_by_connect_for_every_protocol() {
    for protocol in protocols() {
        let server = server();
        let proxy = Tunnels::to(server.address(), Some("Basic dTpwQHNz")).await;
        let url = format!("http://u:p%40ss@{}", proxy.address);
        let client = Client::builder()
            .protocol(protocol)
            .endpoint("http://collector.test:4318")
            .proxy(Proxy::url(&url))
            .header("authorization", "Bearer secret")
            .build()
            .unwrap();
        for _ in 0..2 {
            assert_eq!(send(&client).await, Outcome::Accepted, "{protocol}");
        }
        let [head] = &proxy.heads()[..] else { panic!("one tunnel for both requests") };
        assert!(head.starts_with("CONNECT collector.test:4318 HTTP/1.1\r\n"), "{head}");
        assert!(!head.contains("secret"), "the server's headers are not the proxy's");
        assert_eq!(server.received().len(), 2);
    }
}

#[tokio::test]
async fn what_the_proxy_does_is_told_from_what_the_server_does() {
    for protocol in protocols() {
        let server = server();
        let builder = || Client::builder().protocol(protocol).endpoint("http://collector.test:4318");
        let proxy = Tunnels::to(server.address(), Some("Basic other")).await;
        let url = format!("http://u:hunter2@{}", proxy.address);
        let outcome = send(&builder().proxy(Proxy::url(&url)).build().unwrap()).await;
        assert_eq!((kind(&outcome), outcome.is_retryable()), (Some(FailureKind::Proxy), true), "{outcome}");
        assert_eq!(
            outcome.to_string(),
            format!(
                "to be retried: proxy: http://{}: no tunnel to collector.test:4318: HTTP status 407, credentials are missing or wrong",
                proxy.address
            )
        );
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let outcome = send(&builder().proxy(Proxy::url(&gone.to_string())).build().unwrap()).await;
        assert_eq!(kind(&outcome), Some(FailureKind::Proxy), "{outcome}");
        assert!(outcome.to_string().contains("refused"), "{outcome}");
        let excepted = Proxy::url(&gone.to_string()).except("127.0.0.0/8");
        let client =
            Client::builder().protocol(protocol).endpoint(&server.url()).proxy(excepted).build().unwrap();
        assert_eq!(send(&client).await, Outcome::Accepted);
        server.push(Reply::retry_later(None));
        let open = Tunnels::to(server.address(), None).await;
        let client = builder().proxy(Proxy::url(&format!("http://{}", open.address))).build().unwrap();
        assert!(!matches!(kind(&send(&client).await), None | Some(FailureKind::Proxy)));
    }
    let error = Client::builder().endpoint("http://h").proxy(Proxy::url("socks5://p")).build().unwrap_err();
    assert!(error.to_string().contains("SOCKS"), "{error}");
}

#[test]
fn credentials_in_plaintext_to_another_host_are_a_warning() {
    let builder = |url: &str| Client::builder().endpoint(url);
    let texts = |builder: ClientBuilder| {
        builder.build().unwrap().warnings().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let secret = |builder: ClientBuilder| builder.header("Authorization", "Bearer hunter2");
    let told = "authorization goes to another host over plaintext http, where anyone on the way can read it";
    assert_eq!(texts(secret(builder("http://collector.test"))), [format!("header: {told}")]);
    assert_eq!(texts(builder("http://collector.test").headers_with(|_| {})).len(), 1);
    assert!(texts(builder("http://collector.test").header("x-tenant", "1")).is_empty());
    assert!(texts(secret(builder("http://localhost:4318"))).is_empty());
    #[cfg(feature = "tls")]
    assert!(texts(secret(builder("https://collector.test"))).is_empty());
}
