//! Against rows of views: every item arrives once and whole.

use proptest::prelude::*;

use bytes::Bytes;

use super::*;
use crate::oracle::{Random, Tree};
use crate::{Limits, ProfilesLayout, Signal};

fn parse(signal: Signal, bytes: impl Into<Bytes>) -> Batch {
    Batch::parse(signal, bytes, &Limits::default().with_profiles_layout(ProfilesLayout::Current)).unwrap()
}

/// Every item of a batch as text, with everything that stands around it.
fn rows(batch: &Batch) -> Vec<String> {
    Tree::viewed(batch).rows()
}

/// Every item of a batch as it is encoded.
fn encoded(batch: &Batch) -> Vec<Vec<u8>> {
    let mut items = Vec::new();
    let _ = distribute(batch, 0, |item| {
        items.push(item.encoded.to_vec());
        None
    });
    items
}

proptest! {
    #[test]
    fn each_item_arrives_once_and_whole(
        signal in prop::sample::select(&Signal::ALL[..]),
        seed: u64,
        size in 1..400_usize,
        outputs in 1..5_usize,
    ) {
        let batch = parse(signal, Random::new(seed).request(signal, size));
        let parts = distribute(&batch, outputs, |item| match (item.index * 7 + item.encoded.len()) % (outputs + 1) {
            0 => None,
            number => Some(number - 1),
        });
        let all = rows(&batch);
        let mut expected = vec![Vec::new(); parts.len()];
        let mut index = 0;
        let _ = distribute(&batch, 1, |item| {
            let number = (item.index * 7 + item.encoded.len()) % (outputs + 1);
            if number > 0 {
                expected[number - 1].push(all[index].clone());
            }
            index += 1;
            None
        });
        prop_assert_eq!(index, batch.items());
        // Byte for byte, odd encodings and unknown fields included; only profiles' indices change.
        if signal != Signal::Profiles {
            let all = encoded(&batch);
            for (number, part) in parts.iter().enumerate() {
                let sent = all.iter().enumerate().filter(|(index, item)| {
                    (index * 7 + item.len()) % (outputs + 1) == number + 1
                });
                prop_assert!(encoded(part).iter().eq(sent.map(|(_, item)| item)));
            }
        }
        for (part, expected) in parts.iter().zip(&expected) {
            let again = parse(signal, part.bytes().clone());
            prop_assert_eq!(again.items(), part.items());
            prop_assert_eq!(&rows(part), expected);
        }
    }

    #[test]
    fn concat_is_one_behind_the_other(
        signal in prop::sample::select(&Signal::ALL[..]),
        seeds in prop::collection::vec(any::<u64>(), 1..4),
    ) {
        let batches: Vec<Batch> =
            seeds.iter().map(|seed| parse(signal, Random::new(*seed).request(signal, 100))).collect();
        let joined = concat(&batches).unwrap();
        if signal != Signal::Profiles {
            prop_assert_eq!(rows(&joined), batches.iter().flat_map(rows).collect::<Vec<_>>());
        }
        let again = parse(signal, joined.bytes().clone());
        prop_assert_eq!(again.items(), joined.items());
        prop_assert_eq!(Tree::viewed(&again).encode(), Tree::viewed(&joined).encode());
    }
}

#[test]
fn mixed_signals_do_not_concatenate() {
    let empty = |signal| parse(signal, Bytes::new());
    assert!(concat(&[]).is_none());
    assert!(concat(&[empty(Signal::Traces), empty(Signal::Logs)]).is_none());
}

/// Own fields of each group with their path, as bytes; what makes two groups equal.
#[derive(Default)]
struct Groups(Vec<Vec<u8>>, Vec<Vec<Vec<u8>>>);

impl<'a> Sorter<'a> for Groups {
    fn group(&mut self, group: &Group<'a, '_>) -> Look {
        let place = group.place;
        self.0.truncate(group.level);
        let mut own = vec![place.groups[group.level].number as u8];
        for part in &place.headers[group.level] {
            own.extend_from_slice(&place.source[part.start..part.end]);
        }
        self.0.push(own);
        Look::Inside
    }

    fn item(&mut self, _: Item<'a>) -> Option<usize> {
        // Neighbours share their groups.
        if self.1.last() != Some(&self.0) {
            self.1.push(self.0.clone());
        }
        None
    }
}

