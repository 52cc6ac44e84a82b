//! Batches behind each other.

use bytes::Bytes;

use crate::profiles::rebase;
use crate::{Batch, Signal};

/// Puts batches of one signal into one, items in order; `None` if there is no batch or the signals differ.
///
/// Traces, metrics and logs are put behind each other, which protobuf defines as their merge. Profiles get one dictionary
/// with the entries that they refer to, equal ones once; one batch alone comes back as it is.
pub fn concat(batches: &[Batch]) -> Option<Batch> {
    let signal = batches.first()?.signal();
    if batches.iter().any(|batch| batch.signal() != signal) {
        return None;
    }
    if let [one] = batches {
        return Some(one.clone());
    }
    let items = batches.iter().map(Batch::items).sum();
    if signal == Signal::Profiles {
        let joined = rebase::join(batches.iter().map(Batch::canonical));
        return Some(Batch::trusted(signal, items, Bytes::from(joined), None));
    }
    let join = |part: fn(&Batch) -> &[u8]| {
        let mut bytes = Vec::with_capacity(batches.iter().map(|batch| part(batch).len()).sum());
        batches.iter().for_each(|batch| bytes.extend_from_slice(part(batch)));
        Bytes::from(bytes)
    };
    let merged = batches.iter().any(Batch::is_merged).then(|| join(Batch::canonical));
    Some(Batch::trusted(signal, items, join(|batch| batch.bytes()), merged))
}
