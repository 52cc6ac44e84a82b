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
}

/// One or two parts, handed over without a copy: the payload, and in front of it gRPC's frame header.
#[derive(Debug)]
pub(super) struct RequestBody {
    parts: VecDeque<Bytes>,
    sent: Sent,
}

impl RequestBody {
    pub(super) fn new(parts: impl IntoIterator<Item = Bytes>, sent: Sent) -> Self {
        Self { parts: parts.into_iter().filter(|part| !part.is_empty()).collect(), sent }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.parts.pop_front().map(|part| {
            self.sent.0.fetch_add(part.len() as u64, Ordering::Relaxed);
            Ok(Frame::data(part))
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.parts.iter().map(|part| part.len() as u64).sum())
    }
}
