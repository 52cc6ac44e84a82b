//! What columns are made of: a range coder with adaptive models, a column of plain bits, a column of text.
//!
//! Models are written once, over the trait [`Coder`]: the encoder hands each of them the value and the decoder gets it back
//! from the same calls, so the two cannot drift apart.

mod bit;
mod number;
mod pick;
mod reader;
mod template;
mod writer;

pub(crate) use bit::Bit;
pub(crate) use number::{Index, Number, Tree};
pub(crate) use pick::{Cells, Pick};
pub(crate) use reader::ColumnReader;
pub(crate) use template::Texts;
pub(crate) use writer::ColumnWriter;

/// One side of the wire. What an encoder passes in as a value, a decoder ignores and gives back from its columns.
///
/// A decoder that runs out of input gives zeros and says so at [`failed`](Self::failed): loops ask there, not at each call.
pub(crate) trait Coder {
    /// Whether this side reads.
    const READS: bool;

    /// One bit by an adaptive probability.
    fn bit(&mut self, model: &mut Bit, bit: bool) -> bool;

    /// The `count` low bits of a value, at most 64, as they are.
    fn raw(&mut self, value: u64, count: u32) -> u64;

    /// `length` bytes of the text column, appended to `into` on both sides.
    fn text(&mut self, text: &[u8], length: usize, into: &mut Vec<u8>);

    /// Why the input cannot be what an encoder wrote; `None` so far.
    fn failed(&self) -> Option<&'static str>;

    /// Notes that it cannot be.
    fn fail(&mut self, what: &'static str);
}
