//! A server that has been reached, and the ways to ask it.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use otlp_core::{
    Signal,
    rpc::{ExportResponse, Status},
};

use super::{
    payload,
    target::ProbeError,
    wire::{Answer, Host, Trouble, Version},
};
use crate::{
    Protocol,
    grpc::{
        frame::{FrameDecoder, header as frame_header},
        status,
    },
};

/// The server under test.
pub(super) struct Session {
    http: Host,
    /// Path and query of each signal, where the URL has one.
    paths: [Option<String>; 4],
    /// Where gRPC may be.
    lanes: Vec<Host>,
    headers: HeaderMap,
    shown: String,
    reached: Reached,
}

/// What answers.
#[derive(Default)]
pub(super) struct Reached {
    protobuf: bool,
    json: bool,
    grpc: Option<Host>,
    no_http: String,
    no_grpc: String,
}

/// Encoding of an HTTP request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }

    pub(super) const fn protocol(self) -> Protocol {
        match self {
            Self::Protobuf => Protocol::HttpProtobuf,
            Self::Json => Protocol::HttpJson,
        }
    }

    /// One item of a signal in this encoding.
    pub(super) fn item(self, signal: Signal) -> Bytes {
        let batch = payload::item(signal);
        match self {
            Self::Protobuf => batch.into_bytes(),
            Self::Json => payload::json(&batch),
        }
    }

    pub(super) fn empty(self) -> Bytes {
        Bytes::from_static(match self {
            Self::Protobuf => b"",
            Self::Json => b"{}",
        })
    }
}

/// The answer to a gRPC call.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) status: Status,
    /// The message as it stood in its frame, decompressed; `None` if there was none.
    pub(super) message: Option<Bytes>,
}

impl Session {
    pub(super) fn new(
        http: Host,
        paths: [Option<String>; 4],
        lanes: Vec<Host>,
        headers: HeaderMap,
        shown: String,
    ) -> Self {
        Self { http, paths, lanes, headers, shown, reached: Reached::default() }
    }

    /// Finds out what is spoken where.
    pub(super) async fn reach(mut self, protocols: &[Protocol]) -> Result<Self, ProbeError> {
        let mut reached = Reached::default();
        let asked = |protocol| protocols.contains(&protocol);
        if asked(Protocol::HttpProtobuf) || asked(Protocol::HttpJson) {
            let signal = self.signals()[0];
            match self.post(signal, Encoding::Json, &[], Encoding::Json.empty()).await {
                Ok(answer) if matches!(answer.status, 401 | 403) => {
                    let answer = format!("HTTP status {}", answer.status);
                    return Err(ProbeError::Unauthorized { endpoint: self.shown, answer });
                }
                Ok(_) => {
                    reached.protobuf = asked(Protocol::HttpProtobuf);
                    reached.json = asked(Protocol::HttpJson);
                }
                Err(trouble) => reached.no_http = trouble,
            }
        } else {
            reached.no_http = "HTTP was not asked for".to_owned();
        }
        if asked(Protocol::Grpc) {
            for lane in &self.lanes {
                match self.call_at(lane, Signal::Traces, &[], frame(false, &[])).await {
                    Ok(called) if matches!(called.status.code, 7 | 16) => {
                        let answer = format!("gRPC status {}", called.status.code);
                        return Err(ProbeError::Unauthorized { endpoint: self.shown, answer });
                    }
                    Ok(_) => {
                        reached.grpc = Some(lane.clone());
                        break;
                    }
                    Err(trouble) if reached.no_grpc.is_empty() => {
                        reached.no_grpc = format!("port {} does not speak gRPC: {trouble}", lane.port());
                    }
                    Err(_) => {}
                }
            }
        } else {
            reached.no_grpc = "gRPC was not asked for".to_owned();
        }
        if !reached.protobuf && !reached.json && reached.grpc.is_none() {
            let names: Vec<&str> = protocols.iter().map(|protocol| protocol.as_str()).collect();
            let problem =
                if reached.no_http.starts_with("HTTP was") { reached.no_grpc } else { reached.no_http };
            return Err(ProbeError::Unreachable {
                endpoint: self.shown,
                protocols: names.join(", "),
                problem,
            });
        }
        self.reached = reached;
        Ok(self)
    }

    /// The signals that the URL has a path for.
    pub(super) fn signals(&self) -> Vec<Signal> {
        Signal::ALL.into_iter().filter(|signal| self.paths[*signal as usize].is_some()).collect()
    }

    /// Any signal that is stable, for probes that are not about signals.
    pub(super) fn signal(&self) -> Signal {
        self.signals().first().copied().unwrap_or(Signal::Traces)
    }

    /// The HTTP encodings to probe; none if HTTP is not served or not asked for.
    pub(super) fn encodings(&self) -> Vec<Encoding> {
        let mut encodings = Vec::new();
        if self.reached.protobuf {
            encodings.push(Encoding::Protobuf);
        }
        if self.reached.json {
            encodings.push(Encoding::Json);
        }
        encodings
    }

