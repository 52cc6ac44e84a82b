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
}

impl Codec {
    /// Every codec that this version knows, compiled in or not.
    pub const ALL: &[Self] = &[Self::Identity, Self::Gzip, Self::Zstd];

    /// The codecs that this build can use, [`Codec::Identity`] first.
    pub const fn supported() -> &'static [Self] {
        &[
            Self::Identity,
            #[cfg(feature = "gzip")]
            Self::Gzip,
            #[cfg(feature = "zstd")]
            Self::Zstd,
        ]
    }

    /// Whether this build can use the codec.
    pub fn is_supported(self) -> bool {
        Self::supported().contains(&self)
    }

    /// The name in `Content-Encoding`, `Accept-Encoding`, `grpc-encoding` and `grpc-accept-encoding`:
    /// `identity`, `gzip`, `zstd`.
    pub const fn content_coding(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// The codec of a content coding, without regard to case and surrounding blanks; `x-gzip` is `gzip` (RFC 9110).
    /// `None` if this version does not know the name.
    pub fn from_content_coding(name: &str) -> Option<Self> {
        let name = name.trim();
        if name.eq_ignore_ascii_case("x-gzip") {
            return Some(Self::Gzip);
        }
        Self::ALL.iter().copied().find(|codec| name.eq_ignore_ascii_case(codec.content_coding()))
    }

    /// The name in flags and environment variables: `none`, `gzip`, `zstd`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "none",
            Self::Gzip | Self::Zstd => self.content_coding(),
        }
    }

    /// The codec whose magic number stands at the start of `head`; [`Codec::Identity`] if none does. Four bytes are enough.
    ///
    /// No OTLP message, in protobuf or JSON, starts with one of these numbers.
    pub fn detect(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, 0x08, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::Identity,
        }
    }

    /// The Cargo feature that compiles the codec in.
    pub(crate) const fn feature(self) -> &'static str {
        self.content_coding()
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

/// Prints the names of the codecs of this build: `none, gzip, zstd`.
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
        for unknown in ["", "none", "br", "gzip, zstd", "deflate"] {
            assert_eq!(Codec::from_content_coding(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn an_unknown_name_is_told_what_to_use() {
        let error = "snappy".parse::<Codec>().unwrap_err();
        assert!(error.to_string().starts_with("unknown compression \"snappy\": use one of none"), "{error}");
        for codec in Codec::supported() {
            assert!(error.to_string().contains(codec.as_str()), "{error}");
        }
    }

    #[test]
    fn magic_numbers() {
        assert_eq!(Codec::detect(b"\x1f\x8b\x08\x00"), Codec::Gzip);
        assert_eq!(Codec::detect(b"\x28\xb5\x2f\xfd\x04"), Codec::Zstd);
        assert_eq!(Codec::detect(b"\x5a\x2a\x4d\x18"), Codec::Zstd, "a skippable frame");
        for other in [&b""[..], b"\x1f\x8b", b"{\"resourceSpans\":[]}", b"\x0a\x00", b"\x00\x00\x10\x00"] {
            assert_eq!(Codec::detect(other), Codec::Identity, "{other:?}");
        }
    }
}
