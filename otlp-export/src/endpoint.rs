//! Where to send: the part of a URL that OTLP needs, checked once.

#[cfg(feature = "http")]
use std::path::Path;
use std::{fmt, net::IpAddr, path::PathBuf};

use otlp_core::Signal;
use thiserror::Error;

use crate::Protocol;

/// An `http` or `https` URL without user info, or a Unix socket. `Display` leaves the query out, since keys are sometimes put there.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Endpoint {
    tls: bool,
    /// Where to connect instead of to the host.
    socket: Option<PathBuf>,
    authority: String,
    path: String,
    query: Option<String>,
}

/// What is wrong with an endpoint. The text of the endpoint is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum EndpointError {
    #[error("it needs to start with http:// or https://")]
    NoScheme,
    #[error("it names no host")]
    NoHost,
    #[error("its port is not a number from 0 to 65535")]
    Port,
    #[error("it carries user info before the host: send credentials in a header instead")]
    UserInfo,
    #[error("it holds a space, a control character or one outside ASCII")]
    Character,
    #[error("it names no Unix socket: unix:/path/of/socket")]
    Socket,
    #[error("this system has no Unix sockets")]
    NoSockets,
}

impl Endpoint {
    /// Reads a URL; scheme and host in any case.
    pub(crate) fn parse(text: &str) -> Result<Self, EndpointError> {
        if is_socket(text) {
            return Self::parse_socket(&text["unix:".len()..]);
        }
        let (tls, rest) = split_scheme(text).ok_or(EndpointError::NoScheme)?;
        Self::parse_without_scheme(tls, rest)
    }

    /// Reads `host[:port][/path][?query]`, for gRPC's endpoints without a scheme (specification, `protocol/exporter.md`).
    pub(crate) fn parse_without_scheme(tls: bool, text: &str) -> Result<Self, EndpointError> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(EndpointError::Character);
        }
        let text = text.split('#').next().unwrap_or_default();
        let (text, query) = match text.split_once('?') {
            Some((text, query)) => (text, Some(query.to_owned())),
            None => (text, None),
        };
        let (authority, path) = text.split_at(text.find('/').unwrap_or(text.len()));
        check_authority(authority)?;
        Ok(Self {
            tls,
            socket: None,
            authority: authority.to_ascii_lowercase(),
            path: path.to_owned(),
            query,
        })
    }

    /// Reads what stands behind `unix:`, which is `/path` or `///path`.
    fn parse_socket(text: &str) -> Result<Self, EndpointError> {
        let path = text.strip_prefix("//").unwrap_or(text);
        if !cfg!(unix) {
            return Err(EndpointError::NoSockets);
        }
        if path.chars().any(char::is_control) {
            return Err(EndpointError::Character);
        }
        if !path.starts_with('/') || path.ends_with('/') {
            return Err(EndpointError::Socket);
        }
        let socket = Some(PathBuf::from(path));
        Ok(Self { tls: false, socket, authority: "localhost".to_owned(), path: String::new(), query: None })
    }

    /// The Unix socket, if it is one.
    #[cfg(feature = "http")]
    pub(crate) fn socket(&self) -> Option<&Path> {
        self.socket.as_deref()
    }

    /// The host, without the brackets of IPv6.
    #[cfg(feature = "http")]
    pub(crate) fn host(&self) -> &str {
        host_of(&self.authority)
    }

    /// The port as it was given.
    #[cfg(feature = "http")]
    pub(crate) fn given_port(&self) -> Option<u16> {
        // What stands behind the last colon of an IPv6 address without a port ends with a bracket.
        self.authority.rsplit_once(':')?.1.parse().ok()
    }

    /// The port, be it given or the scheme's.
    #[cfg(feature = "http")]
    pub(crate) fn port(&self) -> u16 {
        self.given_port().unwrap_or(if self.tls { 443 } else { 80 })
    }

    /// Host and port as they were given: what `Host` says.
    #[cfg(feature = "http")]
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// The same host at another port.
    #[cfg(feature = "doctor")]
    pub(crate) fn with_port(&self, port: u16) -> Self {
        let host = self.host();
        let authority =
            if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        Self { authority, ..self.clone() }
    }

    /// The same host and port, with TLS or without.
    #[cfg(feature = "doctor")]
    pub(crate) fn with_tls(&self, tls: bool) -> Self {
        Self { tls, ..self.with_port(self.port()) }
    }

    /// Whether the scheme is `https`.
    #[cfg(feature = "http")]
    pub(crate) const fn is_tls(&self) -> bool {
        self.tls
    }

    /// Whether there is more than a bare `/` behind the host.
    pub(crate) fn has_path(&self) -> bool {
        !matches!(self.path.as_str(), "" | "/") || self.query.is_some()
    }

    /// The same host without path and query: what gRPC needs, since its paths name services.
    pub(crate) fn into_origin(self) -> Self {
        Self { path: String::new(), query: None, ..self }
    }

    /// A base URL made the URL of a signal: `v1/<signal>` goes behind the path, with exactly one slash between.
    pub(crate) fn for_signal(mut self, signal: Signal) -> Self {
        while self.path.ends_with('/') {
            self.path.pop();
        }
        self.path.push_str(signal.http_path());
        self
    }

    /// Whether the host is this machine by name or address.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = host_of(&self.authority);
        self.socket.is_some()
            || host == "localhost"
            || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether others can read what is sent there.
    pub(crate) fn is_exposed(&self) -> bool {
        !self.tls && !self.is_loopback()
    }

    /// Scheme, host and port; the whole endpoint of a Unix socket.
    pub(crate) fn origin(&self) -> String {
        if let Some(socket) = &self.socket {
            return format!("unix:{}", socket.display());
        }
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.authority)
    }

    /// The whole URL, query included; a missing path is `/`. A Unix socket has no path.
    pub(crate) fn to_url(&self) -> String {
        if self.socket.is_some() { self.origin() } else { self.origin() + &self.target() }
    }

    /// What a request asks for: path and query; a missing path is `/`.
    pub(crate) fn target(&self) -> String {
        let mut target = if self.path.is_empty() { "/".to_owned() } else { self.path.clone() };
        if let Some(query) = &self.query {
            target.push('?');
            target.push_str(query);
        }
        target
    }
}

