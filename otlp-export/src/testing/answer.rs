//! From a step of the script to the answer on the wire, in the words of the request's transport.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body::{Body, Frame};
use otlp_compress::{Codec, Level, compress};
use otlp_core::{
    Signal,
    rpc::{ExportResponse, Status},
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::reply::{Answer, Part, Reply, frame};
use crate::Protocol;

/// What `grpc-message` escapes.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// The answer; `None` if there is to be none.
pub(super) fn render(reply: &Reply, signal: Signal, protocol: Protocol) -> Option<Response<Parts>> {
    let mut answer = match &reply.answer {
        Answer::Never => return None,
        Answer::Raw(status) => raw(*status, reply.parts.clone()),
        Answer::Accepted => success(&ExportResponse::default(), signal, protocol),
        Answer::Partial { rejected, message } => {
            success(&ExportResponse::partial(*rejected, message.as_str()), signal, protocol)
        }
        Answer::Refused { http, status } => refused(*http, status, protocol),
        Answer::Padded { bytes, gzip } => padded(*bytes, *gzip, signal, protocol),
    };
    for (name, value) in &reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            answer.headers_mut().append(name, value);
        }
    }
    Some(answer)
}

fn raw(status: u16, parts: impl Into<VecDeque<Part>>) -> Response<Parts> {
    let mut response = Response::new(Parts(parts.into()));
    if let Ok(status) = status.try_into() {
        *response.status_mut() = status;
    }
    response
}

fn with(
    mut response: Response<Parts>,
    name: &'static str,
    value: impl TryInto<HeaderValue>,
) -> Response<Parts> {
    if let Ok(value) = value.try_into() {
        response.headers_mut().insert(name, value);
    }
    response
}

const fn content_type(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Grpc => "application/grpc",
        Protocol::HttpProtobuf => "application/x-protobuf",
        Protocol::HttpJson => "application/json",
    }
}

fn success(response: &ExportResponse, signal: Signal, protocol: Protocol) -> Response<Parts> {
    let message = match protocol {
        Protocol::HttpJson => response.to_json(signal).into_bytes(),
        Protocol::HttpProtobuf | Protocol::Grpc => response.encode(),
    };
    body(message.into(), protocol, false)
}

/// A message with status 200 and, for gRPC, OK.
fn body(message: Bytes, protocol: Protocol, gzip: bool) -> Response<Parts> {
    let (coding, parts) = match protocol {
        Protocol::Grpc => {
            let ok = Part::Trailers(vec![("grpc-status".to_owned(), "0".to_owned())]);
            ("grpc-encoding", vec![Part::Data(frame(gzip, &message)), ok])
        }
        Protocol::HttpProtobuf | Protocol::HttpJson => ("content-encoding", vec![Part::Data(message)]),
    };
    let response = with(raw(200, parts), "content-type", content_type(protocol));
    if gzip { with(response, coding, "gzip") } else { response }
}

fn refused(http: u16, status: &Status, protocol: Protocol) -> Response<Parts> {
    if protocol == Protocol::Grpc {
        let message = utf8_percent_encode(&status.message, ESCAPED).to_string();
        let response = with(raw(200, []), "content-type", content_type(protocol));
        let response = with(response, "grpc-status", status.code.to_string());
        let response = with(response, "grpc-message", message);
        return with(response, "grpc-status-details-bin", STANDARD_NO_PAD.encode(status.encode()));
    }
    let body = if protocol.is_json() { status.to_json().into_bytes() } else { status.encode() };
    let response = with(raw(http, [Part::Data(body.into())]), "content-type", content_type(protocol));
    match status.retry_delay {
        Some(delay) => {
            let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
            with(response, "retry-after", seconds.to_string())
        }
        None => response,
    }
}

/// A success whose message has `bytes` bytes, by a warning of that length.
fn padded(bytes: usize, gzip: bool, signal: Signal, protocol: Protocol) -> Response<Parts> {
    let warning = |length: usize| ExportResponse::partial(0, "x".repeat(length));
    let encode = |length: usize| match protocol {
        Protocol::HttpJson => warning(length).to_json(signal).into_bytes(),
        Protocol::HttpProtobuf | Protocol::Grpc => warning(length).encode(),
    };
    let envelope = encode(bytes).len() - bytes;
    let message = encode(bytes.saturating_sub(envelope).max(1));
    // gzip of bytes in memory does not fail; if it did, the answer would be as large without it.
    match gzip.then(|| compress(Codec::Gzip, Level::Default, &message)) {
        Some(Ok(small)) => body(small, protocol, true),
        _ => body(message.into(), protocol, false),
    }
}

/// A body in the scripted pieces.
#[derive(Debug)]
pub(super) struct Parts(VecDeque<Part>);

impl Body for Parts {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.0.pop_front().map(|part| match part {
            Part::Data(data) => Ok(Frame::data(data)),
            Part::Trailers(trailers) => Ok(Frame::trailers(trailer_map(&trailers))),
            Part::Break => Err("as the script says"),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

fn trailer_map(trailers: &[(String, String)]) -> HeaderMap {
    let parsed = trailers.iter().filter_map(|(name, value)| {
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
    });
    parsed.collect()
}
