//! The general compression inside a frame, with reused contexts. Raw lengths are known, so nothing here guesses.
#![allow(
    dead_code,
    unreachable_code,
    unused_variables,
    reason = "each build lacks something: an inner compression, or the error for that"
)]

use super::{Inner, Options, TracezipError};
use crate::CompressError;

#[cfg(feature = "zstd")]
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Compresses one column after another.
pub(crate) enum InnerEncoder {
    None,
    #[cfg(feature = "lz4")]
    Lz4(Box<lz4_flex::block::CompressTable>),
    #[cfg(feature = "gzip")]
    Gzip(flate2::Compress),
    #[cfg(feature = "zstd")]
    Zstd(Zstd),
}

impl InnerEncoder {
    pub(crate) fn new(options: &Options) -> Result<Self, TracezipError> {
        let number = options.number()?;
        let _ = number;
        match options.inner() {
            Inner::None => Ok(Self::None),
            #[cfg(feature = "lz4")]
            Inner::Lz4 => Ok(Self::Lz4(Box::default())),
            #[cfg(feature = "gzip")]
            Inner::Gzip => {
                Ok(Self::Gzip(flate2::Compress::new(flate2::Compression::new(number.unsigned_abs()), false)))
            }
            #[cfg(feature = "zstd")]
            Inner::Zstd => {
                use zstd::zstd_safe::{CCtx, CParameter};
                let context = |number| {
                    let mut context = CCtx::try_create().ok_or_else(|| failed("no memory for a context"))?;
                    let mut set = |parameter| context.set_parameter(parameter).map_err(zstd_failed);
                    set(CParameter::CompressionLevel(number))?;
                    set(CParameter::ChecksumFlag(false))?;
                    Ok::<_, TracezipError>(context)
                };
                let default = options.level() == crate::Level::Default;
                let mut preset = context(if default { super::preset::LEVEL } else { number })?;
                preset.load_dictionary(super::preset::TEXT).map_err(zstd_failed)?;
                Ok(Self::Zstd(Zstd { plain: context(number)?, preset }))
            }
            #[cfg(not(all(feature = "lz4", feature = "gzip", feature = "zstd")))]
            inner => Err(TracezipError::NotBuilt { inner }),
        }
    }

    /// Whether there is a form with the preset dictionary.
    pub(crate) const fn has_preset(&self) -> bool {
        #[cfg(feature = "zstd")]
        if matches!(self, Self::Zstd(_)) {
            return true;
        }
        false
    }

