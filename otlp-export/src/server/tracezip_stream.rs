//! `ExportStream`: tracezip frames one after another on one call, each answered before the next is read.

use std::{future::pending, sync::Arc};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, Request, header};
use http_body::Frame as Piece;
use hyper::body::Incoming;
use otlp_compress::tracezip::{FrameHeader, StreamDecoder, StreamError, StreamLimits};
use otlp_core::{Salvaged, Signal};
use prost::Message as _;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, watch},
    time::{Instant, timeout, timeout_at},
};

use super::{
    Peer, Receiver,
    activity::Busy,
    body::RequestBody,
    budget::Reservation,
    connection::Connection,
    core::{Core, Success},
    decode::{Rules, grow, parse},
    fault::{Fault, excerpt},
    grpc::frame_fault,
    render,
    response::{Response, ResponseBody},
    tracezip::{admit, fault},
    trailers,
};
use crate::{
    Protocol,
    grpc::{
        frame::{self, Frame, FrameStream},
        tracezip::{Answer, ExportRequest, ExportStreamResponse},
    },
};

/// Frames with more bytes in them are decoded where nobody waits.
const INLINE: u64 = 1 << 20;
/// Longest reason for a reset, in bytes.
const LONGEST_REASON: usize = 200;

/// Opens the stream, which then goes on by itself.
pub(super) fn handle<R: Receiver>(
    core: &Arc<Core<R>>,
    connection: &Connection,
    request: Request<Incoming>,
    held: Result<Reservation, Fault>,
    busy: Busy,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = RequestBody::new(body);
    let opened = open(core, &parts.method, &parts.headers, held);
    let (leave, held) = match opened {
        Ok(opened) => opened,
        Err(fault) => {
            body.discard_rest(&core.limits, false, busy);
            return trailers::refused(core, &fault);
        }
    };
    let (answers, outgoing) = mpsc::channel(1);
    let stream = Stream {
        core: Arc::clone(core),
        connection: *connection,
        headers: parts.headers,
        body,
        reader: FrameStream::new(core.limits.max_wire_bytes()),
        since: None,
        held,
        decoder: Some(Box::new(StreamDecoder::new(StreamLimits::default()))),
        number: 0,
        answers,
        stopping: core.stopping.clone(),
        _leave: leave,
    };
    tokio::spawn(stream.run());
    let mut response = Response::new(ResponseBody::live(outgoing));
    response.headers_mut().insert(header::CONTENT_TYPE, trailers::CONTENT_TYPE);
    response
}

fn open<R: Receiver>(
    core: &Core<R>,
    method: &Method,
    headers: &HeaderMap,
    held: Result<Reservation, Fault>,
) -> Result<(OwnedSemaphorePermit, Reservation), Fault> {
    let held = held?;
    if *method != Method::POST {
        return Err(Fault::Method { given: excerpt(method.as_str().as_bytes()) });
    }
    core.authenticate(headers)?;
    let limit = core.limits.max_tracezip_streams();
    let leave = Arc::clone(&core.streams).try_acquire_owned().map_err(|_| Fault::TooManyStreams { limit })?;
    Ok((leave, held))
}

struct Stream<R> {
    core: Arc<Core<R>>,
    connection: Connection,
    headers: HeaderMap,
    body: RequestBody,
    reader: FrameStream,
    /// When the frame that is being read began.
    since: Option<Instant>,
    /// What has been read and not decoded, and the headers.
    held: Reservation,
    /// Away while a frame is decoded elsewhere.
    decoder: Option<Box<StreamDecoder>>,
    number: u64,
    answers: mpsc::Sender<Piece<Bytes>>,
    stopping: watch::Receiver<bool>,
    _leave: OwnedSemaphorePermit,
}

/// What became of a frame, or why it could not be read from this stream's state.
type Read<T> = Result<T, String>;

impl<R: Receiver> Stream<R> {
    /// Until the client ends it or goes away, the server stops, or nothing comes for too long.
    async fn run(mut self) {
        let fault = loop {
            let frame = match self.next().await {
                Ok(Some(frame)) => frame,
                Ok(None) => break None,
                Err(fault) => break Some(fault),
            };
            self.number += 1;
            // The receiver's future ends with the client's interest, as in a request.
            let gone = self.answers.clone();
            let answer = tokio::select! {
                answer = self.answer(frame) => answer,
                () = gone.closed() => return,
            };
            let response = ExportStreamResponse { number: self.number, answer: Some(answer) }.encode_to_vec();
            let Ok(header) = frame::header(false, response.len()) else { return };
            let mut framed = BytesMut::with_capacity(header.len() + response.len());
            framed.extend_from_slice(&header);
            framed.extend_from_slice(&response);
            if !self.say(Piece::data(framed.freeze())).await {
                return;
            }
        };
        let end = match fault {
            Some(fault) => trailers::status(&self.core, &fault),
            None => HeaderMap::from_iter([(trailers::GRPC_STATUS, HeaderValue::from_static("0"))]),
        };
        self.say(Piece::trailers(end)).await;
    }

