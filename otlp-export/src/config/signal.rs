//! The settings of one signal, after the generic and the signal's own variables have been weighed.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use otlp_compress::Codec;
use otlp_core::Signal;

use super::{
    Warning, header_list,
    preference::{one_of, shorten},
    variable::Variables,
};
#[cfg(feature = "http")]
use crate::client::{Client, ClientBuilder};
use crate::{
    Protocol, Tracezip,
    endpoint::{self, Endpoint},
    header::Header,
    tls::TlsOptions,
};

/// What the environment says about one signal. `Debug` shows no header's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalConfig {
    protocol: Protocol,
    endpoint: Endpoint,
    headers: Vec<Header>,
    compression: Codec,
    tracezip: Tracezip,
    timeout: Duration,
    ca: Option<PathBuf>,
    client_cert: Option<PathBuf>,
    client_key: Option<PathBuf>,
    /// Which setting, by the end of its variable's name, came from which variable.
    sources: Vec<(String, String)>,
}

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

impl SignalConfig {
    pub(super) fn read(variables: &mut Variables<'_>, signal: Signal) -> Self {
        let protocols = Protocol::ALL.map(|protocol| (protocol.as_str(), protocol));
        let protocol = variables
            .of_signal(signal, "PROTOCOL", Protocol::default().as_str(), |text, _| one_of(text, &protocols))
            .map_or_else(Protocol::default, |found| found.value);
        let endpoint = endpoint(variables, signal, protocol);
        // The specification leaves an unset compression to the implementation. gzip is what every server must take (rule G1);
        // on loopback it costs more than it saves.
        let unset = if endpoint.is_loopback() { Codec::Identity } else { Codec::Gzip };
        let (compression, tracezip) = variables
            .of_signal(signal, "COMPRESSION", unset.as_str(), |text, _| compression(text, protocol))
            .map_or((unset, Tracezip::Off), |found| found.value);
        let timeout = variables
            .of_signal(signal, "TIMEOUT", "10000", |text, _| milliseconds(text))
            .map_or(DEFAULT_TIMEOUT, |found| found.value);
        let mut path = |suffix| {
            variables
                .of_signal(signal, suffix, "none", |text, _| Ok(PathBuf::from(text)))
                .map(|found| found.value)
        };
        let (ca, client_cert, client_key) =
            (path("CERTIFICATE"), path("CLIENT_CERTIFICATE"), path("CLIENT_KEY"));
        let headers = headers(variables, signal, &endpoint);
        let sources = variables.take_sources();
        Self {
            protocol,
            endpoint,
            headers,
            compression,
            tracezip,
            timeout,
            ca,
            client_cert,
            client_key,
            sources,
        }
    }

    /// Transport and encoding.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The URL that requests go to: with the signal's path for HTTP, scheme, host and port for gRPC.
    #[must_use]
    pub fn endpoint(&self) -> String {
        match self.protocol {
            Protocol::Grpc => self.endpoint.origin(),
            Protocol::HttpProtobuf | Protocol::HttpJson => self.endpoint.to_url(),
        }
    }

    /// The names of the extra headers, lower-case. Their values go nowhere but into requests.
    pub fn header_names(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(|header| header.name.as_str())
    }

    /// Compression of request bodies; with [`tracezip`](Self::tracezip), of those for servers that do not take it.
    #[must_use]
    pub const fn compression(&self) -> Codec {
        self.compression
    }

    /// Whether and how request bodies are sent as tracezip.
    #[must_use]
    pub const fn tracezip(&self) -> Tracezip {
        self.tracezip
    }

    /// The variable that a setting came from, by what stands behind `OTEL_EXPORTER_OTLP_`, such as `ENDPOINT`; `None` if it has its
    /// default.
    #[must_use]
    pub fn variable(&self, setting: &str) -> Option<&str> {
        self.sources.iter().find(|(suffix, _)| suffix == setting).map(|(_, variable)| variable.as_str())
    }

    /// Limit for one send; zero is no limit.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// File of the only certificate authorities to trust.
    #[must_use]
    pub fn certificate(&self) -> Option<&Path> {
        self.ca.as_deref()
    }

    /// File of the client's certificate chain.
    #[must_use]
    pub fn client_certificate(&self) -> Option<&Path> {
        self.client_cert.as_deref()
    }