    /// Replaces `out` by the compressed `input`; `false` when that is not smaller, and `out` is of no use.
    pub(crate) fn compress(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<bool, TracezipError> {
        self.compress_with(false, input, out)
    }

    /// The same, with the preset dictionary or without.
    pub(crate) fn compress_with(
        &mut self,
        preset: bool,
        input: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<bool, TracezipError> {
        out.clear();
        match self {
            Self::None => return Ok(false),
            #[cfg(feature = "lz4")]
            Self::Lz4(table) => {
                out.resize(lz4_flex::block::get_maximum_output_size(input.len()), 0);
                let length = lz4_flex::block::compress_into_with_table(input, out, table)
                    .map_err(|_| failed("lz4: no room"))?;
                out.truncate(length);
            }
            #[cfg(feature = "gzip")]
            Self::Gzip(deflate) => {
                deflate.reset();
                // Who has not made it smaller by the end of this room need not go on.
                out.reserve(input.len());
                let status = deflate
                    .compress_vec(input, out, flate2::FlushCompress::Finish)
                    .map_err(|_| failed("deflate: an impossible state"))?;
                if status != flate2::Status::StreamEnd {
                    return Ok(false);
                }
            }
            #[cfg(feature = "zstd")]
            Self::Zstd(Zstd { plain, preset: other }) => {
                let context = if preset { other } else { plain };
                out.reserve(zstd::zstd_safe::compress_bound(input.len()));
                context.compress2(out, input).map_err(zstd_failed)?;
                // The magic number says nothing here.
                out.drain(..ZSTD_MAGIC.len());
            }
        }
        Ok(out.len() < input.len())
    }
}

/// Contexts without and with the preset dictionary.
#[cfg(feature = "zstd")]
pub(crate) struct Zstd {
    plain: zstd::zstd_safe::CCtx<'static>,
    preset: zstd::zstd_safe::CCtx<'static>,
}

fn failed(what: &'static str) -> TracezipError {
    TracezipError::Inner(CompressError::Failed { codec: crate::Codec::Identity, what })
}

#[cfg(feature = "zstd")]
fn zstd_failed(code: usize) -> TracezipError {
    let what = zstd::zstd_safe::get_error_name(code);
    TracezipError::Inner(CompressError::Failed { codec: crate::Codec::Zstd, what })
}

/// Decompresses one column after another; each context is made when it is first needed.
#[derive(Default)]
pub(crate) struct InnerDecoder {
    #[cfg(feature = "gzip")]
    deflate: Option<flate2::Decompress>,
    #[cfg(feature = "zstd")]
    zstd: [Option<zstd::zstd_safe::DCtx<'static>>; 2],
    #[cfg(feature = "zstd")]
    scratch: Vec<u8>,
}

/// Why a column cannot be decompressed.
pub(crate) enum Bad {
    NotBuilt,
    What(&'static str),
}

impl InnerDecoder {
    /// Replaces `out` by the `raw` bytes that `input` holds. The caller has checked `raw` against its limit.
    pub(crate) fn decompress(
        &mut self,
        inner: Inner,
        input: &[u8],
        raw: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Bad> {
        self.decompress_with(false, inner, input, raw, out)
    }

    /// The same, for what was compressed with the preset dictionary or without.
    pub(crate) fn decompress_with(
        &mut self,
        preset: bool,
        inner: Inner,
        input: &[u8],
        raw: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Bad> {
        out.clear();
        out.reserve(raw);
        if preset && inner != Inner::Zstd {
            return Err(Bad::What("a preset dictionary, which this inner compression does not take"));
        }
        match inner {
            Inner::None => return Err(Bad::What("compressed, in a frame without inner compression")),
            #[cfg(feature = "lz4")]
            Inner::Lz4 => {
                out.resize(raw, 0);
                let length = lz4_flex::block::decompress_into(input, out)
                    .map_err(|_| Bad::What("a broken LZ4 block"))?;
                out.truncate(length);
            }
            #[cfg(feature = "gzip")]
            Inner::Gzip => {
                let deflate = self.deflate.get_or_insert_with(|| flate2::Decompress::new(false));
                deflate.reset(false);
                // One byte more, so that the end of the stream is seen.
                out.reserve(raw + 1);
                let status = deflate
                    .decompress_vec(input, out, flate2::FlushDecompress::Finish)
                    .map_err(|_| Bad::What("a broken deflate stream"))?;
                if status != flate2::Status::StreamEnd || deflate.total_in() != input.len() as u64 {
                    return Err(Bad::What("a deflate stream of another length"));
                }
            }
            #[cfg(feature = "zstd")]
            Inner::Zstd => {
                let context = match &mut self.zstd[usize::from(preset)] {
                    Some(context) => context,
                    none => {
                        let context = zstd::zstd_safe::DCtx::try_create();
                        let mut context = context.ok_or(Bad::What("no memory for a zstd context"))?;
                        if preset {
                            let loaded = context.load_dictionary(super::preset::TEXT);
                            loaded.map_err(|code| Bad::What(zstd::zstd_safe::get_error_name(code)))?;
                        }
                        none.insert(context)
                    }
                };
                self.scratch.clear();
                self.scratch.extend_from_slice(&ZSTD_MAGIC);
                self.scratch.extend_from_slice(input);
                context
                    .decompress(out, &self.scratch)
                    .map_err(|code| Bad::What(zstd::zstd_safe::get_error_name(code)))?;
            }
            #[cfg(not(all(feature = "lz4", feature = "gzip", feature = "zstd")))]
            _ => return Err(Bad::NotBuilt),
        }
        if out.len() == raw { Ok(()) } else { Err(Bad::What("not as many bytes as stated")) }
    }
}
