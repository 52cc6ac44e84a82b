//! Sizes, times and counts that the server keeps, from outside.

use std::{sync::Arc, time::Duration};

use otlp_compress::{Codec, Level, compress};
use otlp_core::{Batch, Limits, Signal, rpc::ExportResponse};
use otlp_export::{Peer, Receiver, Refusal, ServerLimits, Verdict};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
};

use crate::client::{JSON, PROTOBUF, field, post, raw, request, rest, spans, start};

const SHORT: Duration = Duration::from_millis(50);

fn accept(_: Batch, _: &Peer) -> Verdict {
    Verdict::Accepted
}

/// A request's head with this much announced.
fn head(length: usize, extra: &str) -> String {
    format!(
        "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: {JSON}\r\ncontent-length: {length}\r\n{extra}\r\n"
    )
}

#[tokio::test]
async fn h5_a_client_that_writes_all_before_it_reads_gets_the_413_and_keeps_its_connection() {
    let limits = ServerLimits::default().with_max_wire_bytes(16 << 20);
    let server = start(accept, limits).await;
    let large = vec![0; 25 << 20];
    for announced in [true, false] {
        let mut stream = TcpStream::connect(server.http_addr().unwrap()).await.unwrap();
        if announced {
            stream.write_all(head(large.len(), "").as_bytes()).await.unwrap();
            stream.write_all(&large).await.unwrap();
        } else {
            let head = head(0, "transfer-encoding: chunked\r\n").replace("content-length: 0\r\n", "");
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(format!("{:x}\r\n", large.len()).as_bytes()).await.unwrap();
            stream.write_all(&large).await.unwrap();
            stream.write_all(b"\r\n0\r\n\r\n").await.unwrap();
        }
        let mut second = head(2, "connection: close\r\n").into_bytes();
        second.extend(b"{}");
        stream.write_all(&second).await.unwrap();
        let answers = rest(stream).await;
        assert!(answers.starts_with("HTTP/1.1 413"), "{answers}");
        assert!(answers.contains("the limit is 16777216 (max_wire_bytes)"), "{answers}");
        assert!(answers.contains("HTTP/1.1 200"), "{answers}");
    }
    assert_eq!(server.stats().refused(Refusal::TooLarge), 2);
}

#[tokio::test]
async fn h5_sixty_five_mebibytes_in_pieces_get_their_413() {
    let server = start(accept, ServerLimits::default()).await;
    let mut stream = TcpStream::connect(server.http_addr().unwrap()).await.unwrap();
    let piece = vec![b' '; 1 << 20];
    stream.write_all(head(65 * piece.len(), "connection: close\r\n").as_bytes()).await.unwrap();
    for _ in 0..65 {
        stream.write_all(&piece).await.unwrap();
        tokio::task::yield_now().await;
    }
    let answer = rest(stream).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("67108864 (max_wire_bytes)"), "{answer}");
}

#[tokio::test]
async fn a_million_attributes_are_only_bytes() {
    let server = start(accept, ServerLimits::default()).await;
    let attributes: Vec<u8> = (0..1_000_000_u32)
        .flat_map(|index| field(9, &[field(1, format!("k{index}").as_bytes()), field(2, &[])].concat()))
        .collect();
    let body = crate::client::spans_of(&field(2, &attributes));
    let address = server.http_addr().unwrap();
    for content_type in [PROTOBUF, JSON] {
        let body = if content_type == JSON {
            let keys: Vec<String> = (0..1_000_000).map(|index| format!("{{\"key\":\"k{index}\"}}")).collect();
            let spans = format!("[{{\"attributes\":[{}]}}]", keys.join(","));
            format!("{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":{spans}}}]}}]}}").into_bytes()
        } else {
            body.clone()
        };
        assert_eq!(post(address, "/v1/traces", &[("content-type", content_type)], body).await.code, 200);
    }
    assert_eq!(server.stats().signal(Signal::Traces).items, 2);
}