impl Default for Endpoint {
    fn default() -> Self {
        Self::default_for(Protocol::default())
    }
}

impl Endpoint {
    /// The endpoint without configuration.
    pub(crate) fn default_for(protocol: Protocol) -> Self {
        let authority = protocol.default_endpoint().trim_start_matches("http://").to_owned();
        Self { tls: false, socket: None, authority, path: String::new(), query: None }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())?;
        if self.socket.is_some() {
            return Ok(());
        }
        f.write_str(&self.path)?;
        if self.query.is_some() { f.write_str("?...") } else { Ok(()) }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether the text has a scheme, be it one that OTLP does not know.
pub(crate) fn has_scheme(text: &str) -> bool {
    text.contains("://") || is_socket(text)
}

/// A host called `unix` has a port behind it or nothing, and no path.
fn is_socket(text: &str) -> bool {
    text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("unix:/"))
}

/// The host of an authority, without port and without the brackets of IPv6.
pub(crate) fn host_of(authority: &str) -> &str {
    if let Some(bracketed) = authority.strip_prefix('[') {
        return bracketed.split(']').next().unwrap_or_default();
    }
    authority.split(':').next().unwrap_or_default()
}

fn split_scheme(text: &str) -> Option<(bool, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    if scheme.eq_ignore_ascii_case("http") {
        Some((false, rest))
    } else if scheme.eq_ignore_ascii_case("https") {
        Some((true, rest))
    } else {
        None
    }
}

