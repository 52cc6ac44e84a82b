//! HTTP/2 frames by hand, for clients that no library wants to be.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// Nothing here takes this long; a server that does not end what it should fails the test by it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A frame as it came.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

pub(crate) fn reset(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())
}

/// The header block of a POST of protobuf traces: literals, no compression but the static table.
pub(crate) fn head() -> Vec<u8> {
    let mut block = vec![0x83, 0x86];
    let mut literal = |index: &[u8], value: &str| {
        block.extend(index);
        block.push(value.len() as u8);
        block.extend(value.as_bytes());
    };
    literal(&[0x04], "/v1/traces");
    literal(&[0x01], "otlp.test");
    literal(&[0x0f, 0x10], crate::client::PROTOBUF);
    block
}

/// A whole request.
pub(crate) fn request(stream: u32, body: &[u8]) -> Vec<u8> {
    [frame(HEADERS, END_HEADERS, stream, &head()), frame(DATA, END_STREAM, stream, body)].concat()
}

/// A connection on which both sides have said hello.
pub(crate) async fn connect(address: SocketAddr, settings: &[(u16, u32)]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut payload = Vec::new();
    for (name, value) in settings {
        payload.extend(name.to_be_bytes());
        payload.extend(value.to_be_bytes());
    }
    let hello = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(SETTINGS, 0, 0, &payload)].concat();
    stream.write_all(&hello).await.unwrap();
    stream
}

/// The next frame; an error where the server has closed.
pub(crate) async fn next(stream: &mut TcpStream) -> io::Result<Frame> {
    let mut head = [0; 9];
    let read = async {
        stream.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await?;
        let id = u32::from_be_bytes(head[5..].try_into().unwrap());
        Ok(Frame { kind: head[3], stream: id & 0x7fff_ffff, payload })
    };
    tokio::time::timeout(PATIENCE, read).await.expect("the server neither speaks nor closes")
}

/// All frames until the server closes.
pub(crate) async fn until_closed(stream: &mut TcpStream) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let Ok(frame) = next(stream).await {
        frames.push(frame);
    }
    frames
}

/// Writes the same bytes again and again until the server closes; gives how many it took. Answers are read on the way.
pub(crate) async fn write_until_closed(
    stream: TcpStream,
    mut bytes: impl FnMut() -> Vec<u8>,
    most: usize,
) -> usize {
    let (mut read, mut write) = stream.into_split();
    let reading = tokio::spawn(async move { tokio::io::copy(&mut read, &mut tokio::io::sink()).await });
    let mut written = 0;
    let writing = async {
        while written < most && !reading.is_finished() {
            let bytes = bytes();
            if write.write_all(&bytes).await.is_err() {
                break;
            }
            written += bytes.len();
        }
    };
    tokio::time::timeout(PATIENCE, writing).await.expect("the server neither reads nor closes");
    written
}
