//! One stream of frames: an encoder, the call that carries its frames, and the answers.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
    time::Instant,
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use otlp_compress::tracezip::{StreamEncoder, StreamLimits, Ticket};
use otlp_core::{Batch, rpc::Status};
use prost::Message as _;
use tokio::sync::mpsc;

use super::super::{
    Inner, answer,
    body::{RequestBody, Sent},
    grpc as plain,
    host::{Host, Lease, RequestError},
    prepare::INLINE,
    unreachable,
};
use crate::{
    Failure, FailureKind, Outcome,
    grpc::{
        frame::{FrameStream, header},
        status,
        tracezip::{Answer, ExportStreamResponse, request},
    },
};

/// Pieces of the body that wait for the connection: a frame's header and the frame.
const WAITING: usize = 2;

pub(super) struct Live {
    /// Away while a large batch is encoded elsewhere.
    encoder: Option<Box<StreamEncoder>>,
    /// What has been encoded for the frame that opens the stream.
    opening: Option<Ticket>,
    pieces: mpsc::Sender<Bytes>,
    answers: Incoming,
    reader: FrameStream,
    lease: Lease,
    born: Instant,
    used: Instant,
    /// Of the last frame.
    number: u64,
    /// Resets since the last frame that was read as it came.
    resets: u32,
}

/// What came of opening a stream.
pub(super) enum Opening {
    Open(Box<Live>),
    /// Nothing reached the server.
    Unsent,
    /// The connection broke; the server may have taken the batch.
    Broken(Outcome),
    /// The server wants no stream; nothing was taken.
    Refused {
        /// It knows no such service.
        unknown: bool,
    },
}

/// What came of a frame.
pub(super) enum Told {
    Answer(Outcome),
    /// The server could not read it, not even without the stream's state.
    Unread,
    /// The server ended the stream before it took the frame.
    Ended {
        /// Without an error: it stops, or the stream was idle.
        in_order: bool,
    },
}

impl Live {
    /// Opens a stream with the batch's frame; [`Live::tell`] of the same batch then waits for the answer.
    pub(super) async fn open(
        client: &Inner,
        host: &Arc<Host>,
        turn: usize,
        uri: &Uri,
        batch: &Batch,
        sent: &Sent,
    ) -> Opening {
        let Ok(headers) = client.request_headers() else { return Opening::Unsent };
        let limits = StreamLimits::default();
        let Ok(encoder) = StreamEncoder::new(client.encoder.tracezip_options(), limits) else {
            return Opening::Unsent;
        };
        let Ok((encoder, ticket, frame)) = encode(Box::new(encoder), batch).await else {
            return Opening::Unsent;
        };
        let Ok(pieces) = pieces(frame) else { return Opening::Unsent };
        // A connection that ended while it was idle is followed by another one, with another body.
        let channel = Mutex::new(None);
        let make = |_| {
            let (sender, receiver) = mpsc::channel(WAITING);
            for piece in &pieces {
                // There is room for both.
                let _ = sender.try_send(piece.clone());
            }
            *channel.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
            let mut request = Request::new(RequestBody::live(receiver));
            *request.method_mut() = Method::POST;
            *request.uri_mut() = uri.clone();
            *request.headers_mut() = stream_headers(headers.clone());
            request
        };
        let (response, lease) = match host.request(turn, None, make).await {
            Ok(answer) => answer,
            Err(RequestError::Connect(_)) => {
                host.pass_over();
                return Opening::Unsent;
            }
            Err(RequestError::Send(error)) => return Opening::Broken(unreachable(&error)),
        };
        let channel = channel.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (Some(pieces_to), true) = (channel, is_open(&response)) else {
            let unknown = is_unknown(&response);
            lease.done();
            return Opening::Refused { unknown };
        };
        sent.add(pieces.iter().map(Bytes::len).sum());
        let now = Instant::now();
        Opening::Open(Box::new(Self {
            encoder: Some(encoder),
            opening: Some(ticket),
            pieces: pieces_to,
            answers: response.into_body(),
            reader: FrameStream::new(client.limits.response),
            lease,
            born: now,
            used: now,
            number: 1,
            resets: 0,
        }))
    }

    pub(super) const fn born(&self) -> Instant {
        self.born
    }

    pub(super) const fn used(&self) -> Instant {
        self.used
    }

    pub(super) const fn resets(&self) -> u32 {
        self.resets
    }

    /// Whether the server has ended it. Between two frames there is nothing else to be read.
    pub(super) fn is_over(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        !matches!(Pin::new(&mut self.answers).poll_frame(&mut context), Poll::Pending)
    }

    /// Ends it in good order.
    pub(super) fn close(self) {
        self.lease.done();
    }

