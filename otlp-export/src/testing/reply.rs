//! One step of a script.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use otlp_core::rpc::Status;

use super::Gate;

/// What the server does with one request: an answer, and what goes wrong with it.
///
/// Most answers suit the request's transport and encoding, whichever it is; those made with [`status`](Self::status) and
/// [`grpc`](Self::grpc) go out as they are written, however wrong.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(super) answer: Answer,
    pub(super) headers: Vec<(String, String)>,
    pub(super) parts: Vec<Part>,
    /// Answer before the body has been read.
    pub(super) early: bool,
    pub(super) delay: Duration,
    pub(super) gate: Option<Gate>,
    pub(super) fault: Option<Fault>,
}

#[derive(Debug, Clone)]
pub(super) enum Answer {
    Accepted,
    Partial {
        rejected: u64,
        message: String,
    },
    Refused {
        http: u16,
        status: Status,
    },
    /// Success with this many bytes of message, under gzip or not.
    Padded {
        bytes: usize,
        gzip: bool,
    },
    /// Nothing but what `headers` and `parts` say.
    Raw(u16),
    Never,
}

/// A piece of a raw body.
#[derive(Debug, Clone)]
pub(super) enum Part {
    Data(Bytes),
    Trailers(Vec<(String, String)>),
    /// Break off in the middle.
    Break,
}

/// What goes wrong with the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// A reset once so many bytes of the request's body have arrived.
    ResetRequestAt(u64),
    /// An end once so many bytes of the answer are written, by RST or by FIN.
    EndResponseAt { bytes: u64, reset: bool },
    /// HTTP/2 GOAWAY instead of an answer, or besides one.
    GoAway { answered: bool },
}

impl Reply {
    fn new(answer: Answer) -> Self {
        Self {
            answer,
            headers: Vec::new(),
            parts: Vec::new(),
            early: false,
            delay: Duration::ZERO,
            gate: None,
            fault: None,
        }
    }

    /// Every item is taken.
    #[must_use]
    pub fn accepted() -> Self {
        Self::new(Answer::Accepted)
    }

    /// All but the first `rejected` items are taken; with 0 the message is a warning (rule G10).
    #[must_use]
    pub fn partial(rejected: u64, message: impl Into<String>) -> Self {
        Self::new(Answer::Partial { rejected, message: message.into() })
    }

    /// Nothing is taken: over gRPC this status, over HTTP the code `http` with the status as its body, and its retry delay in
    /// whole seconds as `Retry-After`.
    #[must_use]
    pub fn refused(http: u16, status: Status) -> Self {
        Self::new(Answer::Refused { http, status })
    }

    /// Nothing is taken for now: `UNAVAILABLE` (with `RetryInfo`) or 503 (with `Retry-After`).
    #[must_use]
    pub fn retry_later(after: Option<Duration>) -> Self {
        Self::refused(503, Status { retry_delay: after, ..Status::new(14, "try again later") })
    }

