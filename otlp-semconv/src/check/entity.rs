//! The entities that a signal belongs to, and the resource that has to be one of them.

use otlp_core::value::ValueView;

use super::{
    FindingId,
    look::{Look, Source},
    requirement::{Absent, Ended, absent},
    seen::Seen,
    store::Words,
    table::Table,
};
use crate::registry::Association;

/// Deeper associations are taken to hold; models have none.
const DEPTH: u32 = 8;

impl Look<'_, '_> {
    /// Looks whether the resource is what the signal is about: one entry of the list has to hold.
    pub(super) fn entities(&mut self, associations: &[Association], resource: &Source, owner: &str) {
        let table = &self.checker.table;
        let mut seen = Seen::new(table.registry.attributes().len());
        for index in &resource.present {
            seen.add(*index as usize, ValueView::Empty);
        }
        match associations {
            [] => {}
            [one] => self.association(one, &seen, owner, DEPTH),
            several => self.one_of(several, &seen, owner, DEPTH),
        }
    }

    fn association(&mut self, association: &Association, seen: &Seen<'_>, owner: &str, depth: u32) {
        let Some(deeper) = depth.checked_sub(1) else { return };
        match association {
            Association::Entity(name) => self.entity(name, seen, owner),
            Association::AllOf(all) => all.iter().for_each(|one| self.association(one, seen, owner, deeper)),
            Association::OneOf(several) => self.one_of(several, seen, owner, deeper),
        }
    }

    fn one_of(&mut self, several: &[Association], seen: &Seen<'_>, owner: &str, depth: u32) {
        let table = &self.checker.table;
        let satisfied: Vec<_> = several.iter().filter(|one| holds(one, seen, table, depth)).collect();
        for one in &satisfied {
            self.association(one, seen, owner, depth.saturating_sub(1));
        }
        if satisfied.is_empty() {
            let mut names = Vec::new();
            several.iter().for_each(|one| collect(one, &mut names, depth));
            let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            self.note_entity(FindingId::EntityAssociationNotSatisfied, "", &names, || {
                Words::new(format!(
                    "The resource is none of the entities {names}, one of which {owner} is about."
                ))
                .fix("set the attributes that identify one of them on the resource")
            });
        }
    }

    fn entity(&mut self, name: &str, seen: &Seen<'_>, owner: &str) {
        let table = &self.checker.table;
        let Some(entity) = table.registry.entity(name) else { return };
        for (key, absent, _) in absent(table, &entity.attributes, seen, Ended::Unknown) {
            self.note_entity(absent.id_of_entity(), name, key, || {
                let message = format!(
                    "The resource lacks `{key}`; for the entity `{name}`, which {owner} is about, it is {}.",
                    absent.word()
                );
                let words = Words::new(message);
                match absent {
                    Absent::MayBeRequired | Absent::OptIn => words,
                    _ => words.fix(format!("set `{key}` on the resource")),
                }
            });
        }
    }
}

/// Whether the resource has what an entity requires.
fn holds(association: &Association, seen: &Seen<'_>, table: &Table<'_>, depth: u32) -> bool {
    let Some(deeper) = depth.checked_sub(1) else { return true };
    match association {
        Association::Entity(name) => {
            let required = |absent| matches!(absent, Absent::Required | Absent::RequiredHere);
            // Of an entity that the registry does not have nothing is known.
            table.registry.entity(name).is_none_or(|entity| {
                !absent(table, &entity.attributes, seen, Ended::Unknown)
                    .any(|(_, absent, _)| required(absent))
            })
        }
        Association::OneOf(several) => several.iter().any(|one| holds(one, seen, table, deeper)),
        Association::AllOf(all) => all.iter().all(|one| holds(one, seen, table, deeper)),
    }
}

/// The names of all entities in an association.
fn collect<'r>(association: &'r Association, names: &mut Vec<&'r str>, depth: u32) {
    let Some(deeper) = depth.checked_sub(1) else { return };
    match association {
        Association::Entity(name) => names.push(name),
        Association::OneOf(several) | Association::AllOf(several) => {
            several.iter().for_each(|one| collect(one, names, deeper));
        }
    }
}