    /// Sends the batch's frame and waits for its answer. A frame that the server cannot read is followed by one that needs no state.
    ///
    /// # Errors
    /// The connection broke, or the frame cannot be sent: the stream is of no use any more.
    pub(super) async fn tell(&mut self, client: &Inner, batch: &Batch, sent: &Sent) -> Result<Told, Outcome> {
        let ticket = match self.opening.take() {
            Some(ticket) => ticket,
            None => {
                let encoder =
                    self.encoder.take().ok_or_else(|| unencodable("the stream's encoder is gone"))?;
                let (encoder, ticket, frame) = encode(encoder, batch).await?;
                self.encoder = Some(encoder);
                self.put(client, frame, sent).await?;
                ticket
            }
        };
        let response = match self.answer().await? {
            Ok(response) => response,
            Err(ended) => return Ok(ended),
        };
        self.used = Instant::now();
        if let Some(outcome) = outcome(batch, &response) {
            self.resets = 0;
            if let Some(encoder) = &mut self.encoder {
                encoder.acknowledge(ticket);
            }
            return Ok(Told::Answer(outcome));
        }
        self.resets += 1;
        if let Some(encoder) = &mut self.encoder {
            encoder.reset();
        }
        let frame =
            client.encoder.encode_tracezip(batch).await.map_err(|cause| Outcome::Rejected { cause })?;
        self.put(client, frame, sent).await?;
        let told = self.answer().await?.map(|response| outcome(batch, &response));
        Ok(match told {
            Ok(outcome) => outcome.map_or(Told::Unread, Told::Answer),
            Err(ended) => ended,
        })
    }

    /// Hands a frame to the connection.
    async fn put(&mut self, client: &Inner, frame: Bytes, sent: &Sent) -> Result<(), Outcome> {
        client
            .encoder
            .check(" after compression", frame.len())
            .map_err(|cause| Outcome::Rejected { cause })?;
        self.number += 1;
        for piece in pieces(frame)? {
            sent.add(piece.len());
            // If nobody takes it any more, the answers say why.
            let _ = self.pieces.send(piece).await;
        }
        Ok(())
    }

    /// The answer to the last frame, or how the stream ended before it.
    async fn answer(&mut self) -> Result<Result<ExportStreamResponse, Told>, Outcome> {
        loop {
            if let Some(frame) = self.reader.next().map_err(|error| answer::bad(error.to_string()))? {
                let response = ExportStreamResponse::decode(frame.payload)
                    .map_err(|error| answer::bad(error.to_string()))?;
                if frame.compressed || response.number != self.number || response.answer.is_none() {
                    return Err(answer::bad("an answer on the stream that is to no frame"));
                }
                return Ok(Ok(response));
            }
            match self.answers.frame().await {
                None => return Ok(Err(Told::Ended { in_order: false })),
                Some(Err(error)) => return Err(unreachable(&error)),
                Some(Ok(part)) => match part.into_data() {
                    Ok(data) => self.reader.push(data),
                    Err(part) => {
                        let trailers = part.into_trailers().unwrap_or_default();
                        let in_order = status::read(&trailers).is_some_and(|status| status.code == 0);
                        return Ok(Err(Told::Ended { in_order }));
                    }
                },
            }
        }
    }
}

/// What the server made of a batch; `None` if it could not read the frame.
fn outcome(batch: &Batch, response: &ExportStreamResponse) -> Option<Outcome> {
    match response.answer.as_ref()? {
        Answer::Taken(message) => Some(answer::protobuf(batch.signal(), message)),
        Answer::Refused(status) => Some(match Status::decode(status) {
            Ok(status) => plain::refused(status),
            Err(error) => answer::bad(error.to_string()),
        }),
        Answer::ResetRequired(_) => None,
    }
}

/// Encodes here if it is quick, else where nobody waits.
async fn encode(
    mut encoder: Box<StreamEncoder>,
    batch: &Batch,
) -> Result<(Box<StreamEncoder>, Ticket, Bytes), Outcome> {
    let work = move |batch: &Batch| {
        let mut frame = Vec::new();
        let ticket = encoder.encode(batch, &mut frame).map_err(|error| unencodable(&error.to_string()))?;
        Ok((encoder, ticket, frame.into()))
    };
    if batch.bytes().len() <= INLINE {
        return work(batch);
    }
    let batch = batch.clone();
    tokio::task::spawn_blocking(move || work(&batch))
        .await
        .map_err(|error| unencodable(&error.to_string()))?
}

/// A frame as it goes into the body: gRPC's header, and the message.
fn pieces(frame: Bytes) -> Result<[Bytes; WAITING], Outcome> {
    let message = request(frame);
    let header = header(false, message.len()).map_err(|error| Outcome::Rejected {
        cause: Failure::new(FailureKind::TooLarge, error.to_string()),
    })?;
    Ok([Bytes::copy_from_slice(&header), message])
}

fn unencodable(message: &str) -> Outcome {
    Outcome::Rejected { cause: Failure::new(FailureKind::Unencodable, message) }
}

/// A stream lasts longer than a request may.
fn stream_headers(mut headers: HeaderMap) -> HeaderMap {
    headers.remove("grpc-encoding");
    headers.remove("grpc-timeout");
    headers
}

fn is_open(response: &Response<Incoming>) -> bool {
    response.status() == StatusCode::OK && status::read(response.headers()).is_none()
}

/// Whether the server has no such service. Without a status of gRPC's, it is a proxy that knows no such path.
fn is_unknown(response: &Response<Incoming>) -> bool {
    const UNIMPLEMENTED: i32 = 12;
    match status::read(response.headers()) {
        Some(status) => status.code == UNIMPLEMENTED,
        None => !response.status().is_server_error(),
    }
}
