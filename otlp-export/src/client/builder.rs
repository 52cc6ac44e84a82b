//! Building a client: every setting checked once, so that sending cannot fail for a setting.

use std::time::Duration;

use http::{HeaderMap, header::USER_AGENT};
use otlp_compress::{Codec, Level};
use otlp_core::Signal;

use super::{
    Client, ClientError, Inner,
    connector::Connector,
    headers::{self, Headers, Provider},
    prepare::{Encoder, Limits},
    transport::Transport,
};
use crate::{
    Protocol, TlsOptions,
    endpoint::Endpoint,
    header::{self, Header},
};

/// Settings of a [`Client`]. Nothing is read or connected before [`ClientBuilder::build`] or the first send.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing before `build`"]
pub struct ClientBuilder {
    protocol: Protocol,
    base: Option<Url>,
    own: [Option<Url>; 4],
    codec: Codec,
    level: Level,
    headers: Vec<(String, Secret)>,
    provider: Option<Provider>,
    timeout: Duration,
    tls: TlsOptions,
    limits: Limits,
    user_agent_prefix: Option<String>,
}

/// A header's value, kept out of `Debug`.
#[derive(Clone)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// An endpoint as it was given; `Debug` shows it without query, and not at all if it holds a password.
#[derive(Clone)]
struct Url(String);

impl std::fmt::Debug for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match Endpoint::parse(&self.0) {
            Ok(endpoint) => endpoint.fmt(f),
            Err(error) => write!(f, "[no endpoint: {error}]"),
        }
    }
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            protocol: Protocol::default(),
            base: None,
            own: [None, None, None, None],
            codec: Codec::Identity,
            level: Level::Default,
            headers: Vec::new(),
            provider: None,
            timeout: Duration::from_secs(10),
            tls: TlsOptions::default(),
            limits: Limits::default(),
            user_agent_prefix: None,
        }
    }
}

impl ClientBuilder {
    /// Transport and encoding; default `http/protobuf`.
    pub const fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// The base URL of all signals, `http://` or `https://`: HTTP appends each signal's path to it, gRPC uses scheme, host and port.
    /// Default, if no signal has an endpoint of its own: [`Protocol::default_endpoint`].
    pub fn endpoint(mut self, url: &str) -> Self {
        self.base = Some(Url(url.to_owned()));
        self
    }

    /// The URL of one signal, taken as it is (`/` for no path). With such endpoints and no [`ClientBuilder::endpoint`], batches of
    /// the other signals are refused.
    pub fn signal_endpoint(mut self, signal: Signal, url: &str) -> Self {
        self.own[signal as usize] = Some(Url(url.to_owned()));
        self
    }

    /// Compression of request bodies; default none. Responses may be compressed by any codec of this build.
    pub const fn compression(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// How hard to compress; the default is measured on telemetry.
    pub const fn compression_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// A header on every request, such as `authorization`. A later one replaces an earlier one of the same name; names that the
    /// transport sets itself, and values with line breaks, make [`ClientBuilder::build`] fail.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), Secret(value.to_owned())));
        self
    }

    /// A function that is called before each request and sets headers on it, such as a token that expires. What it sets replaces
    /// what [`ClientBuilder::header`] set. It must not block for long: it runs where the request is sent from. Should it panic, the
    /// outcome of that send is [`Outcome::RetryLater`](crate::Outcome::RetryLater).
    ///
    /// ```
    /// # use std::sync::{Arc, RwLock};
    /// let token = Arc::new(RwLock::new(String::from("abc")));
    /// let current = Arc::clone(&token);
    /// let client = otlp_export::Client::builder().headers_with(move |headers| match current.read() {
    ///     Ok(token) => headers.bearer(&token),
    ///     Err(_) => headers.fail("no token"),
    /// });
    /// ```
    pub fn headers_with(mut self, fill: impl Fn(&mut Headers) + Send + Sync + 'static) -> Self {
        self.provider = Some(Provider::new(fill));
        self
    }

    /// Limit for one send, from connecting to the last byte of the answer; default 10 s, zero is no limit.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Whom to trust and who to be on `https` endpoints; default: the system's trust store, no client certificate.
    pub fn tls(mut self, options: TlsOptions) -> Self {
        self.tls = options;
        self
    }

    /// Largest request body in bytes, checked before and after compression; default 64 MiB (rules G3, H6).
    pub const fn max_request_bytes(mut self, bytes: usize) -> Self {
        self.limits.request = bytes;
        self
    }

