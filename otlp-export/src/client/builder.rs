//! Building a client: every setting checked once, so that sending cannot fail for a setting.

use std::{io, net::SocketAddr, time::Duration};

use http::{HeaderMap, header::USER_AGENT};
use otlp_compress::{Codec, Level};
use otlp_core::Signal;

use super::{
    Client, ClientError, Inner,
    fleet::Balance,
    headers::{self, Headers, Provider},
    host::Settings,
    prepare::{Encoder, Limits},
    proxy::Proxy,
    resolve::Resolver,
    transport::Transport,
};
#[cfg(feature = "tls")]
use crate::tls::reload::Reloading;
use crate::{
    Protocol, TlsOptions, Tracezip, Warning,
    endpoint::Endpoint,
    header::{self, Header},
};

/// Settings of a [`Client`]. Nothing is read or connected before [`ClientBuilder::build`] or the first send.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing before `build`"]
pub struct ClientBuilder {
    protocol: Protocol,
    base: Option<Vec<Url>>,
    own: [Option<Url>; 4],
    codec: Codec,
    tracezip: Tracezip,
    level: Level,
    headers: Vec<(String, Secret)>,
    provider: Option<Provider>,
    timeout: Duration,
    tls: TlsOptions,
    balance: Balance,
    max_age: Duration,
    proxy: Proxy,
    resolver: Resolver,
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
            tracezip: Tracezip::Off,
            level: Level::Default,
            headers: Vec::new(),
            provider: None,
            timeout: Duration::from_secs(10),
            tls: TlsOptions::default(),
            balance: Balance::default(),
            max_age: Duration::from_secs(600),
            proxy: Proxy::default(),
            resolver: Resolver::default(),
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
    /// `unix:/path` is a Unix socket, on which requests have the signal's path and the host `localhost`.
    /// Default, if no signal has an endpoint of its own: [`Protocol::default_endpoint`].
    pub fn endpoint(self, url: &str) -> Self {
        self.endpoints(&[url])
    }

    /// Several base URLs, used as [`ClientBuilder::balance`] says.
    pub fn endpoints(mut self, urls: &[&str]) -> Self {
        self.base = Some(urls.iter().map(|url| Url((*url).to_owned())).collect());
        self
    }

    /// How several endpoints, and several addresses of one, are used; default [`Balance::Failover`].
    pub const fn balance(mut self, balance: Balance) -> Self {
        self.balance = balance;
        self
    }

