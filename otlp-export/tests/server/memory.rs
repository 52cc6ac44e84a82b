//! Memory under attack: a server in a process of its own, one attack on top of the other, and the most memory that it ever held.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::SocketAddr,
    process::{Command, Stdio},
    time::Duration,
};

use otlp_compress::{Codec, Level, compress};
use otlp_core::{Batch, Limits};
use otlp_export::{Peer, Server, ServerLimits, Verdict};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::{
    client::{LOCAL, PROTOBUF, post, spans},
    frame::{CONTINUATION, END_HEADERS, HEADERS, connect, frame, head},
};

const MIB: usize = 1 << 20;
/// What the server under attack is allowed.
const IN_FLIGHT: usize = 64 * MIB;
const MESSAGE: usize = 16 * MIB;
/// What docs/src/hostile-input.md promises: twice the budget (a buffer that grows is there twice, the allocator keeps some), 128 KiB for each
/// connection, and 64 MiB for everything else.
const BOUND: usize = 2 * IN_FLIGHT + CONNECTIONS * 128 * 1024 + 64 * MIB;
const CONNECTIONS: usize = 1000;

/// Not a test: the server, run by the test below in a process of its own. Ends when its standard input does.
#[ignore = "the server of the test below, which starts it"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_under_attack() {
    let time = Duration::from_secs(5);
    let limits = ServerLimits::default()
        .with_max_wire_bytes(MESSAGE)
        .with_message(Limits::default().with_max_bytes(MESSAGE))
        .with_max_in_flight_bytes(IN_FLIGHT)
        .with_max_connections(CONNECTIONS)
        .with_header_timeout(time)
        .with_body_timeout(time)
        .with_idle_timeout(time);
    let receiver = |_: Batch, _: &Peer| Verdict::Accepted;
    let server = Server::builder(receiver).http(LOCAL.parse().unwrap()).limits(limits).start().await.unwrap();
    println!("\nlistening on {}", server.http_addr().unwrap());
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await.unwrap().unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    println!("\npeak {}", peak.split_whitespace().nth(1).unwrap());
}

/// Connections that say something and then nothing, kept open.
async fn silent(address: SocketAddr, count: usize, bytes: Vec<u8>) -> Vec<TcpStream> {
    let mut open = Vec::new();
    for _ in 0..count {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // The server may already refuse, which is fine.
        let _ = tokio::time::timeout(Duration::from_secs(5), stream.write_all(&bytes)).await;
        open.push(stream);
    }
    open
}

/// HTTP/2 connections whose every stream has as many headers as may be, by naming one entry of the table again and again.
async fn header_bombs(address: SocketAddr, connections: usize) -> Vec<TcpStream> {
    let mut open = Vec::new();
    for _ in 0..connections {
        let mut stream = connect(address, &[]).await;
        for index in 0..256 {
            let mut block = head();
            // `a: b` into the table once; it counts 34 bytes each time that it is named.
            block.extend(if index == 0 { &[0x40, 1, b'a', 1, b'b'][..] } else { &[0xbe] });
            block.extend([0xbe; 1800]);
            let _ = stream.write_all(&frame(HEADERS, END_HEADERS, 1 + 2 * index, &block)).await;
        }
        open.push(stream);
    }
    open
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_under_attack_stays_within_its_bound() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "memory::server_under_attack", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut told = |what: &str| {
        lines.find_map(|line| line.strip_prefix(what).map(str::to_owned)).expect("the server has ended early")
    };
    let address: SocketAddr = told("listening on ").parse().unwrap();

    let head = |length: usize| {
        format!(
            "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: {PROTOBUF}\r\ncontent-length: {length}\r\n"
        )
    };
    let mut open = Vec::new();
    // Heads and bodies that stop in the middle, and heads nearly as long as may be.
    open.extend(silent(address, 300, head(100).into_bytes()).await);
    open.extend(silent(address, 200, [head(MESSAGE).as_bytes(), b"\r\n", &vec![0; 64 << 10]].concat()).await);
    let long = format!("{}{}", head(100), format!("x-flood: {}\r\n", "v".repeat(990)).repeat(60));
    open.extend(silent(address, 200, long.into_bytes()).await);
    // Header blocks without end.
    for mut stream in silent(address, 100, Vec::new()).await {
        let hello = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(4, 0, 0, &[])].concat();
        let mut bytes = [hello, frame(HEADERS, 0, 1, &crate::frame::head())].concat();
        bytes.extend(frame(CONTINUATION, 0, 1, &[b'v'; 12_000]).repeat(4));
        let _ = stream.write_all(&bytes).await;
        open.push(stream);
    }
    assert!(open.len() < CONNECTIONS - 150, "room for the rest");
    // Bodies that lack their last byte, and bombs in every codec: more than the budget holds, all at once.
    let mut attacks = Vec::new();
    for _ in 0..16 {
        let body = [head(MESSAGE).as_bytes(), b"\r\n", &vec![0; MESSAGE - 1]].concat();
        attacks.push(tokio::spawn(async move { silent(address, 1, body).await.len() }));
    }
    let compressing = || Codec::supported().iter().copied().filter(|&codec| codec != Codec::Identity);
    for codec in compressing() {
        let bomb = match codec {
            // One member is all that they know, or they shrink to a twentieth only.
            Codec::Deflate | Codec::Snappy | Codec::SnappyFramed => {
                compress(codec, Level::Fastest, &vec![0; 4 * MESSAGE]).unwrap()
            }
            _ => compress(codec, Level::Smallest, &vec![0; MIB]).unwrap().repeat(1024).into(),
        };
        for _ in 0..64 / compressing().count() {
            let (bomb, coding) = (bomb.clone(), codec.content_coding());
            attacks.push(tokio::spawn(async move {
                let headers = [("content-type", PROTOBUF), ("content-encoding", coding)];
                let reply = post(address, "/v1/traces", &headers, bomb).await;
                assert!(matches!(reply.code, 413 | 503), "{}", reply.code);
                0
            }));
        }
    }
    for attack in attacks {
        attack.await.unwrap();
    }
    open.extend(header_bombs(address, 50).await);
    drop(open);
    // It still works, once what the attackers held has come back.
    while post(address, "/v1/traces", &[("content-type", PROTOBUF)], spans(3)).await.code != 200 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut input = child.stdin.take().unwrap();
    input.flush().unwrap();
    drop(input);
    let peak = told("peak ").parse::<usize>().unwrap() * 1024;
    assert!(child.wait().unwrap().success());
    println!("peak: {} MiB of {} MiB", peak / MIB, BOUND / MIB);
    assert!(peak < BOUND, "{} MiB held, the bound is {} MiB", peak / MIB, BOUND / MIB);
}
