//! The way through an HTTP proxy: which one, for whom, and the tunnel.

use std::{fmt, net::IpAddr};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Uri,
    header::{HOST, PROXY_AUTHORIZATION},
};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;

use super::{ClientError, connect_error::ConnectError, stream::Io};
use crate::endpoint::Endpoint;

/// Whether requests go through an HTTP proxy. Every protocol goes through a tunnel that `CONNECT` opens, `http` endpoints, too: the
/// proxy sees nothing of a request to `https` but host and port.
///
/// Without any setting it is [`Proxy::from_env`]. Unix sockets are never proxied. `Debug` shows no credentials.
#[derive(Clone, Debug, Default)]
#[must_use = "a proxy is used by `ClientBuilder::proxy`"]
pub struct Proxy(Choice);

#[derive(Clone, Default)]
enum Choice {
    #[default]
    Environment,
    None,
    Url {
        url: String,
        except: String,
    },
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("environment"),
            Self::None => f.write_str("none"),
            Self::Url { url, .. } => match Way::parse(url) {
                Ok(way) => f.write_str(&way.shown),
                Err(problem) => write!(f, "[no proxy: {problem}]"),
            },
        }
    }
}

impl Proxy {
    /// As the environment says when the client is built, by curl's rules: `https_proxy` for `https` endpoints and `http_proxy` for
    /// `http` ones, then `all_proxy`; `no_proxy` lists hosts that are reached directly: domains with all below them, addresses,
    /// ranges such as `10.0.0.0/8`, or `*`. Names in lower case win over those in upper case, a name that is set and empty means
    /// no proxy, and a URL without a port means 1080 (443 for `https://`). Other than with curl, loopback hosts are always reached
    /// directly, and `HTTP_PROXY` counts unless `REQUEST_METHOD` is set, too (in CGI programs a client of theirs can set it).
    pub const fn from_env() -> Self {
        Self(Choice::Environment)
    }

    /// Direct connections, whatever the environment says.
    pub const fn none() -> Self {
        Self(Choice::None)
    }

    /// This proxy for every endpoint: `http://[user:password@]host[:port]`, or `https://` for TLS with the proxy itself, by the
    /// client's TLS options. User and password are percent-decoded and sent as basic authentication.
    pub fn url(url: &str) -> Self {
        Self(Choice::Url { url: url.to_owned(), except: String::new() })
    }

    /// Hosts that are reached directly, in the form of `no_proxy`. Only of use with [`Proxy::url`].
    pub fn except(self, hosts: &str) -> Self {
        match self.0 {
            Choice::Url { url, .. } => Self(Choice::Url { url, except: hosts.to_owned() }),
            other => Self(other),
        }
    }