    /// The age at which a connection gets no more requests; those under way finish. The next one looks the host's name up again,
    /// and so finds servers that came later. Default 10 minutes, zero is no limit.
    pub const fn max_connection_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// The HTTP proxy to go through; default [`Proxy::from_env`].
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// What looks names up instead of the system's resolver: from a host and a port to addresses. It is called for each new
    /// connection on a thread where it may block, and not for hosts that are addresses.
    pub fn resolver(
        mut self,
        lookup: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> Self {
        self.resolver = Resolver::new(lookup);
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

    /// Sends tracezip to servers that take it, and to the others what [`ClientBuilder::compression`] says (gzip if that says nothing);
    /// default never.
    ///
    /// Over HTTP a server takes it if an earlier answer of its own said so (`Accept-Encoding: tracezip`, RFC 7694); over gRPC the
    /// first request finds out, because a server without the service takes nothing. A batch that is refused in this form (400 or
    /// 415; UNIMPLEMENTED or INVALID_ARGUMENT) is sent once more in the other within the same send; if the form was at fault, the
    /// endpoint gets the other one for 10 minutes.
    pub const fn tracezip(mut self, tracezip: Tracezip) -> Self {
        self.tracezip = tracezip;
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
    pub fn build(mut self) -> Result<Client, ClientError> {
        if self.tracezip != Tracezip::Off {
            if !self.tracezip.is_supported() {
                return Err(ClientError::TracezipNotBuilt);
            }
            if self.protocol.is_json() {
                return Err(ClientError::TracezipNeedsProtobuf);
            }
            if self.codec == Codec::Identity {
                self.codec = Codec::Gzip;
            }
        }
        if self.is_grpc() {
            self.codec = self.codec.over_grpc();
        }
        if !self.codec.is_supported() {
            return Err(ClientError::CodecNotBuilt { codec: self.codec });
        }
        let endpoints = self.read_endpoints()?;
        let mut headers = self.header_map()?;
        match self.protocol {
            #[cfg(feature = "grpc")]
            Protocol::Grpc => super::grpc::complete(&mut headers, self.codec, self.timeout),
            #[cfg(not(feature = "grpc"))]
            Protocol::Grpc => return Err(ClientError::GrpcNotBuilt),
            protocol => super::http::complete(&mut headers, protocol, self.codec),
        }
        let warnings = self.warnings(&endpoints);
        let settings = self.settings(endpoints.iter().flatten())?;
        let transport = Transport::new(endpoints, settings, &self.proxy)?;
        Ok(Client::new(Inner {
            protocol: self.protocol,
            codec: self.codec,
            #[cfg(feature = "tracezip")]
            tracezip: self.tracezip,
            headers,
            provider: self.provider,
            warnings,
            timeout: self.timeout,
            limits: self.limits,
            transport,
            encoder: Encoder::new(self.protocol, self.codec, self.level, self.limits),
        }))
    }

    fn is_grpc(&self) -> bool {
        self.protocol == Protocol::Grpc
    }

    fn warnings(&self, endpoints: &[Vec<Endpoint>; 4]) -> Vec<Warning> {
        if !endpoints.iter().flatten().any(Endpoint::is_exposed) {
            return Vec::new();
        }
        let header = |(name, Secret(value)): &(String, Secret)| Header::new(name, value).ok();
        let exposed = self.headers.iter().filter_map(header).find(Header::is_credential);
        let mut warnings = Vec::from_iter(exposed.map(|header| Warning::exposed("header", &header.name)));
        if self.provider.is_some() {
            warnings.push(Warning::exposed("headers_with", "what it sets"));
        }
        warnings
    }

    /// In the order of `Signal::ALL`.
    fn read_endpoints(&self) -> Result<[Vec<Endpoint>; 4], ClientError> {
        let error = |which: &str, problem: String| ClientError::Endpoint { which: which.to_owned(), problem };
        let parse = |which: &str, url: &str| {
            let endpoint = Endpoint::parse(url).map_err(|problem| error(which, problem.to_string()))?;
            if self.is_grpc() && endpoint.has_path() {
                let problem = "gRPC endpoints have no path: give scheme, host and port";
                return Err(error(which, problem.to_owned()));
            }
            Ok(endpoint)
        };
        let base = match &self.base {
            Some(urls) if urls.is_empty() => return Err(error("endpoints", "the list is empty".to_owned())),
            Some(urls) => urls.iter().map(|Url(url)| parse("endpoint", url)).collect::<Result<_, _>>()?,
            None if self.own.iter().all(Option::is_none) => vec![Endpoint::default_for(self.protocol)],
            None => Vec::new(),
        };
        let mut endpoints = [const { Vec::new() }; 4];
        for signal in Signal::ALL {
            let of_signal = |base: Endpoint| if self.is_grpc() { base } else { base.for_signal(signal) };
            endpoints[signal as usize] = match &self.own[signal as usize] {
                Some(Url(url)) => {
                    let own = parse(&format!("endpoint for {signal}"), url)?;
                    // The URL of a socket has no place for a path.
                    vec![if own.socket().is_some() { of_signal(own) } else { own }]
                }
                None => base.iter().cloned().map(of_signal).collect(),
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
    fn settings<'a>(&self, endpoints: impl Iterator<Item = &'a Endpoint>) -> Result<Settings, ClientError> {
        let alpn: &[&[u8]] = match self.protocol {
            Protocol::Grpc => &[b"h2"],
            // HTTP/2 is compiled in with gRPC.
            _ if cfg!(feature = "grpc") => &[b"h2", b"http/1.1"],
            _ => &[b"http/1.1"],
        };
        let reloading = |alpn| Reloading::new(self.tls.clone(), alpn);
        let (mut tls, mut proxy_tls) = (None, None);
        for endpoint in endpoints {
            if endpoint.is_tls() && tls.is_none() {
                tls = Some(reloading(alpn)?);
            }
            let way = self.proxy.of(endpoint, |name| std::env::var(name).ok())?;
            if proxy_tls.is_none() && way.is_some_and(|way| way.endpoint.is_tls()) {
                proxy_tls = Some(reloading(&[b"http/1.1"])?);
            }
        }
        Ok(Settings {
            balance: self.balance,
            resolver: self.resolver.clone(),
            http2: self.is_grpc(),
            max_age: self.max_age,
            timeout: self.timeout,
            tls,
            proxy_tls,
        })
    }

    #[cfg(not(feature = "tls"))]
    fn settings<'a>(
        &self,
        mut endpoints: impl Iterator<Item = &'a Endpoint>,
    ) -> Result<Settings, ClientError> {
        if let Some(endpoint) = endpoints.find(|endpoint| endpoint.is_tls()) {
            return Err(ClientError::TlsNotBuilt { endpoint: endpoint.to_string() });
        }
        Ok(Settings {
            balance: self.balance,
            resolver: self.resolver.clone(),
            http2: self.is_grpc(),
            max_age: self.max_age,
            timeout: self.timeout,
        })
    }
}

fn header_error(name: impl ToString, problem: impl ToString) -> ClientError {
    ClientError::Header { name: name.to_string(), problem: problem.to_string() }
}
