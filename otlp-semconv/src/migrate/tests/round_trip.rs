//! There and back again: what is only applied comes back byte by byte.

use std::sync::OnceLock;

use otlp_core::trace::SpanKind;
use otlp_core::{Batch, Limits, Signal};
use proptest::prelude::*;

use super::kit::*;
use super::oracle::version;
use crate::migrate::table::{Convert, Kind, Op, Table};
use crate::migrate::{Collision, Mode, Plan, Version};

/// The names that are at home in a version: in use by then, and not only later.
#[derive(Debug, Clone)]
struct Names {
    /// With the values that they have of their own.
    keys: Vec<(String, Vec<&'static str>)>,
    metrics: Vec<(&'static str, &'static str)>,
    events: Vec<&'static str>,
}

/// Whether a name of this kind is in use in a version, as far as the operations tell.
fn lives(name: &str, version: Version, kind: Kind) -> bool {
    let same = |op: &&Op| match (op.kind, kind) {
        (Kind::Value { key: one }, Kind::Value { key: two }) => one == two,
        (one, two) => std::mem::discriminant(&one) == std::mem::discriminant(&two),
    };
    let mut told = Table::get().ops.iter().filter(same).filter(|op| op.from != op.to);
    let mut past = told.clone().filter(|op| op.version <= version && (op.from == name || op.to == name));
    match past.next_back() {
        Some(op) => op.to == name,
        // What comes first in the future is not there yet.
        None => told.find(|op| op.from == name || op.to == name).is_none_or(|op| op.from == name),
    }
}

fn at_home(version: Version) -> &'static Names {
    static ALL: OnceLock<Vec<Names>> = OnceLock::new();
    &ALL.get_or_init(|| Version::all().map(names).collect())[version.index()]
}

fn names(version: Version) -> Names {
    let ops = &Table::get().ops;
    let key = Kind::Key(Convert::Nothing);
    let mut names = Names { keys: Vec::new(), metrics: vec![("other", "")], events: vec!["other"] };
    for op in ops {
        let old = version < op.version;
        let name = if old { op.from } else { op.to };
        if !lives(name, version, op.kind) {
            continue;
        }
        match op.kind {
            Kind::Key(_) => names.keys.push((name.to_owned(), vec!["x", "3"])),
            Kind::Prefix => names.keys.push((format!("{name}.y"), vec!["x"])),
            Kind::Value { key: under } if lives(under, version, key) => {
                names.keys.push((under.to_owned(), vec![name]));
            }
            // Under the key that becomes this one at the same time.
            Kind::Value { key: under } => {
                let renames = ops.iter().filter(|op| matches!(op.kind, Kind::Key(_)) && op.to == under);
                let renames = renames.filter(|op| lives(name, version, Kind::Value { key: op.from }));
                names.keys.extend(
                    renames
                        .filter(|op| lives(op.from, version, key))
                        .map(|op| (op.from.to_owned(), vec![name])),
                );
            }
            Kind::Metric(unit) => {
                names.metrics.push((name, unit.map_or("1", |unit| if old { unit.old } else { unit.new })));
            }
            Kind::Event => names.events.push(name),
            Kind::Dropped | Kind::Split => {}
        }
    }
    names
}

/// One attribute by two numbers.
fn pick(names: &Names, (key, value): (prop::sample::Index, prop::sample::Index)) -> (&str, &str) {
    let (key, values) = key.get(&names.keys);
    (key, value.get::<&str>(values))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_only_applied_can_be_undone(
        from in version(),
        to in version(),
        kind in 0..6_i32,
        numbers in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 0..4),
        metric in any::<prop::sample::Index>(),
    ) {
        let names = at_home(from);
        let list: Vec<(&str, &str)> = numbers.into_iter().map(|number| pick(names, number)).collect();
        let (name, unit) = *metric.get(&names.metrics);
        let batches = [
            span(SpanKind::from_number(kind), &list),
            resource(&list),
            record(metric.get::<&str>(&names.events), &list),
            gauges(&[(name, unit, &list)]),
        ];
        for old in batches {
            let (new, there) = go(&old, from.as_str(), to.as_str());
            let (back, again) = go(&new, to.as_str(), from.as_str());
            if lossless(&there) && lossless(&again) {
                prop_assert_eq!(
                    first(&back), first(&old), "{} to {}: {:?} {:?} by {}", from, to, told(&there), told(&again), first(&new)
                );
                prop_assert_eq!(back, old);
            }
        }
    }

    #[test]
    fn any_batch_stays_one(
        signal in prop::sample::select(&Signal::ALL[..]),
        seed: u64,
        from in version(),
        to in version(),
        keep in any::<bool>(),
    ) {
        let bytes = otlp_core::__random::request(signal, seed, 300);
        let batch = Batch::parse(signal, bytes, &Limits::default());
        prop_assume!(batch.is_ok());
        let batch = batch.unwrap();
        let mode = if keep { Mode::KeepBoth } else { Mode::Rename };
        let plan = Plan::between(from.as_str(), to.as_str()).unwrap();
        let (migrated, _) = plan.apply(&batch, mode, Collision::default());
        let again = Batch::parse(signal, migrated.bytes().clone(), &Limits::default()).unwrap();
        prop_assert_eq!(again.items(), migrated.items());
    }
}

#[test]
fn most_of_what_there_is_can_be_undone() {
    // Otherwise the property above says little.
    let versions: Vec<Version> = Version::all().collect();
    let (mut undone, mut all) = (0, 0);
    for from in versions.iter().step_by(3) {
        let names = at_home(*from);
        let to = if from.index() % 2 == 0 { Version::newest() } else { versions[0] };
        for (key, values) in &names.keys {
            let old = span(SpanKind::Server, &[(key, values[0])]);
            let (new, there) = go(&old, from.as_str(), to.as_str());
            let (back, again) = go(&new, to.as_str(), from.as_str());
            all += 1;
            if lossless(&there) && lossless(&again) {
                assert_eq!(
                    first(&back),
                    first(&old),
                    "{from} to {to}: {:?} by {}",
                    told(&again),
                    first(&new)
                );
                undone += 1;
            }
        }
    }
    assert!(undone * 10 > all * 7, "{undone} of {all}");
}
