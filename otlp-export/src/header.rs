//! Extra request headers: the names that may be set, and values that stay out of logs.

use std::fmt;

use thiserror::Error;

/// A name and a value; `Debug` shows the name only.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: [redacted]", self.name)
    }
}

/// Why a header cannot be sent. Values are not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum HeaderError {
    #[error("the name is not a token of HTTP (RFC 9110, 5.6.2)")]
    Name,
    #[error("the value holds a line break or another control character")]
    Value,
    #[error("the transport sets this header itself")]
    Reserved,
}

/// What describes body and connection: set by the client, and wrong from anywhere else.
const RESERVED: [&str; 13] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "grpc-accept-encoding",
    "grpc-encoding",
    "grpc-timeout",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl Header {
    /// Checks both parts; the name becomes lower-case, as HTTP/2 wants it.
    pub(crate) fn new(name: &str, value: &str) -> Result<Self, HeaderError> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) {
            return Err(HeaderError::Name);
        }
        let name = name.to_ascii_lowercase();
        if RESERVED.contains(&name.as_str()) {
            return Err(HeaderError::Reserved);
        }
        if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return Err(HeaderError::Value);
        }
        Ok(Self { name, value: value.trim_matches([' ', '\t']).to_owned() })
    }

    /// Whether its name is one under which credentials are sent, such as `authorization` or `x-api-key`.
    pub(crate) fn is_credential(&self) -> bool {
        ["auth", "key", "token", "secret", "password", "cookie", "credential"]
            .iter()
            .any(|part| self.name.contains(part))
    }
}

/// Puts a header into a list, in the place of one of the same name.
pub(crate) fn set(headers: &mut Vec<Header>, header: Header) {
    match headers.iter_mut().find(|known| known.name == header.name) {
        Some(known) => *known = header,
        None => headers.push(header),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_cannot_smuggle_a_header() {
        for value in ["a\r\nx: y", "a\nb", "a\rb", "a\0b", "a\x7f"] {
            assert_eq!(Header::new("x", value), Err(HeaderError::Value), "{value:?}");
        }
        for name in ["", "a b", "a:b", "a\r\n", "ä"] {
            assert_eq!(Header::new(name, "v"), Err(HeaderError::Name), "{name:?}");
        }
        assert_eq!(Header::new("Content-Length", "1"), Err(HeaderError::Reserved));
    }

    #[test]
    fn values_stay_out_of_debug() {
        let header = Header::new("Authorization", "Bearer hunter2").unwrap();
        assert_eq!(format!("{header:?}"), "authorization: [redacted]");
    }

    #[test]
    fn credentials_are_told_by_name() {
        for (name, expected) in
            [("Authorization", true), ("X-Api-Key", true), ("signoz-access-token", true), ("x-tenant", false)]
        {
            assert_eq!(Header::new(name, "1").unwrap().is_credential(), expected, "{name}");
        }
    }

    #[test]
    fn a_later_header_replaces_an_earlier_one() {
        let mut headers = Vec::new();
        for (name, value) in [("a", "1"), ("b", "2"), ("A", "3")] {
            set(&mut headers, Header::new(name, value).unwrap());
        }
        let flat: Vec<_> =
            headers.iter().map(|header| (header.name.as_str(), header.value.as_str())).collect();
        assert_eq!(flat, [("a", "3"), ("b", "2")]);
    }
}