    /// The proxy on the way to an endpoint.
    pub(super) fn of(
        &self,
        endpoint: &Endpoint,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Way>, ClientError> {
        if endpoint.socket().is_some() {
            return Ok(None);
        }
        let (name, url, except) = match &self.0 {
            Choice::None => return Ok(None),
            Choice::Environment if endpoint.is_loopback() => return Ok(None),
            Choice::Environment => {
                let Some((name, url)) = from_env(endpoint.is_tls(), &lookup) else { return Ok(None) };
                let except = lookup("no_proxy").or_else(|| lookup("NO_PROXY")).unwrap_or_default();
                (name, url, except)
            }
            Choice::Url { url, except } => ("proxy", url.clone(), except.clone()),
        };
        if url.is_empty() || is_excepted(endpoint.host(), &except) {
            return Ok(None);
        }
        Way::parse(&url)
            .map(Some)
            .map_err(|problem| ClientError::Endpoint { which: name.to_owned(), problem })
    }
}

/// The first variable that is set, with its name.
fn from_env(tls: bool, lookup: impl Fn(&str) -> Option<String>) -> Option<(&'static str, String)> {
    let upper_http = if lookup("REQUEST_METHOD").is_some() { None } else { Some("HTTP_PROXY") };
    let names = if tls {
        [Some("https_proxy"), Some("HTTPS_PROXY"), Some("all_proxy"), Some("ALL_PROXY")]
    } else {
        [Some("http_proxy"), upper_http, Some("all_proxy"), Some("ALL_PROXY")]
    };
    names.into_iter().flatten().find_map(|name| Some((name, lookup(name)?.trim().to_owned())))
}

fn is_excepted(host: &str, list: &str) -> bool {
    let address = host.parse::<IpAddr>().ok();
    list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        if let Some(address) = address {
            let (range, bits) = entry.split_once('/').unwrap_or((entry, ""));
            let range = range.trim_matches(['[', ']']).parse::<IpAddr>();
            return range.is_ok_and(|range| is_within(address, range, bits));
        }
        let domain = entry.trim_start_matches('.').trim_end_matches('.').to_ascii_lowercase();
        let host = host.trim_end_matches('.');
        !domain.is_empty()
            && host.strip_suffix(&domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// Whether an address begins with the first bits of another; without a number, whether they are the same.
fn is_within(address: IpAddr, range: IpAddr, bits: &str) -> bool {
    let (address, range, width) = match (address, range) {
        (IpAddr::V4(address), IpAddr::V4(range)) => {
            (u128::from(address.to_bits()), u128::from(range.to_bits()), 32)
        }
        (IpAddr::V6(address), IpAddr::V6(range)) => (address.to_bits(), range.to_bits(), 128),
        _ => return false,
    };
    let bits = if bits.is_empty() { Ok(width) } else { bits.parse::<u32>() };
    // A shift by the whole width is no shift that there is: then every address is within.
    bits.is_ok_and(|bits| {
        bits <= width && (address ^ range).checked_shr(width - bits).unwrap_or_default() == 0
    })
}

/// A proxy to go through.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) endpoint: Endpoint,
    pub(super) port: u16,
    /// Without credentials.
    pub(super) shown: String,
    authorization: Option<HeaderValue>,
}

impl Way {
    fn parse(url: &str) -> Result<Self, String> {
        let (tls, rest) = match url.split_once("://") {
            None => (false, url),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some(_) => {
                return Err(
                    "a proxy needs http:// or https://; others, such as SOCKS, are not supported".into()
                );
            }
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (user_info, host) = match authority.rsplit_once('@') {
            Some((user_info, host)) => (Some(user_info), host),
            None => (None, authority),
        };
        let endpoint = Endpoint::parse_without_scheme(tls, host).map_err(|error| error.to_string())?;
        let port = endpoint.given_port().unwrap_or(if tls { 443 } else { 1080 });
        let shown = format!("{}:{port}", endpoint.origin().trim_end_matches(&format!(":{port}")));
        let authorization = user_info.map(authorization);
        Ok(Self { endpoint, port, shown, authorization })
    }
}

/// Basic authentication (RFC 7617).
fn authorization(user_info: &str) -> HeaderValue {
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    let mut plain: Vec<u8> = percent_decode_str(user).collect();
    plain.push(b':');
    plain.extend(percent_decode_str(password));
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(plain)))
        .unwrap_or_else(|_| HeaderValue::from_static("Basic"));
    value.set_sensitive(true);
    value
}

/// Asks the proxy for a connection to `endpoint`.
pub(super) async fn tunnel(
    io: Box<dyn Io>,
    way: &Way,
    endpoint: &Endpoint,
) -> Result<Box<dyn Io>, ConnectError> {
    let (mut sender, connection) = http1::handshake::<_, Empty<Bytes>>(TokioIo::new(io)).await?;
    tokio::spawn(connection.with_upgrades());
    let host = endpoint.host();
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let target = format!("{host}:{}", endpoint.port());
    let mut request = Request::new(Empty::new());
    *request.method_mut() = Method::CONNECT;
    let headers = request.headers_mut();
    if let Ok(host) = HeaderValue::from_str(&target) {
        headers.insert(HOST, host);
    }
    if let Some(authorization) = &way.authorization {
        headers.insert(PROXY_AUTHORIZATION, authorization.clone());
    }
    if let Ok(uri) = target.parse::<Uri>() {
        *request.uri_mut() = uri;
    }
    let response = sender.send_request(request).await?;
    if !response.status().is_success() {
        return Err(ConnectError::Refused { target, status: response.status().as_u16() });
    }
    Ok(Box::new(TokioIo::new(hyper::upgrade::on(response).await?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(endpoint: &str, vars: &[(&str, &str)]) -> Option<String> {
        let lookup =
            |name: &str| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let endpoint = Endpoint::parse(endpoint).unwrap();
        Proxy::default().of(&endpoint, lookup).unwrap().map(|way| way.shown)
    }

    #[test]
    fn the_environment_is_read_as_curl_does() {
        let vars = [
            ("https_proxy", "http://secure:3128"),
            ("HTTPS_PROXY", "http://loses:1"),
            ("HTTP_PROXY", "plain"),
            ("NO_PROXY", "internal.example, .other.example,10.1.0.0/16,[2001:db8::1]"),
        ];
        assert_eq!(shown("https://collector.example", &vars).unwrap(), "http://secure:3128");
        assert_eq!(shown("http://collector.example", &vars).unwrap(), "http://plain:1080");
        for direct in [
            "https://internal.example",
            "https://a.internal.example:4318",
            "https://other.example",
            "http://10.1.255.255:4318",
            "http://[2001:db8::1]:4318",
            "http://localhost:4318",
            "http://127.0.0.1:4318",
        ] {
            assert_eq!(shown(direct, &vars), None, "{direct}");
        }
        for proxied in ["http://notinternal.example", "http://10.2.0.1", "http://[2001:db8::2]"] {
            assert!(shown(proxied, &vars).is_some(), "{proxied}");
        }
        assert_eq!(shown("http://h", &[("ALL_PROXY", "https://p")]).unwrap(), "https://p:443");
        assert_eq!(shown("http://h", &[("http_proxy", ""), ("HTTP_PROXY", "p")]), None, "set and empty");
        assert_eq!(shown("http://h", &[("HTTP_PROXY", "p"), ("REQUEST_METHOD", "GET")]), None, "httpoxy");
        assert_eq!(shown("http://h", &[("HTTP_PROXY", "p"), ("no_proxy", "*")]), None);
        assert_eq!(shown("http://h", &[]), None);
    }

    #[test]
    fn ranges_of_any_width() {
        for (list, expected) in [
            ("0.0.0.0/0", true),
            ("10.0.0.1/32", true),
            ("10.0.0.0/33", false),
            ("::/0", false),
            ("10.0.0.0/x", false),
        ] {
            assert_eq!(is_excepted("10.0.0.1", list), expected, "{list}");
        }
    }

    #[test]
    fn credentials_are_decoded_and_stay_out_of_debug() {
        let proxy = Proxy::url("http://us%40er:hunter%3a2@proxy:3128/");
        assert_eq!(format!("{proxy:?}"), "Proxy(http://proxy:3128)");
        let way = proxy.of(&Endpoint::parse("http://h").unwrap(), |_| None).unwrap().unwrap();
        assert_eq!(way.authorization.unwrap(), format!("Basic {}", STANDARD.encode("us@er:hunter:2")));
        let error = Proxy::url("socks5://u:hunter2@p").of(&Endpoint::parse("http://h").unwrap(), |_| None);
        let error = error.err().unwrap().to_string();
        assert!(error.contains("SOCKS") && !error.contains("hunter2"), "{error}");
    }
}
