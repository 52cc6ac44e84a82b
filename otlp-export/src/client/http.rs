//! OTLP/HTTP: one POST a batch, over HTTP/1.1, or HTTP/2 where TLS negotiates it (rule H2).

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use http::{
    HeaderMap, HeaderValue, Method, Request, Uri,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE},
};
use hyper_util::{client::legacy, rt::TokioExecutor};
use otlp_compress::Codec;

use super::{
    ClientError, Inner, answer,
    body::{RequestBody, Sent},
    connector::Connector,
    prepare::Prepared,
    read,
    transport::{no_endpoint, uri},
    unreachable,
};
use crate::{Outcome, Protocol, endpoint::Endpoint};

type Pool = legacy::Client<Connector, RequestBody>;

/// A pool of kept-alive connections (rule H14), and the URL of each signal.
pub(super) struct HttpTransport {
    pool: Mutex<Pool>,
    connector: Connector,
    targets: [Option<Uri>; 4],
    /// For people.
    shown: [Option<Endpoint>; 4],
}

impl HttpTransport {
    pub(super) fn new(endpoints: [Option<Endpoint>; 4], connector: Connector) -> Result<Self, ClientError> {
        let mut targets = [None, None, None, None];
        for (target, endpoint) in targets.iter_mut().zip(&endpoints) {
            *target = endpoint.as_ref().map(|endpoint| uri(&endpoint.to_url(), endpoint)).transpose()?;
        }
        Ok(Self { pool: Mutex::new(pool(connector.clone())), connector, targets, shown: endpoints })
    }

    pub(super) async fn exchange(&self, client: &Inner, prepared: &Prepared, sent: Sent) -> Outcome {
        let Some(target) = &self.targets[prepared.signal() as usize] else { return no_endpoint(prepared) };
        let mut request = Request::new(RequestBody::new([prepared.payload().clone()], sent));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = target.clone();
        *request.headers_mut() = match client.request_headers() {
            Ok(headers) => headers,
            Err(outcome) => return outcome,
        };
        let pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let response = match pool.request(request).await {
            Ok(response) => response,
            Err(error) => return unreachable(&error),
        };
        let (head, body) = response.into_parts();
        match read::collect(body, client.limits.response).await {
            Ok(body) => answer::http(
                prepared.signal(),
                client.protocol,
                &head,
                body,
                client.limits.response,
                SystemTime::now(),
            ),
            Err(outcome) => outcome,
        }
    }
}

impl HttpTransport {
    pub(super) fn forget_connections(&self) {
        *self.pool.lock().unwrap_or_else(PoisonError::into_inner) = pool(self.connector.clone());
    }
}

/// HTTP/2, where TLS negotiates it, gets gRPC's windows.
#[cfg(feature = "grpc")]
fn pool(connector: Connector) -> Pool {
    legacy::Client::builder(TokioExecutor::new())
        .http2_initial_stream_window_size(super::grpc::STREAM_WINDOW)
        .http2_initial_connection_window_size(super::grpc::CONNECTION_WINDOW)
        .http2_max_frame_size(super::grpc::MAX_FRAME)
        .build(connector)
}

#[cfg(not(feature = "grpc"))]
fn pool(connector: Connector) -> Pool {
    legacy::Client::builder(TokioExecutor::new()).build(connector)
}

/// Adds what every request carries besides the user's own.
pub(super) fn complete(headers: &mut HeaderMap, protocol: Protocol, codec: Codec) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(protocol)));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(ACCEPTED));
    if codec != Codec::Identity {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(codec.content_coding()));
    }
}

/// What the client can read back, best first (rule H4).
const ACCEPTED: &str = if cfg!(feature = "zstd") { "zstd, gzip" } else { "gzip" };

const fn content_type(protocol: Protocol) -> &'static str {
    if protocol.is_json() { "application/json" } else { "application/x-protobuf" }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.shown.iter().flatten()).finish()
    }
}
