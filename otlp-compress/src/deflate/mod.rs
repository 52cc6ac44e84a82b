//! Deflate: the compressor that gzip shares, and the zlib format (RFC 1950) by flate2.

mod deflater;
#[cfg(feature = "deflate")]
mod inflater;

pub(crate) use deflater::Deflater;
#[cfg(feature = "deflate")]
pub(crate) use inflater::ZlibInflater;
