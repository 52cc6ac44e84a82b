//! One request on a connection of its own, and all of the answer.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use crate::TlsOptions;

/// No answer that a probe looks at is longer; what is longer is a finding.
const LONGEST: usize = 16 << 20;

/// A server's address.
#[derive(Clone)]
pub(crate) struct Host {
    name: String,
    port: u16,
    tls: bool,
    timeout: Duration,
    #[cfg(feature = "tls")]
    options: TlsOptions,
}

/// Which HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    Http1,
    Http2,
}

/// An answer, read to its end.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) trailers: HeaderMap,
}

/// Why there is no answer, in words.
pub(crate) type Trouble = String;

impl Host {
    /// The host of a URL. Certificates are read.
    pub(crate) fn new(url: &Uri, tls: &TlsOptions, timeout: Duration) -> Result<Self, String> {
        let encrypted = url.scheme() == Some(&http::uri::Scheme::HTTPS);
        #[cfg(feature = "tls")]
        if encrypted {
            crate::tls::client::config(tls, &[]).map_err(|error| error.to_string())?;
        }
        #[cfg(not(feature = "tls"))]
        if encrypted {
            let _ = tls;
            return Err("this build has no TLS".to_owned());
        }
        let name = url.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        Ok(Self {
            name,
            port: url.port_u16().unwrap_or(if encrypted { 443 } else { 80 }),
            tls: encrypted,
            timeout,
            #[cfg(feature = "tls")]
            options: tls.clone(),
        })
    }

    /// The same host at another port.
    pub(crate) fn with_port(&self, port: u16) -> Self {
        Self { port, ..self.clone() }
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Host and port, as a URL has them.
    pub(crate) fn authority(&self) -> String {
        if self.name.contains(':') {
            format!("[{}]:{}", self.name, self.port)
        } else {
            format!("{}:{}", self.name, self.port)
        }
    }

    /// Sends one request and reads the answer, both within the timeout.
    pub(crate) async fn ask(
        &self,
        version: Version,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, Trouble> {
        match tokio::time::timeout(self.timeout, self.exchange(version, method, path, headers, body)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {} ms", self.timeout.as_millis())),
        }
    }

    async fn exchange(
        &self,
        version: Version,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, Trouble> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.headers_mut() = headers;
        let agent = concat!("otlp-conformance/", env!("CARGO_PKG_VERSION"));
        request.headers_mut().entry(header::USER_AGENT).or_insert(HeaderValue::from_static(agent));
        let uri = match version {
            Version::Http1 => path.to_owned(),
            Version::Http2 => {
                format!("{}://{}{path}", if self.tls { "https" } else { "http" }, self.authority())
            }
        };
        *request.uri_mut() = Uri::try_from(uri).map_err(|error| error.to_string())?;
        if version == Version::Http1 {
            let host = HeaderValue::try_from(self.authority()).map_err(|error| error.to_string())?;
            request.headers_mut().insert(header::HOST, host);
        }
        let stream =
            TcpStream::connect((self.name.as_str(), self.port)).await.map_err(|error| error.to_string())?;
        let _ = stream.set_nodelay(true);
        #[cfg(feature = "tls")]
        if self.tls {
            return speak(self.encrypted(stream, version).await?, version, request).await;
        }
        speak(stream, version, request).await
    }

    #[cfg(feature = "tls")]
    async fn encrypted(
        &self,
        stream: TcpStream,
        version: Version,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Trouble> {
        let alpn: &[u8] = if version == Version::Http2 { b"h2" } else { b"http/1.1" };
        let config = crate::tls::client::config(&self.options, &[alpn]).map_err(|error| error.to_string())?;
        let name =
            rustls::pki_types::ServerName::try_from(self.name.clone()).map_err(|error| error.to_string())?;
        tokio_rustls::TlsConnector::from(config)
            .connect(name, stream)
            .await
            .map_err(|error| error.to_string())
    }
}

async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    version: Version,
    request: Request<Full<Bytes>>,
) -> Result<Answer, Trouble> {
    let io = TokioIo::new(stream);
    let (response, driver) = match version {
        Version::Http1 => {
            let handshake = hyper::client::conn::http1::handshake(io).await;
            let (mut sender, connection) = handshake.map_err(|error| words(&error))?;
            let driver = tokio::spawn(connection);
            (sender.send_request(request).await, driver)
        }
        Version::Http2 => {
            let builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
            let (mut sender, connection) = builder.handshake(io).await.map_err(|error| words(&error))?;
            let driver = tokio::spawn(connection);
            (sender.send_request(request).await, driver)
        }
    };
    let answer = match response {
        Ok(response) => read(response).await,
        Err(error) => Err(words(&error)),
    };
    driver.abort();
    answer
}

async fn read(response: http::Response<hyper::body::Incoming>) -> Result<Answer, Trouble> {
    let (head, mut body) = response.into_parts();
    let mut answer = Answer { status: head.status.as_u16(), headers: head.headers, ..Answer::default() };
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        match frame.map_err(|error| words(&error))?.into_data() {
            Ok(data) if bytes.len() + data.len() > LONGEST => {
                return Err(format!("the answer is longer than {LONGEST} bytes"));
            }
            Ok(data) => bytes.extend_from_slice(&data),
            Err(frame) => {
                if let Ok(trailers) = frame.into_trailers() {
                    answer.trailers = trailers;
                }
            }
        }
    }
    answer.body = bytes.freeze();
    Ok(answer)
}

/// An error with its causes.
fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
