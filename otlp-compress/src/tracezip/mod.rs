//! Tracezip: a batch of telemetry as columns, half the bytes of the same compressor on OTLP, and the identical bytes back.
//!
//! ```
//! use otlp_compress::tracezip::{self, FrameHeader, Options};
//! use otlp_core::{Batch, Limits, Signal};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let batch = Batch::parse(Signal::Traces, vec![0x0a, 0x04, 0x12, 0x02, 0x12, 0x00], &Limits::default())?;
//! let frame = tracezip::compress(&batch, &Options::default())?;
//! assert_eq!(FrameHeader::read(&frame)?.items(), 1);
//!
//! // How many bytes may come out is the caller's to say; what comes out is parsed as any request.
//! let (signal, bytes) = tracezip::decompress(&frame, 64 << 20)?;
//! assert_eq!(bytes, batch.bytes());
//! let again = Batch::parse(signal, bytes, &Limits::default())?;
//! # assert_eq!(again.items(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! The name is that of a paper (arXiv 2502.06318) whose idea it takes up, shapes of spans as dictionary entries; the format is
//! our own, written down in the book's chapter "The Tracezip format".
//!
//! | type | what it is |
//! |---|---|
//! | [`compress`], [`decompress`] | one batch, a context made and dropped |
//! | [`Encoder`], [`Decoder`] | one batch after another with the same context; each frame stands alone |
//! | [`StreamEncoder`], [`StreamDecoder`] | frames that build on those before, over one connection, with acknowledgements |
//! | [`FrameReader`] | frames behind each other, as in `.otz` files, in bounded memory |
//! | [`FrameHeader`] | signal, items, lengths and position without decoding |

mod coder;
mod columns;
mod decoder;
mod directory;
mod encoder;
mod error;
mod groups;
mod header;
mod inner;
mod logs;
mod metrics;
mod options;
mod preset;
mod shape;
mod stream;
mod traces;
mod varint;
mod walk;

pub use decoder::{Decoder, decompress};
pub use encoder::{Encoder, FrameInfo, compress};
pub use error::{ResetReason, StreamError, TracezipError};
pub use header::{FrameHeader, StreamPosition};
pub use options::{Inner, Options, Verify};
pub use stream::{StreamDecoder, StreamEncoder, StreamLimits, Ticket};
pub use walk::FrameReader;