    /// File of the client's key.
    #[must_use]
    pub fn client_key(&self) -> Option<&Path> {
        self.client_key.as_deref()
    }

    /// The three files as TLS settings.
    #[must_use]
    pub fn tls(&self) -> TlsOptions {
        let mut options = TlsOptions::new();
        if let Some(path) = &self.ca {
            options = options.ca_file(path);
        }
        if let Some(path) = &self.client_cert {
            options = options.client_cert_file(path);
        }
        if let Some(path) = &self.client_key {
            options = options.client_key_file(path);
        }
        options
    }

    #[cfg(feature = "http")]
    pub(super) fn builder(&self, signal: Signal) -> ClientBuilder {
        let builder = Client::builder()
            .protocol(self.protocol)
            .signal_endpoint(signal, &self.endpoint())
            .compression(self.compression)
            .tracezip(self.tracezip)
            .timeout(self.timeout)
            .tls(self.tls());
        self.headers.iter().fold(builder, |builder, header| builder.header(&header.name, &header.value))
    }
}

/// The endpoint by the specification's rules: a generic one is a base for HTTP, a signal's own one is taken as it is; gRPC
/// knows no paths, and reads `INSECURE` only where there is no scheme.
fn endpoint(variables: &mut Variables<'_>, signal: Signal, protocol: Protocol) -> Endpoint {
    let default = protocol.default_endpoint();
    if protocol != Protocol::Grpc {
        let found = variables.of_signal(signal, "ENDPOINT", default, |text, _| {
            Endpoint::parse(text).map_err(|error| error.to_string())
        });
        return match found {
            Some(found) if found.per_signal => found.value,
            Some(found) => found.value.for_signal(signal),
            None => Endpoint::default_for(protocol).for_signal(signal),
        };
    }
    let insecure = variables
        .of_signal(signal, "INSECURE", "false", |text, _| one_of(text, &[("true", true), ("false", false)]))
        .is_some_and(|found| found.value);
    let found = variables.of_signal(signal, "ENDPOINT", default, |text, _| {
        let parsed = if endpoint::has_scheme(text) {
            Endpoint::parse(text)
        } else {
            Endpoint::parse_without_scheme(!insecure, text)
        };
        parsed.map_err(|error| error.to_string())
    });
    let Some(found) = found else { return Endpoint::default_for(protocol) };
    if found.value.has_path() {
        let warning =
            Warning::new(found.variable, "gRPC endpoints have no path", "scheme, host and port alone");
        variables.warn(warning);
    }
    found.value.into_origin()
}

/// What `COMPRESSION` names: a codec, or tracezip, with gzip for servers that do not take it, because every server has that.
fn compression(text: &str, protocol: Protocol) -> Result<(Codec, Tracezip), String> {
    let tracezip = [Tracezip::Stateless, Tracezip::Stream].into_iter().filter(|mode| mode.is_supported());
    let tracezip = tracezip.map(|mode| (mode.as_str(), (Codec::Gzip, mode)));
    let codecs = Codec::supported().iter().map(|codec| (codec.as_str(), (*codec, Tracezip::Off)));
    let names: Vec<_> = codecs.chain(tracezip).collect();
    match one_of(text, &names)? {
        (_, mode) if mode != Tracezip::Off && protocol.is_json() => {
            Err(format!("{mode} compresses protobuf, not JSON"))
        }
        found => Ok(found),
    }
}

fn headers(variables: &mut Variables<'_>, signal: Signal, endpoint: &Endpoint) -> Vec<Header> {
    let Some(found) = variables.of_signal(signal, "HEADERS", "none", |text, _| Ok(header_list::parse(text)))
    else {
        return Vec::new();
    };
    let (headers, problems) = found.value;
    for problem in problems {
        variables.warn(Warning::new(found.variable.as_str(), problem, "the other entries"));
    }
    if let Some(header) = headers.iter().find(|header| endpoint.is_exposed() && header.is_credential()) {
        variables.warn(Warning::exposed(found.variable, &header.name));
    }
    headers
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    text.parse::<u64>()
        .map(Duration::from_millis)
        .map_err(|_| format!("{:?} is not a whole number of milliseconds", shorten(text)))
}
