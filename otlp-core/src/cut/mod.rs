//! Taking batches apart and putting them together as bytes.
//!
//! [`distribute`] hands each item of a batch to one of several new batches and copies it there with its resource and scope
//! around it; [`sort`] does the same for a [`Sorter`], which also looks at the resources and scopes on the way; [`concat()`]
//! puts batches behind each other; [`arrange`] gives items a new order and equal resources and scopes one place. Nothing is
//! decoded, so whatever an item carries, unknown fields included, arrives as it was; only the indices of profiles change
//! with the dictionary. The operations people call (split,
//! regroup, shard, filter...) are made of these in `otlp-simd`.

mod arrange;
mod concat;
mod group;
mod item;
mod output;
#[cfg(test)]
mod tests;
mod walk;

pub use arrange::arrange;
pub use concat::concat;
pub use group::{Group, Level};
pub use item::{Item, ItemView};

pub use crate::profiles::rebase::{Checkpoint, Reach};

use output::Distribute;
pub(crate) use walk::levels;

use walk::Walk;

use crate::Batch;

/// What to do with the items of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Ask for each of them.
    Inside,
    /// Copy all into the batch of this number, or into none, without asking.
    All(Option<usize>),
}

/// Decides where items go, group by group.
pub trait Sorter<'a> {
    /// Looks at a group before what is in it: first the request, then each resource, its scopes, and in metrics each metric
    /// and its data.
    fn group(&mut self, group: &Group<'a, '_>) -> Look {
        let _ = group;
        Look::Inside
    }

    /// Number of the batch that the item is copied into; `None` for none.
    fn item(&mut self, item: Item<'a>) -> Option<usize>;
}

/// A sorter that looks at items only.
struct ByItem<F>(F);

impl<'a, F: FnMut(Item<'a>) -> Option<usize>> Sorter<'a> for ByItem<F> {
    #[inline]
    fn item(&mut self, item: Item<'a>) -> Option<usize> {
        (self.0)(item)
    }
}

/// Copies each item into the batch whose number `assign` gives, or into none.
///
/// Items keep their order. A resource, scope or metric stands in each new batch that has items of it, with all its own
/// fields; one without items is left out everywhere. Profiles take the whole dictionary with them.
/// `expected` is how many batches there will be, if known: buffers are sized for it.
///
/// The result has as many batches as the largest number given plus one; those without items are empty.
///
/// Costs one look at each item's key and length, and one copy of the bytes: neighbours that go the same way are one copy.
///
/// ```
/// # use otlp_core::{Batch, Limits, Signal, cut};
/// # let batch = Batch::parse(Signal::Logs, vec![], &Limits::default())?;
/// let halves = cut::distribute(&batch, 2, |item| Some(item.index % 2));
/// assert_eq!(halves.iter().map(Batch::items).sum::<usize>(), batch.items());
/// # Ok::<(), otlp_core::ParseError>(())
/// ```
pub fn distribute<'a>(
    batch: &'a Batch,
    expected: usize,
    assign: impl FnMut(Item<'a>) -> Option<usize>,
) -> Vec<Batch> {
    sort(batch, expected, &mut ByItem(assign))
}

/// Copies each item into the batch that a [`Sorter`] names; otherwise as [`distribute`].
pub fn sort<'a>(batch: &'a Batch, expected: usize, sorter: &mut impl Sorter<'a>) -> Vec<Batch> {
    let source = batch.canonical();
    let capacity = source.len() / expected.max(1) + 256;
    let mut distribute = Distribute::new(sorter, capacity, expected);
    let mut walk = Walk::new(batch.signal());
    let request = walk.run(source, &mut distribute);
    distribute.finish(batch.signal(), source, request)
}
