//! Which compression: names, availability, magic numbers.

use std::fmt;
use std::str::FromStr;

/// A compression of bodies and files.
///
/// Every codec that this version knows is a variant, whether or not its feature was compiled in ([`Codec::is_supported`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Codec {
    /// No compression: `identity` on the wire, `none` in configuration.
    #[default]
    Identity,
    /// RFC 1952. The one compression that every OTLP server must accept.
    Gzip,
    /// RFC 8878; smaller and several times as fast as gzip on telemetry.
    Zstd,
    /// The zlib format (RFC 1950): what HTTP and gRPC mean by `deflate`, and the Collector by `deflate` and `zlib`. Raw deflate
    /// (RFC 1951), which some senders write under that name, is read too.
    Deflate,
    /// Snappy's block format: one whole body, no checksum, no streams. The Collector's HTTP `snappy` from 0.131 on. A body in
    /// the framed format, which older Collectors send under this name and all of them over gRPC, is read too.
    Snappy,
    /// Snappy's framing format: chunks of 64 KiB with checksums. The Collector's `x-snappy-framed` over HTTP, and its `snappy`
    /// over gRPC ([`Codec::over_grpc`]).
    SnappyFramed,
    /// The LZ4 frame format.
    Lz4,
}

impl Codec {
    /// Every codec that this version knows, compiled in or not.
    pub const ALL: &[Self] =
        &[Self::Identity, Self::Gzip, Self::Zstd, Self::Deflate, Self::Snappy, Self::SnappyFramed, Self::Lz4];

    /// The codecs that this build can use, [`Codec::Identity`] first.
    pub const fn supported() -> &'static [Self] {
        &[
            Self::Identity,
            #[cfg(feature = "gzip")]
            Self::Gzip,
            #[cfg(feature = "zstd")]
            Self::Zstd,
            #[cfg(feature = "deflate")]
            Self::Deflate,
            #[cfg(feature = "snappy")]
            Self::Snappy,
            #[cfg(feature = "snappy")]
            Self::SnappyFramed,
            #[cfg(feature = "lz4")]
            Self::Lz4,
        ]
    }

    /// Whether this build can use the codec.
    pub fn is_supported(self) -> bool {
        Self::supported().contains(&self)
    }

    /// The name in `Content-Encoding` and `Accept-Encoding`: `identity`, `gzip`, `zstd`, `deflate`, `snappy`, `x-snappy-framed`,
    /// `lz4`.
    pub const fn content_coding(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Deflate => "deflate",
            Self::Snappy => "snappy",
            Self::SnappyFramed => "x-snappy-framed",
            Self::Lz4 => "lz4",
        }
    }

    /// The codec of a content coding or a `grpc-encoding`, without regard to case and surrounding blanks; `x-gzip` is `gzip`
    /// (RFC 9110) and `zlib` is `deflate` (the Collector). `None` if this version does not know the name.
    pub fn from_content_coding(name: &str) -> Option<Self> {
        let name = name.trim();
        let alias = [("x-gzip", Self::Gzip), ("zlib", Self::Deflate)];
        let own = Self::ALL.iter().map(|&codec| (codec.content_coding(), codec));
        own.chain(alias).find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, codec)| codec)
    }

    /// The name in `grpc-encoding` and `grpc-accept-encoding`: as the content coding, but `snappy` for both forms of it.
    pub const fn grpc_encoding(self) -> &'static str {
        match self {
            Self::SnappyFramed => Self::Snappy.content_coding(),
            _ => self.content_coding(),
        }
    }

    /// The codec that a gRPC client has to write if this one is asked for: `snappy` is the framed format there, because the
    /// Collector's gRPC server reads nothing else under that name. All others are the same everywhere.
    #[must_use]
    pub const fn over_grpc(self) -> Self {
        match self {
            Self::Snappy => Self::SnappyFramed,
            _ => self,
        }
    }

    /// Whether [`Encoder`](crate::Encoder) and [`Decoder`](crate::Decoder) know the codec: not Snappy's block format, which
    /// states its length first and may refer to any byte before.
    pub const fn is_streamable(self) -> bool {
        !matches!(self, Self::Snappy)
    }

    /// The name in flags and environment variables: `none`, else the content coding.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "none",
            _ => self.content_coding(),
        }
    }

    /// The codec whose magic number stands at the start of `head`; [`Codec::Identity`] if none does. Ten bytes are enough.
    /// Deflate and Snappy's blocks have none.
    ///
    /// No OTLP message, in protobuf or JSON, starts with one of these numbers.
    pub fn detect(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, 0x08, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0x04, 0x22, 0x4d, 0x18, ..] => Self::Lz4,
            [0xff, 0x06, 0x00, 0x00, b's', b'N', b'a', b'P', b'p', b'Y', ..] => Self::SnappyFramed,
            _ => Self::Identity,
        }
    }

    /// The Cargo feature that compiles the codec in.
    pub(crate) const fn feature(self) -> &'static str {
        match self {
            Self::SnappyFramed => "snappy",
            _ => self.content_coding(),
        }
    }
}

