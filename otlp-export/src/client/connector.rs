//! From a URL to a connection: DNS, TCP, TLS. One path for HTTP and gRPC.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http::{Uri, uri::Scheme};
use hyper_util::client::legacy::connect::HttpConnector;
use tower_service::Service;

use super::stream::Stream;

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

/// Connects to the host and port of a URL: `https` under TLS or not at all, `http` in plaintext.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: HttpConnector,
    /// For DNS, TCP and TLS together; zero is no limit. A send that gives up does not end an attempt that others may wait for.
    timeout: Duration,
    #[cfg(feature = "tls")]
    tls: Option<tokio_rustls::TlsConnector>,
}

impl Connector {
    /// For `http` alone.
    pub(super) fn plain(timeout: Duration) -> Self {
        Self {
            tcp: tcp(),
            timeout,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// For `http` and `https`.
    #[cfg(feature = "tls")]
    pub(super) fn with_tls(timeout: Duration, config: std::sync::Arc<rustls::ClientConfig>) -> Self {
        Self { tcp: tcp(), timeout, tls: Some(config.into()) }
    }
}

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    // It connects for `https`, too, and knows by the scheme which port stands for none; TLS comes on top.
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = Connecting;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let timeout = self.timeout;
        let connecting =
            if uri.scheme() == Some(&Scheme::HTTPS) { self.call_tls(uri) } else { self.call_plain(uri) };
        if timeout.is_zero() {
            return connecting;
        }
        Box::pin(async move {
            match tokio::time::timeout(timeout, connecting).await {
                Ok(connected) => connected,
                Err(_) => {
                    Err(format!("no connection within {} ms (setting: timeout)", timeout.as_millis()).into())
                }
            }
        })
    }
}

impl Connector {
    fn call_plain(&mut self, uri: Uri) -> Connecting {
        let connecting = self.tcp.call(uri);
        Box::pin(async move { Ok(Stream::Plain(connecting.await?)) })
    }

    #[cfg(feature = "tls")]
    fn call_tls(&mut self, uri: Uri) -> Connecting {
        let Some(tls) = self.tls.clone() else { return no_tls() };
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let connecting = self.tcp.call(uri);
        Box::pin(async move {
            let name = rustls::pki_types::ServerName::try_from(host)?;
            let stream = tls.connect(name, connecting.await?.into_inner()).await?;
            Ok(Stream::Tls(Box::new(hyper_util::rt::TokioIo::new(stream))))
        })
    }

    #[cfg(not(feature = "tls"))]
    fn call_tls(&self, _: Uri) -> Connecting {
        no_tls()
    }
}

/// The builder refuses such an endpoint; this is the second lock on the same door.
fn no_tls() -> Connecting {
    Box::pin(async { Err("https without TLS".into()) })
}
