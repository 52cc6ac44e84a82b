//! Bodies of answers.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use super::activity::Busy;

/// An answer on its way out.
pub(super) type Response = http::Response<ResponseBody>;

/// The body of an answer: at most one chunk and trailers, or what a tonic service produces.
#[derive(Debug)]
pub(super) struct ResponseBody {
    content: Content,
    /// Tells the connection that it is in use until the body is gone.
    busy: Option<Busy>,
}

#[derive(Debug)]
enum Content {
    Whole {
        data: Option<Bytes>,
        trailers: Option<HeaderMap>,
    },
    #[cfg(feature = "grpc")]
    Tonic(tonic::body::Body),
    #[cfg(all(feature = "grpc", feature = "tracezip"))]
    Live(tokio::sync::mpsc::Receiver<Frame<Bytes>>),
}

impl ResponseBody {
    /// One chunk, possibly empty.
    pub(super) fn whole(data: Bytes) -> Self {
        let data = (!data.is_empty()).then_some(data);
        Self { content: Content::Whole { data, trailers: None }, busy: None }
    }

    /// One chunk and trailers, as gRPC has it.
    #[cfg(feature = "grpc")]
    pub(super) const fn with_trailers(data: Bytes, trailers: HeaderMap) -> Self {
        Self { content: Content::Whole { data: Some(data), trailers: Some(trailers) }, busy: None }
    }

    #[cfg(feature = "grpc")]
    pub(super) const fn tonic(body: tonic::body::Body) -> Self {
        Self { content: Content::Tonic(body), busy: None }
    }

    /// What a call that goes on has to say, as it comes.
    #[cfg(all(feature = "grpc", feature = "tracezip"))]
    pub(super) const fn live(pieces: tokio::sync::mpsc::Receiver<Frame<Bytes>>) -> Self {
        Self { content: Content::Live(pieces), busy: None }
    }

    /// Keeps the connection in use until the body is gone. A stream, such as a watch on health, may take as long as it likes; an
    /// answer has its time.
    pub(super) fn hold(&mut self, busy: Busy) {
        self.busy = Some(match self.content {
            Content::Whole { .. } => busy.answering(),
            #[cfg(feature = "grpc")]
            Content::Tonic(_) => busy,
            #[cfg(all(feature = "grpc", feature = "tracezip"))]
            Content::Live(_) => busy,
        });
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match &mut self.get_mut().content {
            Content::Whole { data, trailers } => {
                let frame = data.take().map(Frame::data).or_else(|| trailers.take().map(Frame::trailers));
                let _ = cx;
                Poll::Ready(frame.map(Ok))
            }
            #[cfg(feature = "grpc")]
            Content::Tonic(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            #[cfg(all(feature = "grpc", feature = "tracezip"))]
            Content::Live(pieces) => pieces.poll_recv(cx).map(|piece| piece.map(Ok)),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Whole { data, trailers } => data.is_none() && trailers.is_none(),
            #[cfg(feature = "grpc")]
            Content::Tonic(body) => body.is_end_stream(),
            #[cfg(all(feature = "grpc", feature = "tracezip"))]
            Content::Live(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole { data, .. } => {
                SizeHint::with_exact(data.as_ref().map_or(0, |data| data.len() as u64))
            }
            #[cfg(feature = "grpc")]
            Content::Tonic(body) => body.size_hint(),
            #[cfg(all(feature = "grpc", feature = "tracezip"))]
            Content::Live(_) => SizeHint::default(),
        }
    }
}
