//! The body of a request: shared bytes, counted as the transport takes them.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// How many bytes of a body the transport has taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent(Arc<AtomicU64>);

impl Sent {
    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// What a request carries.
#[derive(Debug)]
pub(super) enum RequestBody {
    /// One or two parts, handed over without a copy: the payload, and in front of it gRPC's frame header.
    Whole { parts: VecDeque<Bytes>, sent: Sent },
    /// Frames of a call that goes on; counted where they are made.
    #[cfg(all(feature = "tracezip", feature = "grpc"))]
    Live(tokio::sync::mpsc::Receiver<Bytes>),
}

impl RequestBody {
    pub(super) fn new(parts: impl IntoIterator<Item = Bytes>, sent: Sent) -> Self {
        Self::Whole { parts: parts.into_iter().filter(|part| !part.is_empty()).collect(), sent }
    }

    #[cfg(all(feature = "tracezip", feature = "grpc"))]
    pub(super) const fn live(pieces: tokio::sync::mpsc::Receiver<Bytes>) -> Self {
        Self::Live(pieces)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole { parts, sent } => {
                let _ = cx;
                Poll::Ready(parts.pop_front().map(|part| {
                    sent.add(part.len());
                    Ok(Frame::data(part))
                }))
            }
            #[cfg(all(feature = "tracezip", feature = "grpc"))]
            Self::Live(pieces) => pieces.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole { parts, .. } => parts.is_empty(),
            #[cfg(all(feature = "tracezip", feature = "grpc"))]
            Self::Live(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole { parts, .. } => {
                SizeHint::with_exact(parts.iter().map(|part| part.len() as u64).sum())
            }
            #[cfg(all(feature = "tracezip", feature = "grpc"))]
            Self::Live(_) => SizeHint::default(),
        }
    }
}
