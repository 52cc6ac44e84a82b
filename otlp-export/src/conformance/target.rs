//! Whom to probe, and how.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use otlp_core::Signal;
use thiserror::Error;

use super::{Finding, probe, session::Session, wire::Host};
use crate::{Protocol, TlsOptions, endpoint::Endpoint, header::Header};

/// Probes a server's endpoint for the rules that bind servers.
///
/// What it sends is small and marked (`service.name` and scope `otlp-conformance`), a few dozen requests one after the other. The two
/// probes of size limits send one gzip body each, of 65 KB that decompress to 65 MiB and hold no telemetry.
///
/// ```no_run
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// use otlp_export::conformance::{Judgement, Target};
///
/// let findings = Target::new("http://localhost:4318").run(|finding| println!("{} {}", finding.rule.id, finding.judgement)).await?;
/// assert!(findings.iter().all(|finding| finding.judgement != Judgement::Fail));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is sent before `run`"]
pub struct Target {
    url: String,
    grpc: Option<String>,
    protocols: Vec<Protocol>,
    headers: Vec<(String, Secret)>,
    tls: TlsOptions,
    timeout: Duration,
}

/// A header's value, kept out of `Debug`.
#[derive(Clone)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Why nothing could be probed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// The URL, a header or a certificate cannot be used.
    #[error("{what} cannot be used: {problem}")]
    Setting {
        /// Which setting.
        what: String,
        /// What is wrong with it; never its value.
        problem: String,
    },
    /// The server wants credentials, or others than those it was given.
    #[error("{endpoint} refuses these credentials: {answer}")]
    Unauthorized {
        /// Where, without query.
        endpoint: String,
        /// What it said.
        answer: String,
    },
    /// No protocol that was asked for is spoken there, or nobody listens.
    #[error("{endpoint} does not answer as {protocols}: {problem}")]
    Unreachable {
        /// Where, without query.
        endpoint: String,
        /// What was tried.
        protocols: String,
        /// What happened.
        problem: String,
    },
}

impl Target {
    /// A server by its base URL, `http://` or `https://`, to which HTTP appends each signal's path unless it ends with one.
    ///
    /// gRPC is looked for at the same host and port, and if that is the port of OTLP/HTTP, 4318, at 4317.
    pub fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            grpc: None,
            protocols: vec![Protocol::HttpProtobuf, Protocol::HttpJson, Protocol::Grpc],
            headers: Vec::new(),
            tls: TlsOptions::default(),
            timeout: Duration::from_secs(10),
        }
    }

    /// Where OTLP/gRPC is, if it is elsewhere.
    pub fn grpc(mut self, url: &str) -> Self {
        self.grpc = Some(url.to_owned());
        self
    }

    /// The protocols to probe; default all three.
    pub fn protocols(mut self, protocols: &[Protocol]) -> Self {
        self.protocols = protocols.to_vec();
        self
    }

    /// A header with every request, such as `authorization`.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), Secret(value.to_owned())));
        self
    }

    /// Whom to trust on `https`.
    pub fn tls(mut self, tls: TlsOptions) -> Self {
        self.tls = tls;
        self
    }

    /// Time for each request; default 10 s.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends every probe, one after the other, and tells each finding as it is made. In order of the rules' ids.
    ///
    /// # Errors
    /// A setting that cannot be used, or nobody who answers. A server that answers wrongly is no error but a finding.
    pub async fn run(&self, mut each: impl FnMut(&Finding)) -> Result<Vec<Finding>, ProbeError> {
        let session = self.session()?.reach(&self.protocols).await?;
        let mut findings = Vec::new();
        for probe in probe::ALL {
            for finding in probe(&session).await {
                each(&finding);
                findings.push(finding);
            }
        }
        Ok(findings)
    }

    fn session(&self) -> Result<Session, ProbeError> {
        let setting = |what: &str, problem: &dyn std::fmt::Display| ProbeError::Setting {
            what: what.to_owned(),
            problem: problem.to_string(),
        };
        let url = Endpoint::parse(&self.url).map_err(|error| setting("the URL", &error))?;
        let grpc = match &self.grpc {
            Some(grpc) => Endpoint::parse(grpc).map_err(|error| setting("the gRPC URL", &error))?,
            None => url.clone(),
        };
        let mut headers = HeaderMap::new();
        for (name, Secret(value)) in &self.headers {
            let what = format!("header {name}");
            let header = Header::new(name, value).map_err(|error| setting(&what, &error))?;
            let name = HeaderName::try_from(header.name).map_err(|error| setting(&what, &error))?;
            let value = HeaderValue::try_from(header.value).map_err(|error| setting(&what, &error))?;
            headers.insert(name, value);
        }
        let host =
            |url: &Uri| Host::new(url, &self.tls, self.timeout).map_err(|error| setting("TLS", &error));
        let uri = |url: String| Uri::try_from(url).map_err(|error| setting("the URL", &error));
        // An endpoint of one signal is taken as it is.
        let whole = Signal::ALL.into_iter().find(|signal| url.to_url().ends_with(signal.http_path()));
        let mut paths = [None, None, None, None];
        for signal in Signal::ALL {
            let own = match whole {
                Some(whole) if whole == signal => url.clone(),
                Some(_) => continue,
                None => url.clone().for_signal(signal),
            };
            paths[signal as usize] = uri(own.to_url())?.path_and_query().map(ToString::to_string);
        }
        let origin = uri(url.origin())?;
        let mut lanes = vec![host(&uri(grpc.origin())?)?];
        if self.grpc.is_none() && origin.port_u16() == Some(4318) {
            lanes.push(lanes[0].with_port(4317));
        }
        Ok(Session::new(host(&origin)?, paths, lanes, headers, url.into_origin().to_string()))
    }
}
