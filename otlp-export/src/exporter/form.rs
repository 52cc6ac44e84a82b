//! From queued batches to one request.

use std::num::NonZeroUsize;

use otlp_core::Batch;
use otlp_simd::{Split, regroup, split_bytes, split_items};

/// One request's batch, and what is over, in order.
pub(super) struct Formed {
    pub(super) request: Batch,
    pub(super) rest: Vec<Batch>,
}

/// Joins batches of one signal, equal resources and scopes at one place, and cuts off what is over the items or the bytes of a
/// request. An item that is larger alone is a request of its own. `None` for no batches.
///
/// A single batch within both limits is the request as it is: its bytes are the ones that were submitted.
pub(super) fn form(batches: Vec<Batch>, max_items: NonZeroUsize, max_bytes: usize) -> Option<Formed> {
    let joined = match <[Batch; 1]>::try_from(batches) {
        Ok([batch]) => batch,
        Err(batches) => match regroup(&batches) {
            Ok(joined) => joined,
            // Not one signal, or none: cannot be by construction; each for itself loses nothing.
            Err(_) => {
                let mut batches = batches.into_iter();
                return Some(Formed { request: batches.next()?, rest: batches.collect() });
            }
        },
    };
    let mut parts = Vec::with_capacity(1);
    for part in split_items(&joined, max_items) {
        let Split { parts: fitting, oversized } = split_bytes(&part, max_bytes);
        parts.extend(fitting);
        parts.extend(oversized);
    }
    let mut parts = parts.into_iter();
    Some(Formed { request: parts.next()?, rest: parts.collect() })
}

/// The two halves of a batch that a server found too large; `None` if it has one item.
pub(super) fn halves(batch: &Batch) -> Option<Vec<Batch>> {
    let half = NonZeroUsize::new(batch.items().div_ceil(2))?;
    (batch.items() > 1).then(|| split_items(batch, half))
}

#[cfg(test)]
mod tests {
    use otlp_core::trace::TracesWriter;

    use super::*;

    fn spans(names: &[&str]) -> Batch {
        let mut writer = TracesWriter::new();
        let mut resource = writer.resource(|resource| {
            resource.attr("service.name", "shop");
        });
        let mut scope = resource.scope("cart", "1");
        for name in names {
            scope.span().name(name);
        }
        writer.finish()
    }

    fn names(batch: &Batch) -> Vec<String> {
        batch.traces().unwrap().spans().map(|span| span.name().to_owned()).collect()
    }

    const MANY: NonZeroUsize = NonZeroUsize::MAX;

    #[test]
    fn one_batch_within_the_limits_keeps_its_bytes() {
        let batch = spans(&["a", "b"]);
        let formed = form(vec![batch.clone()], MANY, usize::MAX).unwrap();
        assert_eq!(formed.request.bytes().as_ptr(), batch.bytes().as_ptr());
        assert!(formed.rest.is_empty());
    }

    #[test]
    fn equal_resources_stand_once() {
        let formed = form(vec![spans(&["a"]), spans(&["b"])], MANY, usize::MAX).unwrap();
        assert_eq!(formed.request.traces().unwrap().resource_spans().len(), 1);
        assert_eq!(names(&formed.request), ["a", "b"]);
    }

    #[test]
    fn what_is_over_comes_back_in_order() {
        let limit = NonZeroUsize::new(2).unwrap();
        let formed = form(vec![spans(&["a", "b", "c"]), spans(&["d", "e"])], limit, usize::MAX).unwrap();
        assert_eq!(names(&formed.request), ["a", "b"]);
        assert_eq!(formed.rest.iter().flat_map(names).collect::<Vec<_>>(), ["c", "d", "e"]);
    }

    #[test]
    fn an_item_over_the_bytes_goes_alone_and_its_neighbours_together() {
        let long = "x".repeat(500);
        let formed = form(vec![spans(&["a", &long, "b"])], MANY, 200).unwrap();
        let mut all = vec![formed.request];
        all.extend(formed.rest);
        let sizes: Vec<_> = all.iter().map(Batch::items).collect();
        assert_eq!(sizes, [2, 1]);
        assert_eq!(names(&all[0]), ["a", "b"]);
    }

    #[test]
    fn halves_end_at_one_item() {
        let sizes: Vec<_> = halves(&spans(&["a", "b", "c"])).unwrap().iter().map(Batch::items).collect();
        assert_eq!(sizes, [2, 1]);
        assert!(halves(&spans(&["a"])).is_none());
    }
}
