//! Peers that attack: floods of frames and headers, windows that never open, bytes that never come. Each loses its connection;
//! everybody else is served.

use std::{sync::Arc, time::Duration};

use otlp_core::{Batch, Limits};
use otlp_export::{Peer, Receiver, Refusal, Running, ServerLimits, Verdict};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Semaphore,
};

use crate::{
    client::{PROTOBUF, post, rest, spans, start},
    frame::{
        CONTINUATION, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, RST_STREAM, connect, frame, head, next,
        request, reset, until_closed, write_until_closed,
    },
};

const SHORT: Duration = Duration::from_millis(50);
const PROTOBUF_HEADERS: &[(&str, &str)] = &[("content-type", PROTOBUF)];

fn accept(_: Batch, _: &Peer) -> Verdict {
    Verdict::Accepted
}

async fn unharmed(server: &Running) {
    let reply = post(server.http_addr().unwrap(), "/v1/traces", PROTOBUF_HEADERS, spans(1)).await;
    assert_eq!(reply.code, 200);
}

/// Waits until the attackers' connections are gone.
async fn none_open(server: &Running) {
    while server.stats().open_connections() > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A receiver that holds every request.
struct Hold(Arc<Semaphore>);

impl Receiver for Hold {
    async fn receive(&self, _: Batch, _: &Peer) -> Verdict {
        self.0.add_permits(1);
        std::future::pending().await
    }
}

#[tokio::test]
async fn rapid_resets_end_the_connection() {
    let server = start(accept, ServerLimits::default()).await;
    let attacker = connect(server.http_addr().unwrap(), &[]).await;
    let mut stream = 1;
    let pairs = || {
        let mut pairs = Vec::new();
        for _ in 0..100 {
            pairs.extend(frame(HEADERS, END_HEADERS, stream, &head()));
            pairs.extend(reset(stream));
            stream += 2;
        }
        pairs
    };
    let most = 64 << 20;
    let written = write_until_closed(attacker, pairs, most).await;
    assert!(written < most, "{written} bytes of resets were taken");
    none_open(&server).await;
    unharmed(&server).await;
}

#[tokio::test]
async fn resets_of_requests_in_work_end_the_connection() {
    let arrived = Arc::new(Semaphore::new(0));
    let server = start(Hold(Arc::clone(&arrived)), ServerLimits::default().with_max_streams(50)).await;
    let mut attacker = connect(server.http_addr().unwrap(), &[]).await;
    let mut first = 1;
    // Each round gets its requests to the receiver before it gives them up: hyper alone sees nothing wrong with that.
    for round in 0..6 {
        let streams = (0..50).map(|index| first + 2 * index);
        for stream in streams.clone() {
            attacker.write_all(&request(stream, &spans(1))).await.unwrap();
        }
        arrived.acquire_many(50).await.unwrap().forget();
        let resets: Vec<u8> = streams.flat_map(reset).collect();
        if attacker.write_all(&resets).await.is_err() {
            assert_eq!(round, 5);
        }
        first += 100;
    }
    until_closed(&mut attacker).await;
    none_open(&server).await;
}

#[tokio::test]
async fn continuations_without_end_end_the_connection() {
    let server = start(accept, ServerLimits::default()).await;
    let mut attacker = connect(server.http_addr().unwrap(), &[]).await;
    attacker.write_all(&frame(HEADERS, 0, 1, &head())).await.unwrap();
    // A literal header that is longer than all that may come, one frame after the other.
    let most = 64 << 20;
    let part = frame(CONTINUATION, 0, 1, &[&[0, 1, b'a', 0x7f, 0x81, 0x7f][..], &[b'v'; 16_000]].concat());
    let written = write_until_closed(attacker, || part.clone(), most).await;
    assert!(written < most, "{written} bytes of headers were taken");

    // Empty ones cost nothing to send.
    let mut attacker = connect(server.http_addr().unwrap(), &[]).await;
    attacker.write_all(&frame(HEADERS, 0, 1, &head())).await.unwrap();
    let parts = frame(CONTINUATION, 0, 1, &[]).repeat(1000);
    let written = write_until_closed(attacker, || parts.clone(), most).await;
    assert!(written < most, "{written} bytes of empty frames were taken");
    none_open(&server).await;
    unharmed(&server).await;
}

#[tokio::test]
async fn a_window_that_never_opens_costs_its_connection() {
    let server = start(
        |_: Batch, _: &Peer| Verdict::partial(1, "x".repeat(1 << 20)),
        ServerLimits::default().with_response_timeout(SHORT),
    )
    .await;
    const INITIAL_WINDOW_SIZE: u16 = 4;
    let mut attacker = connect(server.http_addr().unwrap(), &[(INITIAL_WINDOW_SIZE, 0)]).await;
    for stream in [1, 3, 5] {
        attacker.write_all(&request(stream, &spans(1))).await.unwrap();
    }
    let frames = until_closed(&mut attacker).await;
    let answers = frames.iter().filter(|frame| frame.kind == HEADERS).count();
    assert_eq!(answers, 3, "the heads of the answers need no window");
    none_open(&server).await;
    unharmed(&server).await;
}

#[tokio::test]
async fn pings_keep_no_idle_connection_alive() {
    let limits = ServerLimits::default().with_idle_timeout(SHORT).with_header_timeout(SHORT);
    let server = start(accept, limits).await;
    let attacker = connect(server.http_addr().unwrap(), &[]).await;
    let pings = frame(PING, 0, 0, &[0; 8]).repeat(100);
    write_until_closed(attacker, || pings.clone(), usize::MAX).await;
    none_open(&server).await;
}

#[tokio::test]
async fn a_header_block_that_never_ends_is_idleness() {
    let limits = ServerLimits::default().with_idle_timeout(SHORT).with_header_timeout(SHORT);
    let server = start(accept, limits).await;
    let mut attacker = connect(server.http_addr().unwrap(), &[]).await;
    attacker.write_all(&frame(HEADERS, 0, 1, &head())).await.unwrap();
    until_closed(&mut attacker).await;
}

#[tokio::test]
async fn streams_over_the_maximum_are_refused_by_themselves() {
    let arrived = Arc::new(Semaphore::new(0));
    let server = start(Hold(Arc::clone(&arrived)), ServerLimits::default().with_max_streams(2)).await;
    let mut greedy = connect(server.http_addr().unwrap(), &[]).await;
    // The client learns the maximum with the first frame; only then it counts.
    next(&mut greedy).await.unwrap();
    greedy.write_all(&frame(crate::frame::SETTINGS, 1, 0, &[])).await.unwrap();
    for stream in [1, 3, 5] {
        greedy.write_all(&request(stream, &spans(1))).await.unwrap();
    }
    let refused = loop {
        let frame = next(&mut greedy).await.unwrap();
        assert_ne!(frame.kind, GOAWAY, "only the stream is at fault");
        if frame.kind == RST_STREAM {
            break frame;
        }
    };
    const REFUSED_STREAM: u32 = 7;
    assert_eq!((refused.stream, refused.payload), (5, REFUSED_STREAM.to_be_bytes().to_vec()));
    arrived.acquire_many(2).await.unwrap().forget();
}

#[tokio::test]
async fn header_floods_are_refused_at_a_fixed_size() {
    let server = start(accept, ServerLimits::default()).await;
    for flood in [
        format!("x-flood: {}\r\n", "v".repeat(1000)).repeat(1000),
        format!("x-flood: {}\r\n", "v".repeat(1 << 20)),
        "x-flood: v\r\n".repeat(101),
    ] {
        let mut attacker = TcpStream::connect(server.http_addr().unwrap()).await.unwrap();
        let head = format!("POST /v1/traces HTTP/1.1\r\nhost: x\r\n{flood}\r\n");
        // It may be cut off while it still writes.
        let _ = attacker.write_all(head.as_bytes()).await;
        let answer = rest(attacker).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    // Over HTTP/2: one entry in the table, named again and again, is little on the wire and much in memory.
    let mut attacker = connect(server.http_addr().unwrap(), &[]).await;
    let mut block = head();
    block.extend([0x40, 1, b'a', 0x7f, 0xa1, 0x1e]);
    block.extend([b'v'; 4000]);
    block.extend([0xbe; 100]);
    attacker.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &block)).await.unwrap();
    loop {
        // 431 as a literal behind the static table's `:status`; 0x88 would be 200. Or the stream or all of it ends.
        let Ok(answer) = next(&mut attacker).await else { break };
        if answer.stream == 1 {
            assert!(answer.kind == RST_STREAM || answer.payload[0] != 0x88, "{answer:?}");
            break;
        }
    }
    assert_eq!(server.stats().refused(Refusal::Malformed), 0);
    unharmed(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_clients_in_hundreds_are_cut_off_and_hold_up_nobody() {
    let limits = ServerLimits::default()
        .with_header_timeout(Duration::from_millis(300))
        .with_body_timeout(Duration::from_millis(300));
    let server = start(accept, limits).await;
    let address = server.http_addr().unwrap();
    let head =
        format!("POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: {PROTOBUF}\r\ncontent-length: 99\r\n");
    let slow: Vec<_> = (0..200)
        .map(|index| {
            // Half of them dribble a head, half of them a body.
            let text = if index % 2 == 0 { head.clone() } else { format!("{head}\r\n") };
            tokio::spawn(async move {
                let stream = TcpStream::connect(address).await.unwrap();
                let (mut read, mut write) = stream.into_split();
                let writing = tokio::spawn(async move {
                    let _ = write.write_all(text.as_bytes()).await;
                    while write.write_all(b"\n").await.is_ok() {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                });
                let mut answer = String::new();
                // Cut off while it writes: a reset is as good an end as a close.
                let _ = read.read_to_string(&mut answer).await;
                writing.abort();
                answer
            })
        })
        .collect();
    for _ in 0..20 {
        unharmed(&server).await;
    }
    for (index, one) in slow.into_iter().enumerate() {
        let answer = one.await.unwrap();
        assert!(!answer.contains(" 200 "), "{index}: {answer}");
    }
    none_open(&server).await;
    unharmed(&server).await;
}

#[tokio::test]
async fn what_bombs_unfold_to_comes_out_of_the_budget_of_all() {
    use otlp_compress::{Codec, Level, compress};
    let arrived = Arc::new(Semaphore::new(0));
    let limits = ServerLimits::default()
        .with_message(Limits::default().with_max_bytes(16 << 20))
        .with_max_in_flight_bytes(8 << 20);
    let server = start(Hold(Arc::clone(&arrived)), limits).await;
    let address = server.http_addr().unwrap();
    let bomb = compress(Codec::Gzip, Level::Smallest, &vec![0; 1 << 20]).unwrap().repeat(64);
    let headers = [("content-type", PROTOBUF), ("content-encoding", "gzip")];
    // Alone it may use what one message may, and is refused for good.
    assert_eq!(post(address, "/v1/traces", &headers, bomb.clone()).await.code, 413);
    let held = tokio::spawn(async move { post(address, "/v1/traces", PROTOBUF_HEADERS, spans(10)).await });
    arrived.acquire().await.unwrap().forget();
    // Beside others it stops where the budget does.
    let reply = post(address, "/v1/traces", &headers, bomb).await;
    assert_eq!((reply.code, reply.header("retry-after")), (503, "1"));
    assert!(reply.status().message.contains("max_in_flight_bytes"));
    assert_eq!(server.stats().refused(Refusal::Overloaded), 1);
    held.abort();
}

#[tokio::test]
async fn headers_count_against_the_budget() {
    let arrived = Arc::new(Semaphore::new(0));
    let server =
        start(Hold(Arc::clone(&arrived)), ServerLimits::default().with_max_in_flight_bytes(20_000)).await;
    let address = server.http_addr().unwrap();
    let held = tokio::spawn(async move { post(address, "/v1/traces", PROTOBUF_HEADERS, spans(10)).await });
    arrived.acquire().await.unwrap().forget();
    let large = "v".repeat(30_000);
    let headers = [("content-type", PROTOBUF), ("x-large", &large)];
    assert_eq!(post(address, "/v1/traces", &headers, spans(1)).await.code, 503);
    held.abort();
}
