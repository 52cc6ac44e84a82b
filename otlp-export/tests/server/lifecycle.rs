//! Starting and stopping.

use std::{sync::Arc, time::Duration};

use otlp_core::Batch;
use otlp_export::{Peer, Receiver, Server, ServerError, ServerLimits, Verdict};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::Semaphore};

use crate::client::{LOCAL, PROTOBUF, http1, http2, post, request, rest, spans, start};

fn accept(_: Batch, _: &Peer) -> Verdict {
    Verdict::Accepted
}

struct Slow {
    arrived: Arc<Semaphore>,
    leave: Arc<Semaphore>,
}

impl Receiver for Slow {
    async fn receive(&self, _: Batch, _: &Peer) -> Verdict {
        self.arrived.add_permits(1);
        self.leave.acquire().await.unwrap().forget();
        Verdict::Accepted
    }
}

#[tokio::test]
async fn a_shutdown_answers_what_is_in_work_and_takes_nothing_new() {
    let (arrived, leave) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let receiver = Slow { arrived: Arc::clone(&arrived), leave: Arc::clone(&leave) };
    let server = start(receiver, ServerLimits::default()).await;
    let address = server.http_addr().unwrap();
    let one = || vec![request("POST", "/v1/traces", &[("content-type", PROTOBUF)], spans(1))];
    let over_http1 = tokio::spawn(http1(TcpStream::connect(address).await.unwrap(), one()));
    let over_http2 = tokio::spawn(http2(TcpStream::connect(address).await.unwrap(), one()));
    let idle = TcpStream::connect(address).await.unwrap();
    arrived.acquire_many(2).await.unwrap().forget();
    let stopping =
        tokio::spawn(async move { (server.shutdown(Duration::from_secs(30)).await, server.stats()) });
    // An idle connection is closed at once: that tells us that the shutdown has begun.
    assert_eq!(rest(idle).await, "");
    assert!(TcpStream::connect(address).await.is_err());
    leave.add_permits(2);
    assert_eq!(over_http1.await.unwrap()[0].code, 200);
    assert_eq!(over_http2.await.unwrap()[0].code, 200);
    let (drained, stats) = stopping.await.unwrap();
    assert!(drained);
    assert_eq!((stats.open_connections(), stats.connections()), (0, 3));
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_ever() {
    let (arrived, leave) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let receiver = Slow { arrived: Arc::clone(&arrived), leave };
    let server = start(receiver, ServerLimits::default()).await;
    let address = server.http_addr().unwrap();
    let mut stuck = TcpStream::connect(address).await.unwrap();
    let body = spans(1);
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: {PROTOBUF}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stuck.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
    arrived.acquire().await.unwrap().forget();
    assert!(!server.shutdown(Duration::from_millis(20)).await);
    assert_eq!(rest(stuck).await, "");
    assert!(server.shutdown(Duration::ZERO).await, "nothing is left for a second call");
}

#[tokio::test]
async fn dropping_closes_the_port() {
    let server = start(accept, ServerLimits::default()).await;
    let address = server.http_addr().unwrap();
    assert_eq!(post(address, "/v1/traces", &[("content-type", PROTOBUF)], spans(1)).await.code, 200);
    let open = TcpStream::connect(address).await.unwrap();
    drop(server);
    assert_eq!(rest(open).await, "");
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let error = Server::builder(accept).start().await.unwrap_err();
    assert!(matches!(error, ServerError::NoAddress), "{error}");
    let taken = std::net::TcpListener::bind(LOCAL).unwrap();
    let address = taken.local_addr().unwrap();
    let error = Server::builder(accept).http(address).start().await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on {address} for OTLP/HTTP"));
    let source = std::error::Error::source(&error).unwrap().downcast_ref::<std::io::Error>().unwrap();
    assert_eq!(source.kind(), std::io::ErrorKind::AddrInUse);
}

#[test]
fn without_a_runtime_the_error_says_so() {
    let mut start = Box::pin(Server::builder(accept).http(LOCAL.parse().unwrap()).start());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match start.as_mut().poll(&mut context) {
        std::task::Poll::Ready(Err(error)) => assert!(matches!(error, ServerError::NoRuntime), "{error}"),
        other => panic!("{other:?}"),
    }
}