    /// Largest response body in bytes, as received and decompressed; default 4 MiB (rules G4, H6).
    pub const fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.limits.response = bytes;
        self
    }

    /// What stands before `OTel-OTLP-Exporter-Rust/<version>` in the user agent, such as `checkout/1.4`.
    pub fn user_agent_prefix(mut self, prefix: &str) -> Self {
        self.user_agent_prefix = Some(prefix.to_owned());
        self
    }

    /// The client. Reads certificate files, connects to nothing.
    ///
    /// # Errors
    /// If an endpoint, a header, a certificate or a key cannot be used, or a feature is missing from this build.
    pub fn build(self) -> Result<Client, ClientError> {
        if !self.codec.is_supported() {
            return Err(ClientError::CodecNotBuilt { codec: self.codec });
        }
        let endpoints = self.endpoints()?;
        let mut headers = self.header_map()?;
        match self.protocol {
            #[cfg(feature = "grpc")]
            Protocol::Grpc => super::grpc::complete(&mut headers, self.codec, self.timeout),
            protocol => super::http::complete(&mut headers, protocol, self.codec),
        }
        let connector = match endpoints.iter().flatten().find(|endpoint| endpoint.is_tls()) {
            Some(endpoint) => self.tls_connector(endpoint)?,
            None => Connector::plain(self.timeout),
        };
        Ok(Client::new(Inner {
            protocol: self.protocol,
            codec: self.codec,
            headers,
            provider: self.provider,
            timeout: self.timeout,
            limits: self.limits,
            transport: Transport::new(self.protocol, endpoints, connector)?,
            encoder: Encoder::new(self.protocol, self.codec, self.level, self.limits),
        }))
    }

    fn endpoints(&self) -> Result<[Option<Endpoint>; 4], ClientError> {
        let parse = |which: &str, url: &str| {
            let error = |problem: String| ClientError::Endpoint { which: which.to_owned(), problem };
            let endpoint = Endpoint::parse(url).map_err(|problem| error(problem.to_string()))?;
            if self.protocol == Protocol::Grpc && endpoint.has_path() {
                return Err(error("gRPC endpoints have no path: give scheme, host and port".to_owned()));
            }
            Ok(endpoint)
        };
        let base = match &self.base {
            Some(Url(url)) => Some(parse("endpoint", url)?),
            None if self.own.iter().all(Option::is_none) => Some(Endpoint::default_for(self.protocol)),
            None => None,
        };
        let mut endpoints = [None, None, None, None];
        for signal in Signal::ALL {
            endpoints[signal as usize] = match &self.own[signal as usize] {
                Some(Url(url)) => Some(parse(&format!("endpoint for {signal}"), url)?),
                None if self.protocol == Protocol::Grpc => base.clone(),
                None => base.clone().map(|base| base.for_signal(signal)),
            };
        }
        Ok(endpoints)
    }

    fn header_map(&self) -> Result<HeaderMap, ClientError> {
        let mut list = Vec::new();
        for (name, Secret(value)) in &self.headers {
            let header = Header::new(name, value).map_err(|error| header_error(name, error))?;
            header::set(&mut list, header);
        }
        let mut map = HeaderMap::new();
        let agent = concat!("OTel-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION"));
        let agent = match &self.user_agent_prefix {
            Some(prefix) => {
                Header::new("user-agent", &format!("{prefix} {agent}"))
                    .map_err(|error| header_error("user-agent", error))?
                    .value
            }
            None => agent.to_owned(),
        };
        let agent = Header { name: USER_AGENT.as_str().to_owned(), value: agent };
        for header in std::iter::once(&agent).chain(&list) {
            let (name, value) = headers::parts(header)?;
            map.insert(name, value);
        }
        Ok(map)
    }

    #[cfg(feature = "tls")]
    fn tls_connector(&self, _: &Endpoint) -> Result<Connector, ClientError> {
        let alpn: &[&[u8]] = match self.protocol {
            Protocol::Grpc => &[b"h2"],
            // HTTP/2 is compiled in with gRPC.
            _ if cfg!(feature = "grpc") => &[b"h2", b"http/1.1"],
            _ => &[b"http/1.1"],
        };
        Ok(Connector::with_tls(self.timeout, crate::tls::client::config(&self.tls, alpn)?))
    }

    #[cfg(not(feature = "tls"))]
    fn tls_connector(&self, endpoint: &Endpoint) -> Result<Connector, ClientError> {
        Err(ClientError::TlsNotBuilt { endpoint: endpoint.to_string() })
    }
}

fn header_error(name: impl ToString, problem: impl ToString) -> ClientError {
    ClientError::Header { name: name.to_string(), problem: problem.to_string() }
}