#[tokio::test]
async fn a_client_that_waits_for_leave_is_refused_before_it_sends() {
    let server = start(accept, ServerLimits::default().with_max_wire_bytes(1000)).await;
    let mut stream = TcpStream::connect(server.http_addr().unwrap()).await.unwrap();
    stream.write_all(head(1001, "expect: 100-continue\r\n").as_bytes()).await.unwrap();
    let answer = rest(stream).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");

    let mut stream = TcpStream::connect(server.http_addr().unwrap()).await.unwrap();
    stream.write_all(head(2, "expect: 100-continue\r\nconnection: close\r\n").as_bytes()).await.unwrap();
    let mut leave = [0; 25];
    stream.read_exact(&mut leave).await.unwrap();
    assert_eq!(&leave, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"{}").await.unwrap();
    assert!(rest(stream).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn h5_the_limits_are_exact_before_and_after_decompression() {
    let body = spans(500);
    let coded = compress(Codec::Gzip, Level::Default, &body).unwrap();
    let gzip = [("content-type", PROTOBUF), ("content-encoding", "gzip")];
    for (wire, message, plain_code, gzip_code) in [
        (body.len(), body.len(), 200, 200),
        (body.len() - 1, body.len(), 413, 200),
        (body.len(), body.len() - 1, 413, 413),
        (coded.len(), body.len(), 413, 200),
        (coded.len() - 1, body.len(), 413, 413),
    ] {
        let limits = ServerLimits::default()
            .with_max_wire_bytes(wire)
            .with_message(Limits::default().with_max_bytes(message));
        let server = start(accept, limits).await;
        let address = server.http_addr().unwrap();
        let plain = post(address, "/v1/traces", &gzip[..1], body.clone()).await;
        assert_eq!(plain.code, plain_code, "{wire} {message}");
        let compressed = post(address, "/v1/traces", &gzip, coded.clone()).await;
        assert_eq!(compressed.code, gzip_code, "{wire} {message}");
        for reply in [plain, compressed].iter().filter(|reply| reply.code == 413) {
            assert_eq!(reply.header("content-type"), PROTOBUF);
            let status = reply.status();
            assert_eq!((status.code, status.retry_delay), (8, None));
        }
    }
}

/// The most memory that this process has held, in bytes.
#[cfg(target_os = "linux")]
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn h5_bombs_are_413_in_bounded_memory() {
    let limit = 16 << 20;
    let limits = ServerLimits::default().with_message(Limits::default().with_max_bytes(limit));
    let server = start(accept, limits).await;
    // Many small members make a bomb of a gigabyte out of little; one large member is the other form, and all that deflate and
    // snappy know.
    let mebibyte = vec![0; 1 << 20];
    for &codec in Codec::supported().iter().filter(|&&codec| codec != Codec::Identity) {
        let bomb = match codec {
            Codec::Deflate | Codec::Snappy => compress(codec, Level::Fastest, &vec![0; 256 << 20]).unwrap(),
            _ => compress(codec, Level::Smallest, &mebibyte).unwrap().repeat(1024).into(),
        };
        assert!(bomb.len() < 64 << 20, "{codec}: {}", bomb.len());
        let before = peak_memory();
        let headers = [("content-type", PROTOBUF), ("content-encoding", codec.content_coding())];
        let reply = post(server.http_addr().unwrap(), "/v1/traces", &headers, bomb).await;
        assert_eq!(reply.code, 413, "{codec}");
        // Other tests of this process may hold some too; the bomb would be a gigabyte.
        let grown = peak_memory() - before;
        assert!(grown < 256 << 20, "{codec}: {grown} bytes for a limit of {limit}");
    }
    assert_eq!(
        post(server.http_addr().unwrap(), "/v1/traces", &[("content-type", PROTOBUF)], spans(1)).await.code,
        200
    );
}

#[tokio::test]
async fn a_body_that_does_not_come_is_408() {
    let server = start(accept, ServerLimits::default().with_body_timeout(SHORT)).await;
    let mut stream = TcpStream::connect(server.http_addr().unwrap()).await.unwrap();
    stream.write_all(head(100, "").as_bytes()).await.unwrap();
    stream.write_all(b"{").await.unwrap();
    // Not closed by us: the server speaks because its time is over.
    let answer = rest(stream).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("body_timeout"), "{answer}");
    assert_eq!(server.stats().refused(Refusal::Timeout), 1);
}

#[tokio::test]
async fn a_head_that_does_not_end_loses_its_connection() {
    let server = start(accept, ServerLimits::default().with_header_timeout(SHORT)).await;
    for part in ["POST /v1/tra", "P", "POST /v1/traces HTTP/1.1\r\nhost: x\r\n"] {
        let mut stream = TcpStream::connect(server.http_addr().unwrap()).await.unwrap();
        stream.write_all(part.as_bytes()).await.unwrap();
        assert_eq!(rest(stream).await, "", "{part}");
    }
}

#[tokio::test]
async fn idle_connections_are_closed() {
    let server =
        start(accept, ServerLimits::default().with_idle_timeout(SHORT).with_header_timeout(SHORT)).await;
    let silent = TcpStream::connect(server.http_addr().unwrap()).await.unwrap();
    assert_eq!(rest(silent).await, "");
    let mut used = TcpStream::connect(server.http_addr().unwrap()).await.unwrap();
    used.write_all(head(2, "").as_bytes()).await.unwrap();
    used.write_all(b"{}").await.unwrap();
    assert!(rest(used).await.starts_with("HTTP/1.1 200"));
    let mut http2 = TcpStream::connect(server.http_addr().unwrap()).await.unwrap();
    http2.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    rest(http2).await;
}

#[tokio::test]
async fn a_client_that_closes_its_sending_side_still_gets_its_answer() {
    let server = start(accept, ServerLimits::default()).await;
    let mut whole = head(2, "").into_bytes();
    whole.extend(b"{}");
    let answer = raw(server.http_addr().unwrap(), &whole).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // Half of a body: whatever it gets, it is not success, and the server lives.
    let mut half = head(100, "").into_bytes();
    half.extend(b"{");
    let answer = raw(server.http_addr().unwrap(), &half).await;
    assert!(!answer.contains("200 OK"), "{answer}");
    assert_eq!(server.stats().refused(Refusal::Malformed), 1);
    assert_eq!(server.stats().signal(Signal::Traces).requests, 1);
}

/// A receiver that says how many requests it holds and keeps each until it is told.
struct Gate {
    arrived: Arc<Semaphore>,
    leave: Arc<Semaphore>,
}

impl Receiver for Gate {
    async fn receive(&self, _: Batch, _: &Peer) -> Verdict {
        self.arrived.add_permits(1);
        self.leave.acquire().await.unwrap().forget();
        Verdict::Accepted
    }
}

fn gate() -> (Gate, Arc<Semaphore>, Arc<Semaphore>) {
    let (arrived, leave) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    (Gate { arrived: Arc::clone(&arrived), leave: Arc::clone(&leave) }, arrived, leave)
}

#[tokio::test]
async fn h12_g15_over_the_budget_is_503_with_a_time_to_wait() {
    let (receiver, arrived, leave) = gate();
    let body = spans(1000);
    let limits = ServerLimits::default().with_max_in_flight_bytes(body.len() * 3 / 2);
    let server = start(receiver, limits).await;
    let address = server.http_addr().unwrap();
    let first = tokio::spawn({
        let body = body.clone();
        async move { post(address, "/v1/traces", &[("content-type", PROTOBUF)], body).await }
    });
    arrived.acquire().await.unwrap().forget();
    let second = post(address, "/v1/traces", &[("content-type", PROTOBUF)], body.clone()).await;
    assert_eq!((second.code, second.header("retry-after")), (503, "1"));
    let status = second.status();
    assert_eq!((status.code, status.retry_delay), (14, Some(Duration::from_secs(1))));
    assert!(status.message.contains("max_in_flight_bytes"));
    leave.add_permits(2);
    assert_eq!(first.await.unwrap().code, 200);
    assert_eq!(post(address, "/v1/traces", &[("content-type", PROTOBUF)], body).await.code, 200);
    assert_eq!(server.stats().refused(Refusal::Overloaded), 1);
}

#[tokio::test]
async fn a_receiver_that_takes_too_long_is_504() {
    let (receiver, _arrived, _leave) = gate();
    let server = start(receiver, ServerLimits::default().with_receive_timeout(SHORT)).await;
    let reply =
        post(server.http_addr().unwrap(), "/v1/traces", &[("content-type", PROTOBUF)], spans(1)).await;
    assert_eq!((reply.code, reply.status().code), (504, 4));
}

#[tokio::test]
async fn a_client_that_goes_away_frees_its_bytes() {
    let (receiver, arrived, leave) = gate();
    let body = spans(1000);
    let server = start(receiver, ServerLimits::default().with_max_in_flight_bytes(body.len())).await;
    let address = server.http_addr().unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let requests = vec![request("POST", "/v1/traces", &[("content-type", PROTOBUF)], body.clone())];
    let gone = tokio::spawn(crate::client::http2(stream, requests));
    arrived.acquire().await.unwrap().forget();
    gone.abort();
    let _ = gone.await;
    // The stream of the aborted client is reset; its bytes come back with the dropped future.
    leave.add_permits(1000);
    while post(address, "/v1/traces", &[("content-type", PROTOBUF)], body.clone()).await.code != 200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn connections_over_the_maximum_wait_for_a_place() {
    let server = start(accept, ServerLimits::default().with_max_connections(1)).await;
    let address = server.http_addr().unwrap();
    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(head(2, "").as_bytes()).await.unwrap();
    first.write_all(b"{}").await.unwrap();
    let mut some = [0; 15];
    first.read_exact(&mut some).await.unwrap();
    let second =
        tokio::spawn(
            async move { post(address, "/v1/traces", &[("content-type", PROTOBUF)], spans(1)).await },
        );
    let mut second_connected = TcpStream::connect(address).await.unwrap();
    second_connected.shutdown().await.unwrap();
    assert_eq!(server.stats().connections(), 1);
    drop(first);
    assert_eq!(second.await.unwrap().code, 200);
}

#[tokio::test]
async fn g5_h7_long_messages_are_cut_to_the_response_limit() {
    let message = "größer als erlaubt; ".repeat(1000);
    let text = message.clone();
    let receiver = move |_: Batch, _: &Peer| Verdict::partial(1, text.clone());
    let server = start(receiver, ServerLimits::default().with_max_response_bytes(1000)).await;
    let address = server.http_addr().unwrap();
    for content_type in [PROTOBUF, JSON] {
        let body = if content_type == JSON { ONE_SPAN.as_bytes().to_vec() } else { spans(1) };
        let reply = post(address, "/v1/traces", &[("content-type", content_type)], body).await;
        assert_eq!(reply.code, 200);
        assert!(reply.body.len() <= 1000 && reply.body.len() > 300, "{}", reply.body.len());
        let response = if content_type == JSON {
            ExportResponse::from_json(Signal::Traces, &reply.body).unwrap()
        } else {
            ExportResponse::decode(Signal::Traces, &reply.body).unwrap()
        };
        assert_eq!(response.rejected, 1);
        assert!(message.starts_with(&response.message));
    }
    let receiver = |_: Batch, _: &Peer| Verdict::partial(1, "x");
    let server = start(receiver, ServerLimits::default().with_max_response_bytes(3)).await;
    let reply =
        post(server.http_addr().unwrap(), "/v1/traces", &[("content-type", PROTOBUF)], spans(1)).await;
    assert_eq!((reply.code, reply.status().code), (500, 8));
}

const ONE_SPAN: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}"#;

#[tokio::test]
async fn depth_and_items_are_limits_of_the_message() {
    let message = Limits::default().with_max_depth(4).with_max_items(10);
    let server = start(accept, ServerLimits::default().with_message(message)).await;
    let send = |body: Vec<u8>| {
        let address = server.http_addr().unwrap();
        async move { post(address, "/v1/traces", &[("content-type", PROTOBUF)], body).await }
    };
    assert_eq!(send(spans(10)).await.code, 200);
    let many = send(spans(11)).await;
    assert_eq!(many.code, 400);
    assert!(many.status().message.contains("max_items"));
    let deep = crate::client::spans_of(&field(2, &field(9, &field(2, &field(1, b"v")))));
    let deep = send(deep).await;
    assert_eq!(deep.code, 400);
    assert!(deep.status().message.contains("max_depth"));
}

#[tokio::test]
async fn extreme_limits_still_serve() {
    let limits = ServerLimits::default()
        .with_idle_timeout(Duration::MAX)
        .with_body_timeout(Duration::MAX)
        .with_receive_timeout(Duration::MAX)
        .with_header_timeout(Duration::MAX)
        .with_max_in_flight_bytes(0)
        .with_max_wire_bytes(usize::MAX)
        .with_max_response_bytes(usize::MAX);
    let server = start(accept, limits).await;
    let address = server.http_addr().unwrap();
    let requests = || vec![request("POST", "/v1/traces", &[("content-type", PROTOBUF)], spans(3))];
    let stream = TcpStream::connect(address).await.unwrap();
    assert_eq!(crate::client::http1(stream, requests()).await[0].code, 200);
    let stream = TcpStream::connect(address).await.unwrap();
    assert_eq!(crate::client::http2(stream, requests()).await[0].code, 200);
    assert!(server.shutdown(Duration::MAX).await);
}