    /// The batch is bad: `INVALID_ARGUMENT` or 400.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::refused(400, Status::new(3, message))
    }

    /// The batch is too large: `RESOURCE_EXHAUSTED` without `RetryInfo`, or 413.
    #[must_use]
    pub fn too_large() -> Self {
        Self::refused(413, Status::new(8, "the request is larger than max size"))
    }

    /// No answer, as long as the connection lasts.
    #[must_use]
    pub fn hang() -> Self {
        Self::new(Answer::Never)
    }

    /// A reset (RST) instead of an answer.
    #[must_use]
    pub fn reset() -> Self {
        Self::accepted().reset_response_at(0)
    }

    /// HTTP/2: GOAWAY instead of an answer, which says that the request was not looked at; HTTP/1.1: the connection is closed.
    #[must_use]
    pub fn goaway() -> Self {
        let mut reply = Self::new(Answer::Never);
        reply.fault = Some(Fault::GoAway { answered: false });
        reply
    }

    /// Success, in a message of this many bytes.
    #[must_use]
    pub fn oversized(bytes: usize) -> Self {
        Self::new(Answer::Padded { bytes, gzip: false })
    }

    /// Success, in a message that is small under gzip and this many bytes without.
    #[must_use]
    pub fn bomb(bytes: usize) -> Self {
        Self::new(Answer::Padded { bytes, gzip: true })
    }

    /// A 200 that is a web page.
    #[must_use]
    pub fn wrong_content_type() -> Self {
        Self::status(200).header("content-type", "text/html").data("<!doctype html><title>Welcome</title>")
    }

    /// An HTTP status with nothing but what is added to it.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(Answer::Raw(status))
    }

    /// A gRPC answer of one uncompressed message; its trailers are still to be added.
    #[must_use]
    pub fn grpc(message: &[u8]) -> Self {
        Self::status(200).header("content-type", "application/grpc").data(frame(false, message))
    }

    /// A gRPC answer in headers alone.
    #[must_use]
    pub fn trailers_only(code: i32) -> Self {
        Self::status(200).header("content-type", "application/grpc").header("grpc-status", code)
    }

    /// Adds a header, even one that should not be there. Name and value must be what HTTP allows.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds a piece of body to an answer made with [`status`](Self::status) or [`grpc`](Self::grpc).
    #[must_use]
    pub fn data(mut self, data: impl Into<Bytes>) -> Self {
        self.parts.push(Part::Data(data.into()));
        self
    }

    /// Adds a trailer to such an answer.
    #[must_use]
    pub fn trailer(mut self, name: &str, value: impl ToString) -> Self {
        let trailer = (name.to_owned(), value.to_string());
        match self.parts.last_mut() {
            Some(Part::Trailers(trailers)) => trailers.push(trailer),
            _ => self.parts.push(Part::Trailers(vec![trailer])),
        }
        self
    }

    /// Breaks such an answer off after what it has so far: HTTP/1.1 closes the connection, HTTP/2 resets the stream.
    #[must_use]
    pub fn then_break(mut self) -> Self {
        self.parts.push(Part::Break);
        self
    }

    /// Adds `Retry-After` in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header("retry-after", seconds)
    }

    /// Adds `Retry-After` as a date.
    #[must_use]
    pub fn retry_after_date(self, date: SystemTime) -> Self {
        self.header("retry-after", httpdate::fmt_http_date(date))
    }

    /// Answers before the request's body has been read, and takes nothing.
    #[must_use]
    pub const fn early(mut self) -> Self {
        self.early = true;
        self
    }

    /// Answers this much later, by the system's clock.
    #[must_use]
    pub const fn delayed(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Answers when the gate has been opened. The request is counted as received before that.
    #[must_use]
    pub fn behind(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// Resets the connection once `bytes` bytes of the request's body have arrived; nothing is taken.
    #[must_use]
    pub const fn reset_request_at(mut self, bytes: u64) -> Self {
        self.fault = Some(Fault::ResetRequestAt(bytes));
        self
    }

    /// Resets the connection (RST) once `bytes` bytes have been written to it since the answer began, headers and HTTP/2 framing
    /// included. The batch is taken all the same: a client that sends it again sends a duplicate.
    #[must_use]
    pub const fn reset_response_at(mut self, bytes: u64) -> Self {
        self.fault = Some(Fault::EndResponseAt { bytes, reset: true });
        self
    }

    /// As [`reset_response_at`](Self::reset_response_at), but closes the connection in good order (FIN): a truncated answer.
    #[must_use]
    pub const fn close_response_at(mut self, bytes: u64) -> Self {
        self.fault = Some(Fault::EndResponseAt { bytes, reset: false });
        self
    }

    /// Announces the end of the connection with the answer: GOAWAY, or `Connection: close`.
    #[must_use]
    pub const fn then_goaway(mut self) -> Self {
        self.fault = Some(Fault::GoAway { answered: true });
        self
    }
}

/// A gRPC frame.
pub(super) fn frame(compressed: bool, message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut bytes = vec![u8::from(compressed)];
    bytes.extend(length.to_be_bytes());
    bytes.extend_from_slice(message);
    bytes.into()
}
