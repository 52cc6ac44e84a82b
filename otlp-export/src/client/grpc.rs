//! OTLP/gRPC: tonic's channel carries HTTP/2; frames, codings, deadline and status are ours.

use std::{
    fmt,
    future::poll_fn,
    sync::{Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri,
    header::{CONTENT_TYPE, TE},
};
use http_body_util::BodyExt;
use otlp_compress::Codec;
use otlp_core::{Signal, rpc::Status};
use tonic::{
    body::Body,
    transport::{Channel, Endpoint as ChannelSettings},
};
use tower_service::Service;

use super::{
    ClientError, Inner, answer,
    body::{RequestBody, Sent},
    connector::Connector,
    prepare::Prepared,
    read, timed_out,
    transport::{no_endpoint, uri},
    unreachable,
};
use crate::{
    Failure, FailureKind, Outcome,
    endpoint::Endpoint,
    grpc::{
        frame::{FrameDecoder, FrameError, header},
        status,
    },
};

/// HTTP/2 windows: the defaults (64 KiB) halve the throughput of large messages.
pub(super) const STREAM_WINDOW: u32 = 4 << 20;
pub(super) const CONNECTION_WINDOW: u32 = 16 << 20;
pub(super) const MAX_FRAME: u32 = 1 << 20;

/// What the client can read back.
const ACCEPTED: &str = if cfg!(feature = "zstd") { "identity,gzip,zstd" } else { "identity,gzip" };

/// One lane for each distinct host, and which signal takes which.
pub(super) struct GrpcTransport {
    lanes: Vec<Lane>,
    of_signal: [Option<usize>; 4],
}

impl GrpcTransport {
    pub(super) fn new(endpoints: [Option<Endpoint>; 4], connector: Connector) -> Result<Self, ClientError> {
        let mut lanes: Vec<Lane> = Vec::new();
        let mut of_signal = [None; 4];
        for (lane, endpoint) in of_signal.iter_mut().zip(endpoints) {
            let Some(endpoint) = endpoint else { continue };
            let known = lanes.iter().position(|lane| lane.endpoint == endpoint);
            *lane = match known {
                Some(known) => Some(known),
                None => {
                    lanes.push(Lane::new(endpoint, connector.clone())?);
                    Some(lanes.len() - 1)
                }
            };
        }
        Ok(Self { lanes, of_signal })
    }

    pub(super) async fn exchange(&self, client: &Inner, prepared: &Prepared, sent: Sent) -> Outcome {
        let lane = self.of_signal[prepared.signal() as usize].and_then(|at| self.lanes.get(at));
        let Some(lane) = lane else { return no_endpoint(prepared) };
        let payload = prepared.payload().clone();
        let header = match header(client.codec != Codec::Identity, payload.len()) {
            Ok(header) => Bytes::copy_from_slice(&header),
            Err(error) => {
                return Outcome::Rejected { cause: Failure::new(FailureKind::TooLarge, error.to_string()) };
            }
        };
        let mut request = Request::new(Body::new(RequestBody::new([header, payload], sent)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static(prepared.signal().grpc_path());
        *request.headers_mut() = match client.request_headers() {
            Ok(headers) => headers,
            Err(outcome) => return outcome,
        };
        match lane.call(request).await {
            Ok(response) => read_response(prepared.signal(), response, client.limits.response).await,
            // The channel reads `grpc-timeout`, too, and may be the first to see it pass.
            Err(error) if is_timeout(&error) => {
                lane.forget();
                timed_out(client.timeout)
            }
            Err(error) => unreachable(&error),
        }
    }
}

impl GrpcTransport {
    pub(super) fn forget_connections(&self, signal: Signal) {
        if let Some(lane) = self.of_signal[signal as usize].and_then(|at| self.lanes.get(at)) {
            lane.forget();
        }
    }
}

impl fmt::Debug for GrpcTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lanes.iter().map(|lane| &lane.endpoint)).finish()
    }
}

/// Adds what every request carries besides the user's own.
pub(super) fn complete(headers: &mut HeaderMap, codec: Codec, timeout: Duration) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert("grpc-accept-encoding", HeaderValue::from_static(ACCEPTED));
    if codec != Codec::Identity {
        headers.insert("grpc-encoding", HeaderValue::from_static(codec.content_coding()));
    }
    if let Ok(value) = HeaderValue::try_from(grpc_timeout(timeout))
        && !timeout.is_zero()
    {
        headers.insert("grpc-timeout", value);
    }
}

/// The form of `grpc-timeout`: at most eight digits and a unit.
fn grpc_timeout(timeout: Duration) -> String {
    const MAX: u128 = 99_999_999;
    match timeout.as_millis() {
        ms if ms <= MAX => format!("{}m", ms.max(1)),
        _ => format!("{}S", u128::from(timeout.as_secs()).min(MAX)),
    }
}

