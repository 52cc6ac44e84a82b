//! The tables themselves.

use crate::generated::schemas::{FACTS, RELEASES};
use crate::migrate::reviewed::{CHOICES, FIXES, IN_USE, LOSSY, ONE_WAY, SINCE};
use crate::migrate::schema::{Only, Section, What};
use crate::migrate::{Outcome, Plan, Version};

#[test]
fn the_counts_are_those_of_the_published_file() {
    let mut blocks = [0; 3];
    let mut names = [0; 2];
    for change in RELEASES.iter().flat_map(|release| release.changes) {
        match change.what {
            What::Attributes(pairs) => {
                blocks[0] += 1;
                names[0] += pairs.len();
                blocks[2] += usize::from(change.only != Only::Any);
            }
            What::Metrics(pairs) => {
                blocks[1] += 1;
                names[1] += pairs.len();
                assert_eq!(change.section, Section::Metrics);
            }
            _ => panic!("no published file has this"),
        }
    }
    assert_eq!((RELEASES.len(), blocks, names), (43, [73, 23, 25], [183, 99]));
    assert_eq!(RELEASES.iter().filter(|release| !release.changes.is_empty()).count(), 28);
    assert_eq!((FACTS.attributes.len(), FACTS.metrics.len(), FACTS.events.len()), (9, 6, 1));
    // And one that gives a value its own name.
    assert_eq!(FACTS.values.len(), 20);
    assert_eq!(FACTS.types.len(), 2);
    // Five that are measured otherwise; the circle of one of them closes by the same difference.
    assert_eq!(FACTS.metric_changes.len(), 6);
}

#[test]
fn every_reviewed_entry_is_about_something() {
    let known = |version: &str| assert!(version.parse::<Version>().is_ok(), "{version}");
    for (name, version) in SINCE {
        known(version);
        let of = |list: &[(&str, &str)]| list.iter().any(|(from, _)| from == name);
        let value = FACTS.values.iter().any(|value| *name == format!("{}={}", value.key, value.pair.0));
        assert!(of(FACTS.attributes) || of(FACTS.metrics) || of(FACTS.events) || value, "{name}");
    }
    for name in FACTS.attributes.iter().chain(FACTS.metrics).chain(FACTS.events) {
        assert!(SINCE.iter().any(|(known, _)| *known == name.0), "{} has no version", name.0);
    }
    let renames: Vec<(&str, &str, &str)> = RELEASES
        .iter()
        .flat_map(|release| release.changes.iter().map(|change| (release.version, change.what)))
        .flat_map(|(version, what)| match what {
            What::Attributes(pairs) => pairs.iter().map(|(from, to)| (version, *from, *to)).collect(),
            _ => Vec::new(),
        })
        .collect();
    for choice in CHOICES {
        for (_, name) in choice.names {
            assert!(renames.contains(&(choice.version, name, choice.to)), "{name}");
        }
    }
    for (version, key) in ONE_WAY {
        assert!(renames.iter().any(|(at, from, _)| at == version && from == key), "{key}");
    }
    assert!(LOSSY.iter().all(|(key, _)| renames.iter().any(|(_, from, _)| from == key)));
    IN_USE.iter().for_each(|(version, _)| known(version));
    let order: Vec<Version> = FIXES.iter().map(|fix| fix.version.parse().unwrap()).collect();
    assert!(order.is_sorted());
}

#[test]
fn a_plan_says_beforehand_what_may_happen() {
    let up: Vec<_> = Plan::between("1.4.0", "1.44.0").unwrap().operations().collect();
    let down: Vec<_> = Plan::between("1.44.0", "1.4.0").unwrap().operations().collect();
    assert_eq!(up.len(), down.len());
    let count = |list: &[crate::migrate::Operation], outcome| {
        list.iter().filter(|operation| operation.outcome == outcome).count()
    };
    assert!(count(&up, Outcome::Applied) > 280, "{}", count(&up, Outcome::Applied));
    assert!(count(&up, Outcome::Lossy) > 20 && count(&down, Outcome::Refused) > 10);
    assert!(
        up.iter()
            .chain(&down)
            .all(|operation| (operation.outcome == Outcome::Applied) == operation.reason.is_empty())
    );
    assert_eq!(Plan::to("1.44.0").unwrap().operations().count(), up.len());
    assert_eq!(Plan::between("1.30.0", "1.30.0").unwrap().operations().count(), 0);
}
