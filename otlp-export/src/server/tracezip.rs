//! Tracezip frames that stand alone, as bodies of requests.

use std::cell::RefCell;

use bytes::Bytes;
use otlp_compress::tracezip::{Decoder, FrameHeader, TracezipError};
use otlp_core::Signal;

use super::{
    budget::Reservation,
    decode::{INLINE, grow},
    fault::Fault,
};

thread_local! {
    /// The context of this thread.
    static DECODER: RefCell<Decoder> = RefCell::new(Decoder::new());
}

/// The batch's bytes, taken from the budget before they are taken from memory. `None` if `inline` is set and they are too many for
/// that.
pub(super) fn decompress(
    signal: Signal,
    frame: &[u8],
    limit: usize,
    held: &mut Reservation,
    inline: bool,
) -> Result<Option<Bytes>, Fault> {
    let header = FrameHeader::read(frame).map_err(Fault::Tracezip)?;
    if header.signal() != signal {
        return Err(Fault::TracezipSignal { expected: signal, found: header.signal() });
    }
    if inline && header.uncompressed_len() > INLINE as u64 {
        return Ok(None);
    }
    admit(&header, limit, held)?;
    let decoded = DECODER.with_borrow_mut(|decoder| decoder.decode(frame, limit));
    decoded.map(|(_, message)| Some(message)).map_err(|error| fault(error, limit))
}

/// Reserves what the frame says comes out, which its decoder holds it to, and as much for the columns on the way.
pub(super) fn admit(header: &FrameHeader, limit: usize, held: &mut Reservation) -> Result<(), Fault> {
    match usize::try_from(header.uncompressed_len()) {
        Ok(bytes) if bytes <= limit => grow(held, bytes.saturating_mul(2)),
        _ => Err(Fault::TooLarge { limit }),
    }
}

pub(super) fn fault(error: TracezipError, limit: usize) -> Fault {
    if error.is_limit() { Fault::TooLarge { limit } } else { Fault::Tracezip(error) }
}