/// The name in flags and environment variables, as [`Codec::as_str`].
impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reads `none` and every content coding that [`Codec::from_content_coding`] knows.
impl FromStr for Codec {
    type Err = UnknownCodec;

    fn from_str(name: &str) -> Result<Self, UnknownCodec> {
        if name.trim().eq_ignore_ascii_case("none") {
            return Ok(Self::Identity);
        }
        Self::from_content_coding(name).ok_or_else(|| UnknownCodec { name: name.to_owned() })
    }
}

/// A compression name that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown compression {name:?}: use one of {}", Accepted)]
pub struct UnknownCodec {
    name: String,
}

impl UnknownCodec {
    /// The name as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Prints the names of the codecs of this build: `none, gzip`...
struct Accepted;

impl fmt::Display for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, codec) in Codec::supported().iter().enumerate() {
            write!(f, "{}{codec}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for &codec in Codec::ALL {
            assert_eq!(Codec::from_content_coding(codec.content_coding()), Some(codec));
            assert_eq!(codec.to_string().parse(), Ok(codec));
            assert_eq!(codec.content_coding().to_uppercase().parse(), Ok(codec));
        }
        assert_eq!(Codec::from_content_coding(" X-Gzip "), Some(Codec::Gzip));
        assert_eq!("identity".parse(), Ok(Codec::Identity));
        assert_eq!(Codec::from_content_coding("zlib"), Some(Codec::Deflate));
        for unknown in ["", "none", "br", "gzip, zstd", "x-lz4"] {
            assert_eq!(Codec::from_content_coding(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn over_grpc_snappy_is_framed() {
        for &codec in Codec::ALL {
            let written = codec.over_grpc();
            assert_eq!(written.grpc_encoding(), codec.grpc_encoding());
            assert!(written.is_streamable(), "gRPC peers read messages as streams");
            let read = Codec::from_content_coding(written.grpc_encoding());
            assert_eq!(read.map(Codec::over_grpc), Some(written));
        }
    }

    #[test]
    fn an_unknown_name_is_told_what_to_use() {
        let error = "brotli".parse::<Codec>().unwrap_err();
        assert!(error.to_string().starts_with("unknown compression \"brotli\": use one of none"), "{error}");
        for codec in Codec::supported() {
            assert!(error.to_string().contains(codec.as_str()), "{error}");
        }
    }

    #[test]
    fn magic_numbers() {
        assert_eq!(Codec::detect(b"\x1f\x8b\x08\x00"), Codec::Gzip);
        assert_eq!(Codec::detect(b"\x28\xb5\x2f\xfd\x04"), Codec::Zstd);
        assert_eq!(Codec::detect(b"\x5a\x2a\x4d\x18"), Codec::Zstd, "a skippable frame");
        assert_eq!(Codec::detect(b"\x04\x22\x4d\x18\x64"), Codec::Lz4);
        assert_eq!(Codec::detect(b"\xff\x06\0\0sNaPpY"), Codec::SnappyFramed);
        for other in [&b""[..], b"\x1f\x8b", b"{\"resourceSpans\":[]}", b"\x0a\x00", b"\x00\x00\x10\x00"] {
            assert_eq!(Codec::detect(other), Codec::Identity, "{other:?}");
        }
    }
}