proptest! {
    #[test]
    fn arranged_items_are_whole_and_equal_groups_stand_once(
        signal in prop::sample::select(&Signal::ALL[..]),
        seeds in prop::collection::vec(0..200_u64, 1..5),
        ranks in 1..4_usize,
    ) {
        let mut batches: Vec<Batch> =
            seeds.iter().map(|seed| parse(signal, Random::new(*seed).request(signal, 150))).collect();
        // Equal groups are what this is about, so each batch comes twice.
        batches.extend(batches.clone());
        let rank_of = |item: &Item<'_>| item.encoded.len() % ranks;
        let arranged = arrange(&batches, |item| rank_of(&item)).unwrap();
        let again = parse(signal, arranged.bytes().clone());
        prop_assert_eq!(again.items(), arranged.items());
        prop_assert!(!again.is_merged());
        // The same items, rank by rank, each with what stood around it.
        let mut left = Vec::new();
        let whole = concat(&batches).unwrap();
        for (batch, sorted) in [(&whole, true), (&arranged, false)] {
            let mut keys = Vec::new();
            let _ = distribute(batch, 1, |item| {
                keys.push(rank_of(&item));
                None
            });
            if !sorted && signal != Signal::Profiles {
                prop_assert!(keys.is_sorted(), "{:?}", keys);
            }
            let (mut rows, mut items) = (rows(batch), encoded(batch));
            rows.sort();
            items.sort();
            left.push((rows, items));
        }
        prop_assert_eq!(&left[0], &left[1]);
        // With one rank, each path of groups stands once.
        let regrouped = arrange(&batches, |_| 0).unwrap();
        let mut groups = Groups::default();
        let _ = sort(&regrouped, 0, &mut groups);
        let paths = groups.1.len();
        let mut distinct = groups.1;
        distinct.sort();
        distinct.dedup();
        prop_assert_eq!(distinct.len(), paths);
        prop_assert_eq!(arrange(std::slice::from_ref(&regrouped), |_| 0).unwrap(), regrouped);
    }

    #[test]
    fn whole_groups_go_where_their_sorter_says(signal in prop::sample::select(&Signal::ALL[..]), seed: u64, depth in 0..5_usize) {
        /// Sends every second group of one level to 1, each without a look inside, and drops the others.
        struct Every(usize, usize, Vec<bool>, bool);
        impl<'a> Sorter<'a> for Every {
            fn group(&mut self, group: &Group<'a, '_>) -> Look {
                if group.level != self.0 {
                    return Look::Inside;
                }
                self.1 += 1;
                if self.3 {
                    return Look::Inside;
                }
                Look::All(self.1.is_multiple_of(2).then_some(1))
            }
            fn item(&mut self, _: Item<'a>) -> Option<usize> {
                self.2.push(self.1.is_multiple_of(2));
                self.1.is_multiple_of(2).then_some(1)
            }
        }
        let depth = depth.min(levels(signal).len() - 1);
        let batch = parse(signal, Random::new(seed).request(signal, 200));
        let mut asked = Every(depth, 0, Vec::new(), true);
        let slow = sort(&batch, 2, &mut asked);
        let mut unasked = Every(depth, 0, Vec::new(), false);
        let fast = sort(&batch, 2, &mut unasked);
        prop_assert!(unasked.2.is_empty());
        prop_assert_eq!(fast, slow);
    }
}

#[test]
fn groups_tell_what_they_are() {
    use crate::metrics::MetricsWriter;
    let mut writer = MetricsWriter::new();
    writer
        .resource(|resource| {
            resource.attr("service.name", "shop");
        })
        .scope("lib", "1")
        .metric("temperature")
        .unit("Cel")
        .gauge()
        .point(7);
    let batch = writer.finish();
    struct Seen(Vec<String>);
    impl<'a> Sorter<'a> for Seen {
        fn group(&mut self, group: &Group<'a, '_>) -> Look {
            let service = group.resource().and_then(|resource| resource.service_name());
            let scope = group.scope().map(|scope| scope.name());
            let attributes = group.attributes().len();
            let metric = (group.metric_name(), group.metric_unit(), group.metric_kind());
            self.0.push(format!("{:?} {service:?} {scope:?} {attributes} {metric:?}", group.level()));
            Look::Inside
        }
        fn item(&mut self, item: Item<'a>) -> Option<usize> {
            assert!(matches!(item.view(), ItemView::Number(point) if point.as_int() == Some(7)));
            assert_eq!(item.trace_id(), None);
            None
        }
    }
    let mut seen = Seen(Vec::new());
    assert!(sort(&batch, 0, &mut seen).is_empty());
    assert_eq!(
        seen.0,
        [
            r#"Request None None 0 ("", "", None)"#,
            r#"Resource Some("shop") None 1 ("", "", None)"#,
            r#"Scope None Some("lib") 0 ("", "", None)"#,
            r#"Metric None None 0 ("temperature", "Cel", None)"#,
            r#"Data None None 0 ("", "", Some("gauge"))"#,
        ]
    );
}
