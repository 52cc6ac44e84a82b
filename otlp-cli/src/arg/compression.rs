//! Compressions of requests: a codec's name, `tracezip` or `tracezip-stream`.

use std::{fmt, str::FromStr};

use otlp::{Codec, Tracezip};

/// A compression as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Codec(Codec),
    /// With gzip for servers that do not take it.
    Tracezip(Tracezip),
}

impl Compression {
    /// The name, which is also that in `OTEL_EXPORTER_OTLP_COMPRESSION`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Codec(codec) => codec.as_str(),
            Self::Tracezip(mode) => mode.as_str(),
        }
    }

    /// The codec, and whether tracezip is to be tried first.
    pub(crate) const fn parts(self) -> (Codec, Tracezip) {
        match self {
            Self::Codec(codec) => (codec, Tracezip::Off),
            Self::Tracezip(mode) => (Codec::Gzip, mode),
        }
    }
}

impl FromStr for Compression {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let modes = [Tracezip::Stateless, Tracezip::Stream];
        if let Some(mode) = modes.into_iter().find(|mode| text.trim().eq_ignore_ascii_case(mode.as_str())) {
            return Ok(Self::Tracezip(mode));
        }
        text.parse()
            .map(Self::Codec)
            .map_err(|error: otlp::UnknownCodec| format!("{error}, tracezip, tracezip-stream"))
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_environment() {
        for name in ["none", "gzip", "zstd", "tracezip", "tracezip-stream"] {
            let compression: Compression = name.parse().unwrap();
            assert_eq!(compression.to_string(), name);
        }
        assert_eq!("Tracezip".parse(), Ok(Compression::Tracezip(Tracezip::Stateless)));
        let error = "brotli".parse::<Compression>().unwrap_err();
        assert!(error.contains(" zstd, ") && error.ends_with(", tracezip, tracezip-stream"), "{error}");
    }
}
