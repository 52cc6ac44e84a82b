//! A connection that can be ended at any byte.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, Weak},
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::Notify,
};

/// The socket as the HTTP engine sees it.
#[derive(Debug)]
pub(super) struct Tap {
    stream: Arc<TcpStream>,
    wire: Arc<Wire>,
}

/// The same socket as the script sees it. It does not keep the socket open.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Weak<TcpStream>,
    state: Mutex<Written>,
    ended: Notify,
}

#[derive(Debug, Default)]
struct Written {
    bytes: u64,
    /// Where writing ends, and whether by a reset.
    end: Option<(u64, bool)>,
}

/// HTTP/2: a GOAWAY frame of code `NO_ERROR`, but for the last stream's number.
const GOAWAY: [u8; 9] = [0, 0, 8, 7, 0, 0, 0, 0, 0];

impl Tap {
    pub(super) fn new(stream: TcpStream) -> (Self, Arc<Wire>) {
        let stream = Arc::new(stream);
        let wire =
            Arc::new(Wire { stream: Arc::downgrade(&stream), state: Mutex::default(), ended: Notify::new() });
        (Self { stream, wire: Arc::clone(&wire) }, wire)
    }
}

impl Wire {
    /// Ends the connection after `bytes` more bytes.
    pub(super) fn end_after(&self, bytes: u64, reset: bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.end = Some((state.bytes + bytes, reset));
        drop(state);
        if bytes == 0 {
            self.end(reset);
        }
    }

    /// Ends the connection now.
    pub(super) fn end(&self, reset: bool) {
        if reset && let Some(stream) = self.stream.upgrade() {
            // Without it, closing sends a FIN: still an end, if a milder one.
            let _ = stream.set_zero_linger();
        }
        self.ended.notify_one();
    }

    /// Completes when the connection is to be dropped.
    pub(super) async fn ended(&self) {
        self.ended.notified().await;
    }

    /// Writes a GOAWAY frame past the HTTP engine, which is between two frames whenever it waits for the script.
    pub(super) fn go_away(&self, last_stream: u32) {
        if let Some(stream) = self.stream.upgrade() {
            let mut frame = GOAWAY.to_vec();
            frame.extend(last_stream.to_be_bytes());
            frame.extend([0; 4]);
            // 17 bytes fit an idle socket's buffer.
            let _ = stream.try_write(&frame);
        }
    }

    /// How many of `wanted` bytes may still be written; `None` if the connection has ended.
    fn allowance(&self, wanted: usize) -> Option<usize> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.end {
            None => Some(wanted),
            Some((end, _)) if end <= state.bytes => None,
            Some((end, _)) => Some(wanted.min(usize::try_from(end - state.bytes).unwrap_or(usize::MAX))),
        }
    }

    fn wrote(&self, bytes: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.bytes += bytes as u64;
        let end = state.end.filter(|(end, _)| *end <= state.bytes);
        drop(state);
        if let Some((_, reset)) = end {
            self.end(reset);
        }
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            match self.stream.try_read(buffer.initialize_unfilled()) {
                Ok(bytes) => {
                    buffer.advance(bytes);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for Tap {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // Over the end, whoever drives the connection drops it.
        let Some(allowed) = self.wire.allowance(bytes.len()) else { return Poll::Pending };
        loop {
            ready!(self.stream.poll_write_ready(cx))?;
            match self.stream.try_write(&bytes[..allowed]) {
                Ok(bytes) => {
                    self.wire.wrote(bytes);
                    return Poll::Ready(Ok(bytes));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Dropping the socket sends the FIN.
        Poll::Ready(Ok(()))
    }
}
