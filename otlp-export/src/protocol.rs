//! The three ways OTLP travels.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// A transport and an encoding, under the names that `OTEL_EXPORTER_OTLP_PROTOCOL` uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Protocol {
    /// gRPC over HTTP/2, protobuf messages; default port 4317.
    Grpc,
    /// HTTP POST of protobuf messages; default port 4318. The specification's default.
    #[default]
    HttpProtobuf,
    /// HTTP POST of JSON messages; default port 4318.
    HttpJson,
}

impl Protocol {
    /// All of them, in the order of the enum.
    pub const ALL: [Self; 3] = [Self::Grpc, Self::HttpProtobuf, Self::HttpJson];

    /// The name in configuration: `grpc`, `http/protobuf` or `http/json`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::HttpProtobuf => "http/protobuf",
            Self::HttpJson => "http/json",
        }
    }

    /// The endpoint that the specification gives a client without configuration: port 4317 of the local host for gRPC
    /// (rule G16), 4318 for HTTP (rule H3).
    #[must_use]
    pub const fn default_endpoint(self) -> &'static str {
        match self {
            Self::Grpc => "http://localhost:4317",
            Self::HttpProtobuf | Self::HttpJson => "http://localhost:4318",
        }
    }

    /// Whether the messages travel as JSON.
    #[must_use]
    pub const fn is_json(self) -> bool {
        matches!(self, Self::HttpJson)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no protocol.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown protocol {0:?}: expected grpc, http/protobuf or http/json")]
pub struct ParseProtocolError(String);

impl FromStr for Protocol {
    type Err = ParseProtocolError;

    /// Case does not matter, as for every enumerated setting of the specification.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| ParseProtocolError(text.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_in_any_case() {
        for protocol in Protocol::ALL {
            assert_eq!(protocol.to_string().parse(), Ok(protocol));
            assert_eq!(protocol.as_str().to_uppercase().parse(), Ok(protocol));
        }
    }

    #[test]
    fn unknown_names_say_what_is_known() {
        let error = "thrift".parse::<Protocol>().unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"unknown protocol "thrift": expected grpc, http/protobuf or http/json"#
        );
    }

    #[test]
    fn g16_h3_default_ports() {
        assert_eq!(Protocol::Grpc.default_endpoint(), "http://localhost:4317");
        assert_eq!(Protocol::HttpProtobuf.default_endpoint(), "http://localhost:4318");
        assert_eq!(Protocol::HttpJson.default_endpoint(), "http://localhost:4318");
    }
}
