//! Profiles requests that move: each gets a dictionary with exactly the entries that it refers to, each once.
//!
//! What refers to what is told by one table, [`reference`]. References go down from table to table and never back up, so an
//! entry is looked at once, and the work grows with the bytes of the request and of the entries that it needs, not with the
//! dictionary that it came out of. Entries keep their order; so an index never grows when a request is cut into parts.

mod joint;
mod measure;
mod reference;
mod source;
#[cfg(test)]
mod tests;

pub use measure::{Checkpoint, Reach};
pub(crate) use reference::table_of;

use joint::Joint;
use reference::TABLES;
use source::{Mark, Source, dictionary};

use crate::wire::fields;

/// The bytes of one request with the profiles of all, in order.
///
/// Entry 0 of each table means "none", so it is taken from the first request that has the table. Indices that point behind
/// their table point behind the new one.
pub(crate) fn join<'a>(requests: impl Iterator<Item = &'a [u8]> + Clone) -> Vec<u8> {
    let mut total = [0; TABLES];
    for entry in requests.clone().flat_map(|bytes| fields(dictionary(bytes))) {
        if let Some(total) = total.get_mut(entry.number as usize) {
            *total += 1;
        }
    }
    let mut out = Vec::with_capacity(requests.clone().map(<[u8]>::len).sum());
    let mut joint = Joint::default();
    let mut unknown = Vec::new();
    for bytes in requests {
        let mut source = Source::new(bytes, &total);
        joint.add(&mut source, bytes, &mut out);
        unknown.extend(source.unknown());
    }
    joint.write(unknown.into_iter(), &mut out);
    out
}

/// Cuts dictionaries to size for parts of one request.
pub(crate) struct Pruner<'a> {
    source: Source<'a>,
}

impl<'a> Pruner<'a> {
    /// For parts of this request.
    pub(crate) fn new(request: &'a [u8]) -> Self {
        Self { source: Source::new(request, &[0; TABLES]) }
    }

    /// The part, which stands without any dictionary and refers to that of the request, with its own.
    pub(crate) fn prune(&mut self, part: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(part.len() + part.len() / 4);
        let mut joint = Joint::default();
        joint.add(&mut self.source, part, &mut out);
        joint.write(self.source.unknown(), &mut out);
        self.source.undo(Mark::default());
        out
    }
}
