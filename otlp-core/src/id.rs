//! Trace and span ids: fixed-size bytes, hex as text.

use std::fmt;
use std::str::FromStr;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// The id that these bytes are.
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The id in a slice of exactly [`Self::LEN`] bytes; `None` for any other length.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// The bytes, as they stand on the wire.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Whether all bytes are zero, which W3C Trace Context calls invalid.
            pub fn is_zero(&self) -> bool {
                self.0 == [0; $len]
            }
        }

        impl fmt::Display for $name {
            /// Lower-case hex.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = [0; 2 * $len];
                // The output is exactly twice the input, the only thing that can go wrong here.
                let _ = const_hex::encode_to_slice(self.0, &mut text);
                f.pad(std::str::from_utf8(&text).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// Reads hex in any case.
            fn from_str(text: &str) -> Result<Self, IdError> {
                let mut bytes = [0; $len];
                if text.len() != 2 * $len || text.starts_with("0x") {
                    return Err(IdError { expected: 2 * $len });
                }
                const_hex::decode_to_slice(text, &mut bytes).map_err(|_| IdError { expected: 2 * $len })?;
                Ok(Self(bytes))
            }
        }
    };
}

id! {
    /// A trace id: 16 bytes (W3C Trace Context, `trace-id`).
    TraceId, 16
}

id! {
    /// A span id: 8 bytes (W3C Trace Context, `parent-id`).
    SpanId, 8
}

/// A text that is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id of this kind is {expected} hexadecimal digits")]
pub struct IdError {
    expected: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let id = TraceId::from_bytes(*b"\x01\x23\x45\x67\x89\xab\xcd\xef\0\0\0\0\0\0\0\x10");
        assert_eq!(id.to_string(), "0123456789abcdef0000000000000010");
        assert_eq!("0123456789ABCDEF0000000000000010".parse(), Ok(id));
        assert_eq!(format!("{:?}", SpanId::default()), "SpanId(0000000000000000)");
        assert!(SpanId::default().is_zero());
        for bad in ["", "0123", "0x00000000000000", "000000000000000g", "00000000000000000"] {
            assert!(bad.parse::<SpanId>().is_err(), "{bad}");
        }
        assert_eq!(SpanId::from_slice(&[1; 7]), None);
    }
}
