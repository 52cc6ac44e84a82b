//! Compression codecs for OTLP bodies and files: bytes in, bytes out, and never more bytes out than the caller allows.
//!
//! ```
//! use otlp_compress::{Codec, DecompressError, Level, compress, decompress};
//!
//! let body = b"telemetry repeats itself, telemetry repeats itself, telemetry repeats itself".repeat(100);
//! let codec = Codec::from_content_coding("gzip").ok_or("unknown content coding")?;
//! let wire = compress(codec, Level::Default, &body)?;
//! assert!(wire.len() < body.len() / 20);
//!
//! // The second argument that matters: how many bytes may come out. 64 MiB is what OTLP recommends for a request.
//! assert_eq!(decompress(codec, &wire, 64 << 20)?, body);
//! assert!(matches!(decompress(codec, &wire, 1000), Err(DecompressError::TooLarge { limit: 1000, .. })));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Every way out of a compressed form has a limit, checked before memory is taken: a request of a few kilobytes that
//! unfolds to a gigabyte costs the limit at most. A zstd frame that asks for a larger window than allowed is refused by name.
//! Several gzip members, and several zstd or lz4 frames, one after the other are one body, as their formats define it; a
//! truncated body, a failed checksum and anything after the last member are errors that name the compressed offset.
//!
//! | type | what it is |
//! |---|---|
//! | [`Codec`] | which compression; its HTTP and gRPC name, its magic number |
//! | [`Level`] | how hard to try; the defaults are measured on telemetry |
//! | [`compress`], [`decompress`] | one body, a context made and dropped |
//! | [`Compressor`], [`Decompressor`] | one body after another with the same context: up to 45 % faster |
//! | [`Encoder`], [`Decoder`] | streams over `Write` and `BufRead`, for files of any size |
//! | [`CompressError`], [`DecompressError`] | what went wrong, and at which compressed offset |
//!
//! | feature | adds | default |
//! |---|---|---|
//! | `gzip` | [`Codec::Gzip`], by flate2 on zlib-rs (Rust) | yes |
//! | `zstd` | [`Codec::Zstd`], by the reference library (C) | no |
//! | `deflate` | [`Codec::Deflate`], by flate2 on zlib-rs (Rust) | no |
//! | `snappy` | [`Codec::Snappy`] and [`Codec::SnappyFramed`], by snap (Rust) | no |
//! | `lz4` | [`Codec::Lz4`], by lz4_flex (Rust) | no |
//! | `tracezip` | the module `tracezip`: batches as columns, half the bytes of the same compressor on OTLP | no |
//!
//! A codec whose feature is off keeps its name, so that a peer can be told precisely what is missing; using it is
//! [`CompressError::NotBuilt`] or [`DecompressError::NotBuilt`].
#![forbid(unsafe_code)]

#[cfg(all(doctest, feature = "gzip"))]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(any(feature = "lz4", feature = "snappy"))]
mod block;
mod codec;
mod compressor;
mod decoder;
mod decompressor;
#[cfg(any(feature = "gzip", feature = "deflate"))]
mod deflate;
mod encoder;
mod engine;
mod error;
#[cfg(feature = "gzip")]
mod gzip;
mod level;
#[cfg(feature = "lz4")]
mod lz4;
#[cfg(feature = "snappy")]
mod snappy;
#[cfg(feature = "tracezip")]
pub mod tracezip;
#[cfg(feature = "zstd")]
mod zstd;

pub use codec::{Codec, UnknownCodec};
pub use compressor::{Compressor, compress};
pub use decoder::Decoder;
pub use decompressor::{Decompressor, decompress};
pub use encoder::Encoder;
pub use error::{CompressError, DecompressError};
pub use level::Level;