    pub(super) const fn speaks_json(&self) -> bool {
        self.reached.json
    }

    pub(super) fn speaks_grpc(&self) -> bool {
        self.reached.grpc.is_some()
    }

    /// Why no HTTP can be seen.
    pub(super) fn no_http(&self) -> String {
        if self.reached.no_http.is_empty() {
            "this encoding was not asked for".to_owned()
        } else {
            self.reached.no_http.clone()
        }
    }

    /// Why no gRPC can be seen.
    pub(super) fn no_grpc(&self) -> String {
        self.reached.no_grpc.clone()
    }

    /// Ports of HTTP and gRPC, as far as they are served.
    pub(super) fn ports(&self) -> (Option<u16>, Option<u16>) {
        let http = (self.reached.protobuf || self.reached.json).then(|| self.http.port());
        (http, self.reached.grpc.as_ref().map(Host::port))
    }

    /// A POST to a signal's path.
    pub(super) async fn post(
        &self,
        signal: Signal,
        encoding: Encoding,
        more: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Answer, Trouble> {
        let mut headers = vec![("content-type", encoding.content_type())];
        headers.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        headers.extend(more);
        self.http(Version::Http1, Method::POST, signal, &headers, body.into()).await
    }

    /// Any HTTP request to a signal's path.
    pub(super) async fn http(
        &self,
        version: Version,
        method: Method,
        signal: Signal,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Answer, Trouble> {
        let Some(path) = &self.paths[signal as usize] else { return Err(format!("no URL for {signal}")) };
        self.http.ask(version, method, path, self.with(headers), body).await
    }

    /// A gRPC call; `body` is framed.
    pub(super) async fn call(
        &self,
        signal: Signal,
        more: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Called, Trouble> {
        match &self.reached.grpc {
            Some(lane) => self.call_at(lane, signal, more, body).await,
            None => Err(self.no_grpc()),
        }
    }

    async fn call_at(
        &self,
        lane: &Host,
        signal: Signal,
        more: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Called, Trouble> {
        let mut headers = vec![("content-type", "application/grpc"), ("te", "trailers")];
        headers.extend(more);
        let answer =
            lane.ask(Version::Http2, Method::POST, signal.grpc_path(), self.with(&headers), body).await?;
        let Some(status) = status::read(&answer.trailers).or_else(|| status::read(&answer.headers)) else {
            return Err(format!("an answer with HTTP status {} and without grpc-status", answer.status));
        };
        let mut decoder = FrameDecoder::new(answer.body.len());
        let pushed = decoder.push(answer.body.clone()).and_then(|()| decoder.finish());
        let frame = pushed.map_err(|error| error.to_string())?;
        Ok(Called { status, message: frame.map(|frame| frame.payload) })
    }

    fn with(&self, headers: &[(&str, &str)]) -> HeaderMap {
        let mut map = self.headers.clone();
        for (name, value) in headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(*name), HeaderValue::try_from(*value)) {
                map.insert(name, value);
            }
        }
        map
    }
}

impl Answer {
    /// The essence of the content type, in lower case.
    pub(super) fn content_type(&self) -> String {
        let value =
            self.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The body as an export response, by the encoding of the request.
    pub(super) fn export(&self, signal: Signal, encoding: Encoding) -> Result<ExportResponse, String> {
        match encoding {
            Encoding::Protobuf => {
                ExportResponse::decode(signal, &self.body).map_err(|error| error.to_string())
            }
            // Nothing at all is no JSON.
            Encoding::Json => {
                ExportResponse::from_json(signal, &self.body).map_err(|error| error.to_string())
            }
        }
    }

    /// The body as a status, by its own content type.
    pub(super) fn error(&self) -> Result<Status, String> {
        if self.body.is_empty() {
            return Err("an empty body".to_owned());
        }
        match self.content_type().as_str() {
            "application/x-protobuf" => Status::decode(&self.body).map_err(|error| error.to_string()),
            "application/json" => Status::from_json(&self.body).map_err(|error| error.to_string()),
            "" => Err("a body without content type".to_owned()),
            other => Err(format!("a body of {other:.40}")),
        }
    }
}

/// A message in its gRPC frame.
pub(super) fn frame(compressed: bool, message: &[u8]) -> Bytes {
    let mut bytes =
        frame_header(compressed, message.len()).map_or_else(|_| Vec::new(), |header| header.to_vec());
    bytes.extend_from_slice(message);
    bytes.into()
}

/// A server's words, short and on one line.
pub(super) fn excerpt(text: &str) -> String {
    let clean: String = text.chars().take(120).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > 120 { format!("{}...", clean.trim()) } else { clean.trim().to_owned() }
}
