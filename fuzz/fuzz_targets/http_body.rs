//! Any body under any headers gets an answer from the server: 200, 400, 413 or 415, with a `Status` where it is an error, and
//! the connection goes on.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use otlp_core::{Batch, Limits, Signal, rpc::Status};
use otlp_export::{Peer, Running, Server, ServerLimits, Verdict};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

struct Bench {
    runtime: Runtime,
    stream: TcpStream,
    _server: Running,
}

thread_local! {
    static BENCH: RefCell<Bench> = RefCell::new(bench());
}

fn bench() -> Bench {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (stream, server) = runtime.block_on(async {
        // Small limits, so that the fuzzer reaches them.
        let limits = ServerLimits::default()
            .with_max_wire_bytes(4096)
            .with_message(Limits::default().with_max_bytes(65_536).with_max_items(1000));
        let receiver = |batch: Batch, _: &Peer| Verdict::partial(batch.items() as u64, "seen");
        let address = "127.0.0.1:0".parse().expect("an address");
        let server = Server::builder(receiver).http(address).limits(limits).start().await.expect("a server");
        let address = server.http_addr().expect("an address");
        (TcpStream::connect(address).await.expect("a connection"), server)
    });
    Bench { runtime, stream, _server: server }
}

fuzz_target!(|data: &[u8]| {
    let Some((first, body)) = data.split_first() else { return };
    let signal = Signal::ALL[usize::from(first & 3)];
    let json = first & 4 != 0;
    let coding = ["identity", "gzip", "zstd", "br"][usize::from(first >> 3 & 3)];
    let content_type = if json { "application/json" } else { "application/x-protobuf" };
    let chunked = first & 32 != 0;
    let length = if chunked {
        "transfer-encoding: chunked".to_owned()
    } else {
        format!("content-length: {}", body.len())
    };
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: fuzz\r\ncontent-type: {content_type}\r\ncontent-encoding: {coding}\r\n{length}\r\n\r\n",
        signal.http_path()
    );
    let mut request = head.into_bytes();
    if chunked {
        // Pieces of a few sizes, none empty: that would be the end.
        for piece in body.chunks(usize::from(first >> 6) * 100 + 7) {
            request.extend(format!("{:x}\r\n", piece.len()).bytes());
            request.extend_from_slice(piece);
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"0\r\n\r\n");
    } else {
        request.extend_from_slice(body);
    }
    BENCH.with_borrow_mut(|bench| {
        let stream = &mut bench.stream;
        let (code, answer) = bench.runtime.block_on(async {
            stream.write_all(&request).await.expect("the connection goes on");
            answer(stream).await
        });
        match code {
            200 => {}
            400 | 413 | 415 => {
                let status = if json { Status::from_json(&answer) } else { Status::decode(&answer) };
                assert!(!status.expect("a Status in the request's encoding").message.is_empty());
            }
            other => panic!("answered {other}"),
        }
    });
});

/// The code and the body of one answer.
async fn answer(stream: &mut TcpStream) -> (u16, Vec<u8>) {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = std::str::from_utf8(&bytes[..end]).expect("a head in text").to_ascii_lowercase();
            let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a code");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.and_then(|length| length.parse().ok()).expect("a length");
            if bytes.len() == end + 4 + length {
                return (code, bytes.split_off(end + 4));
            }
        }
        let read = stream.read_buf(&mut bytes).await.expect("the connection goes on");
        assert!(read > 0, "the server closed the connection");
    }
}