async fn read_response(signal: Signal, response: Response<Body>, limit: usize) -> Outcome {
    let (head, mut body) = response.into_parts();
    if let Some(status) = status::read(&head.headers)
        && status.code != 0
    {
        return refused(status);
    }
    if head.status != StatusCode::OK {
        return not_grpc(head.status);
    }
    let content_type = head.headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    if !content_type.to_ascii_lowercase().starts_with(b"application/grpc") {
        return answer::bad("the answer is not gRPC: is this endpoint's port that of OTLP/gRPC?");
    }
    let mut decoder = FrameDecoder::new(limit);
    let mut trailers = None;
    while let Some(part) = body.frame().await {
        match part.map(http_body::Frame::into_data) {
            Ok(Ok(data)) => {
                if let Err(error) = decoder.push(data) {
                    return broken_frame(&error, limit);
                }
            }
            Ok(Err(part)) => trailers = part.into_trailers().ok().or(trailers),
            Err(error) => return unreachable(&error),
        }
    }
    let Some(status) = trailers.as_ref().and_then(status::read).or_else(|| status::read(&head.headers))
    else {
        return answer::bad("the answer ends without grpc-status");
    };
    if status.code != 0 {
        return refused(status);
    }
    let frame = match decoder.finish() {
        Ok(Some(frame)) => frame,
        Ok(None) => return answer::bad("grpc-status is OK, but there is no message"),
        Err(error) => return broken_frame(&error, limit),
    };
    if !frame.compressed {
        return answer::protobuf(signal, &frame.payload);
    }
    if !head.headers.contains_key("grpc-encoding") {
        return answer::bad("a compressed message without grpc-encoding");
    }
    match read::decode(&head.headers, "grpc-encoding", frame.payload, limit) {
        Ok(message) => answer::protobuf(signal, &message),
        Err(outcome) => outcome,
    }
}

/// Rules G12 to G14.
fn refused(status: Status) -> Outcome {
    let retryable = status::is_retryable(&status);
    let after = status.retry_delay;
    // What is no code of gRPC's counts as UNKNOWN.
    let code = u32::try_from(status.code).unwrap_or(2);
    let cause = answer::failure(FailureKind::GrpcStatus(code), status);
    if retryable { Outcome::RetryLater { after, cause } } else { Outcome::Rejected { cause } }
}

/// An HTTP status without `grpc-status`: a proxy's answer (http-grpc-status-mapping.md makes the same four retryable as rule H11).
fn not_grpc(status: StatusCode) -> Outcome {
    let cause = Failure::new(FailureKind::HttpStatus(status.as_u16()), "an answer without grpc-status");
    if answer::is_retryable(status) {
        Outcome::RetryLater { after: None, cause }
    } else {
        Outcome::Rejected { cause }
    }
}

fn broken_frame(error: &FrameError, limit: usize) -> Outcome {
    match error {
        FrameError::TooLarge { .. } => read::too_large(limit, ""),
        FrameError::BadFlag(_) | FrameError::Truncated { .. } | FrameError::Trailing => {
            answer::bad(error.to_string())
        }
    }
}

fn is_timeout(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<tonic::TimeoutExpired>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// The channel to one host, made at the first call.
struct Lane {
    endpoint: Endpoint,
    settings: ChannelSettings,
    connector: Fixed,
    channel: Mutex<Option<Channel>>,
}

impl Lane {
    fn new(endpoint: Endpoint, connector: Connector) -> Result<Self, ClientError> {
        let target = uri(&endpoint.to_url(), &endpoint)?;
        // tonic refuses `https` unless its own TLS is set up; ours sits in the connector, which knows the real target.
        let mut plain = target.clone().into_parts();
        plain.scheme = Some(http::uri::Scheme::HTTP);
        let plain = Uri::from_parts(plain).unwrap_or_else(|_| target.clone());
        let settings = Channel::builder(plain)
            .origin(target.clone())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_frame_size(MAX_FRAME);
        Ok(Self { endpoint, settings, connector: Fixed { connector, target }, channel: Mutex::default() })
    }

    async fn call(&self, request: Request<Body>) -> Result<Response<Body>, tonic::transport::Error> {
        let mut channel = self.channel();
        if poll_fn(|cx| channel.poll_ready(cx)).await.is_err() {
            // The channel's task is gone with the runtime it was made on: make it anew on this one.
            self.forget();
            channel = self.channel();
            poll_fn(|cx| channel.poll_ready(cx)).await?;
        }
        channel.call(request).await
    }

    fn channel(&self) -> Channel {
        let mut channel = self.channel.lock().unwrap_or_else(PoisonError::into_inner);
        channel
            .get_or_insert_with(|| self.settings.connect_with_connector_lazy(self.connector.clone()))
            .clone()
    }

    fn forget(&self) {
        *self.channel.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// A connector that goes to one place, whatever URL it is given.
#[derive(Clone)]
struct Fixed {
    connector: Connector,
    target: Uri,
}

impl Service<Uri> for Fixed {
    type Response = <Connector as Service<Uri>>::Response;
    type Error = <Connector as Service<Uri>>::Error;
    type Future = <Connector as Service<Uri>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        self.connector.call(self.target.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_timeouts_have_eight_digits_at_most() {
        assert_eq!(grpc_timeout(Duration::from_secs(10)), "10000m");
        assert_eq!(grpc_timeout(Duration::from_nanos(1)), "1m");
        assert_eq!(grpc_timeout(Duration::from_millis(99_999_999)), "99999999m");
        assert_eq!(grpc_timeout(Duration::from_millis(100_000_000)), "100000S");
        assert_eq!(grpc_timeout(Duration::MAX), "99999999S");
    }
}