fn check_authority(authority: &str) -> Result<(), EndpointError> {
    if authority.contains('@') {
        return Err(EndpointError::UserInfo);
    }
    let (host, rest) = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']').ok_or(EndpointError::NoHost)?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    if host.is_empty() {
        return Err(EndpointError::NoHost);
    }
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Ok(()),
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok() => Ok(()),
        _ => Err(EndpointError::Port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Result<String, EndpointError> {
        Endpoint::parse(text).map(|endpoint| endpoint.to_url())
    }

    #[test]
    fn urls_are_kept_as_they_are_with_a_slash_for_no_path() {
        assert_eq!(url("http://collector:4318").unwrap(), "http://collector:4318/");
        assert_eq!(url("HTTPS://Collector/a/b/?q=1#part").unwrap(), "https://collector/a/b/?q=1");
        assert_eq!(url("http://[::1]:4318/x").unwrap(), "http://[::1]:4318/x");
    }

    #[test]
    fn base_urls_get_exactly_one_slash_before_the_signals_path() {
        let signal_url = |text: &str, signal| Endpoint::parse(text).unwrap().for_signal(signal).to_url();
        assert_eq!(signal_url("http://h:4318", Signal::Traces), "http://h:4318/v1/traces");
        assert_eq!(signal_url("http://h:4318/", Signal::Metrics), "http://h:4318/v1/metrics");
        assert_eq!(signal_url("http://h/mycollector/", Signal::Logs), "http://h/mycollector/v1/logs");
        assert_eq!(signal_url("http://h/c", Signal::Profiles), "http://h/c/v1development/profiles");
        assert_eq!(signal_url("http://h/c?key=1", Signal::Traces), "http://h/c/v1/traces?key=1");
    }

    #[cfg(all(unix, feature = "http"))]
    #[test]
    fn unix_sockets_have_a_path_of_their_own_and_the_signals() {
        for text in ["unix:/run/otlp.sock", "unix:///run/otlp.sock", "UNIX:/run/otlp.sock"] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!(endpoint.socket(), Some(Path::new("/run/otlp.sock")), "{text}");
            assert_eq!(endpoint.to_string(), "unix:/run/otlp.sock");
            assert_eq!(endpoint.to_url(), "unix:/run/otlp.sock");
            assert!(endpoint.is_loopback() && !endpoint.has_path());
            let endpoint = endpoint.for_signal(Signal::Logs);
            assert_eq!((endpoint.target().as_str(), endpoint.authority()), ("/v1/logs", "localhost"));
        }
        assert_eq!(url("unix:/"), Err(EndpointError::Socket));
        assert_eq!(url("unix:///run/"), Err(EndpointError::Socket));
        assert_eq!(url("unix://host/run"), Err(EndpointError::Socket));
        assert_eq!(url("unix:/a\0b"), Err(EndpointError::Character));
        assert_eq!(url("unix:4317"), Err(EndpointError::NoScheme));
    }

    #[cfg(feature = "http")]
    #[test]
    fn a_missing_port_is_the_schemes() {
        for (text, host, port) in [
            ("http://h", "h", 80),
            ("https://h", "h", 443),
            ("https://[::1]", "::1", 443),
            ("http://[::1]:4317", "::1", 4317),
            ("https://h:1/x", "h", 1),
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!((endpoint.host(), endpoint.port()), (host, port), "{text}");
        }
    }

    #[test]
    fn what_is_no_endpoint_says_why_without_repeating_it() {
        assert_eq!(url("localhost:4317"), Err(EndpointError::NoScheme));
        assert_eq!(url("ftp://h"), Err(EndpointError::NoScheme));
        assert_eq!(url("http://"), Err(EndpointError::NoHost));
        assert_eq!(url("http://:80"), Err(EndpointError::NoHost));
        assert_eq!(url("http://[::1"), Err(EndpointError::NoHost));
        assert_eq!(url("http://h:99999"), Err(EndpointError::Port));
        assert_eq!(url("http://h:+1"), Err(EndpointError::Port));
        assert_eq!(url("http://[::1]x"), Err(EndpointError::Port));
        assert_eq!(url("http://h/\r\n"), Err(EndpointError::Character));
        let error = url("https://user:hunter2@h").unwrap_err();
        assert_eq!(error, EndpointError::UserInfo);
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn display_hides_the_query() {
        let endpoint = Endpoint::parse("https://h/v1?token=hunter2").unwrap();
        assert_eq!(format!("{endpoint} {endpoint:?}"), "https://h/v1?... https://h/v1?...");
    }

    #[test]
    fn loopback_is_told_by_name_and_address() {
        for local in ["http://localhost", "http://127.0.0.1:1", "http://[::1]:4317/x"] {
            assert!(Endpoint::parse(local).unwrap().is_loopback(), "{local}");
        }
        for remote in
            ["http://collector", "http://10.0.0.1:1", "http://[2001:db8::1]", "http://localhost.example"]
        {
            assert!(!Endpoint::parse(remote).unwrap().is_loopback(), "{remote}");
        }
    }
}