    /// Whether the client took it.
    async fn say(&self, piece: Piece<Bytes>) -> bool {
        matches!(timeout(self.core.limits.response_timeout(), self.answers.send(piece)).await, Ok(Ok(())))
    }

    /// The next frame; `None` at a good place to end.
    async fn next(&mut self) -> Result<Option<Frame>, Fault> {
        let (idle, limit) = (self.core.limits.idle_timeout(), self.core.limits.body_timeout());
        loop {
            if let Some(frame) = self.reader.next().map_err(frame_fault)? {
                self.since = None;
                return Ok(Some(frame));
            }
            let between = self.reader.is_between();
            let end = match self.since {
                _ if between => Instant::now() + idle,
                Some(since) => since + limit,
                None => *self.since.insert(Instant::now()) + limit,
            };
            let chunk = tokio::select! {
                chunk = timeout_at(end, self.body.chunk()) => chunk,
                () = stopped(&mut self.stopping), if between => return Ok(None),
                () = self.answers.closed() => return Ok(None),
            };
            match chunk {
                Ok(Ok(Some(chunk))) => {
                    grow(&mut self.held, chunk.len())?;
                    self.reader.push(chunk);
                }
                Ok(Ok(None)) | Err(_) if between => return Ok(None),
                Ok(Ok(None)) => return Err(Fault::Truncated("in the middle of a frame".to_owned())),
                Ok(Err(fault)) => return Err(fault),
                Err(_) => return Err(Fault::BodyTimeout { limit }),
            }
        }
    }

    async fn answer(&mut self, frame: Frame) -> Answer {
        let taken = match self.export(frame).await {
            Ok(Ok(success)) => {
                render::export_response(&success, false, self.core.limits.max_response_bytes())
            }
            Ok(Err(reason)) => return Answer::ResetRequired(reason),
            Err(fault) => Err(fault),
        };
        match taken {
            Ok(response) => Answer::Taken(response),
            Err(fault) => {
                let mut answer = fault.answer();
                self.core.counters.refused(answer.refusal);
                render::shorten(&mut answer.status, self.core.limits.max_response_bytes() / 16);
                Answer::Refused(answer.status.encode().into())
            }
        }
    }

    async fn export(&mut self, frame: Frame) -> Result<Read<Success>, Fault> {
        // From here on the frame has a reservation of its own; what may follow it in the reader is a chunk at most.
        let mut held = self.core.budget.reservation();
        self.held.settle(0);
        grow(&mut held, frame.payload.len())?;
        if frame.compressed {
            return Err(Fault::FlagWithoutCoding);
        }
        let request = ExportRequest::decode(frame.payload)
            .map_err(|error| Fault::TracezipMessage(error.to_string()))?;
        let wire_bytes = request.frame.len() as u64;
        let (signal, decoded, _held) = match self.decode(request.frame, held).await? {
            Ok(decoded) => decoded,
            Err(reason) => return Ok(Err(reason)),
        };
        let Connection { remote, tls, .. } = self.connection;
        let mut peer = Peer::new(remote, tls, Protocol::Grpc, self.headers.clone());
        peer.set_body(wire_bytes, "tracezip");
        self.core.judge(signal, decoded, &peer, None).await.map(Ok)
    }

    async fn decode(
        &mut self,
        frame: Bytes,
        mut held: Reservation,
    ) -> Result<Read<(Signal, Salvaged, Reservation)>, Fault> {
        let header = match FrameHeader::read(&frame) {
            Ok(header) => header,
            Err(error) => return Ok(Err(reason(&error))),
        };
        let rules = Rules { limits: *self.core.limits.message(), strictness: self.core.strictness };
        let limit = rules.limits.max_bytes();
        admit(&header, limit, &mut held)?;
        let mut decoder = self.decoder.take().ok_or(Fault::Internal)?;
        let work = move || {
            let read = match decoder.decode(&frame, limit) {
                Ok((signal, message)) => parse(signal, message, false, &rules, &mut held)
                    .map(|decoded| Ok((signal, decoded, held))),
                Err(StreamError::Frame(error)) => Err(fault(error, limit)),
                Err(error) => Ok(Err(reason(&error))),
            };
            (decoder, read)
        };
        let (decoder, read) = if header.uncompressed_len() <= INLINE {
            work()
        } else {
            // Nobody closes it.
            let _leave = self.core.decoding.acquire().await;
            tokio::task::spawn_blocking(work).await.map_err(|_| Fault::Internal)?
        };
        self.decoder = Some(decoder);
        read
    }
}

/// Ends when the server is to stop.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    if stopping.wait_for(|stopping| *stopping).await.is_err() {
        // The server is gone, and its connections with it.
        pending().await
    }
}

fn reason(error: &dyn std::error::Error) -> String {
    error.to_string().chars().take(LONGEST_REASON).collect()
}
