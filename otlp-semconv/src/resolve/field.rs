//! The fields of a map, read by name and type, with errors that say where.

use std::borrow::Cow;
use std::cell::RefCell;

use super::error::{Error, Place, Problem};
use super::yaml::{Data, Node};
use crate::registry::Value;

/// A map's entries as values, in their order.
pub(super) type Entries = Vec<(Cow<'static, str>, Value)>;

/// A map of a definition.
pub(super) struct Fields<'n, 'y> {
    entries: &'n [(Cow<'y, str>, Node<'y>)],
    /// Where it stands; its id becomes known on the way.
    pub(super) place: Place,
    /// What the syntax knows, for spelling.
    asked: RefCell<Vec<&'static str>>,
}

impl<'n, 'y> Fields<'n, 'y> {
    /// The fields of `node`, which has to be a map; `what` it is, for the error.
    pub(super) fn of(node: &'n Node<'y>, around: &Place, what: &str) -> Result<Self, Error> {
        let place = Place { line: node.line, ..around.clone() };
        match &node.data {
            Data::Map(entries) => Ok(Self { entries, place, asked: RefCell::default() }),
            _ => Err(wrong(&place, what, "a map", node)),
        }
    }

    /// The same with another id in errors.
    pub(super) fn named(mut self, id: &str) -> Self {
        self.place.id = id.to_owned();
        self
    }

    /// The field's node; `null` is as good as absent.
    pub(super) fn get(&self, field: &'static str) -> Option<&'n Node<'y>> {
        self.asked.borrow_mut().push(field);
        let (_, node) = self.entries.iter().find(|(key, _)| key == field)?;
        (!matches!(node.data, Data::Null)).then_some(node)
    }

    /// Whether the field is there, with or without a value.
    pub(super) fn has(&self, field: &str) -> bool {
        self.entries.iter().any(|(key, _)| key == field)
    }

    /// A text, numbers and truth values taken as they would be written.
    pub(super) fn text(&self, field: &'static str) -> Result<Option<String>, Error> {
        self.get(field).map(|node| text(node).ok_or_else(|| self.wrong(field, "text", node))).transpose()
    }

    /// A text that has to be there, and not be empty.
    pub(super) fn need(&self, field: &'static str) -> Result<String, Error> {
        match self.text(field)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.error(Problem::Missing(field))),
        }
    }

    /// One of the words that a type knows.
    pub(super) fn word<T>(
        &self,
        field: &'static str,
        expected: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let Some(node) = self.get(field) else { return Ok(None) };
        match text(node).as_deref().and_then(parse) {
            Some(value) => Ok(Some(value)),
            None => Err(self.wrong(field, expected, node)),
        }
    }

    /// A truth value.
    pub(super) fn flag(&self, field: &'static str) -> Result<Option<bool>, Error> {
        match self.get(field).map(|node| (node, &node.data)) {
            None => Ok(None),
            Some((_, Data::Bool(truth))) => Ok(Some(*truth)),
            Some((node, _)) => Err(self.wrong(field, "`true` or `false`", node)),
        }
    }

    /// A list; absent is empty.
    pub(super) fn list(&self, field: &'static str) -> Result<&'n [Node<'y>], Error> {
        match self.get(field).map(|node| (node, &node.data)) {
            None => Ok(&[]),
            Some((_, Data::List(items))) => Ok(items),
            Some((node, _)) => Err(self.wrong(field, "a list", node)),
        }
    }

    /// A map's entries as values; absent is `None`.
    pub(super) fn map(&self, field: &'static str) -> Result<Option<Entries>, Error> {
        match self.get(field).map(|node| (node, node.to_value())) {
            None => Ok(None),
            Some((_, Value::Map(entries))) => Ok(Some(entries)),
            Some((node, _)) => Err(self.wrong(field, "a map", node)),
        }
    }

    /// Refuses fields that are nearly, but not quite, ones that were asked for. Others are of a later syntax.
    pub(super) fn finish(&self) -> Result<(), Error> {
        let asked = self.asked.borrow();
        for (key, node) in self.entries {
            if asked.iter().any(|known| key == known) {
                continue;
            }
            if let Some(meant) = asked.iter().find(|known| nearly(key, known)) {
                let place = Place { line: node.line, ..self.place.clone() };
                return Err(Error::new(place, Problem::Misspelled { found: key.to_string(), meant }));
            }
        }
        Ok(())
    }

    pub(super) fn error(&self, problem: Problem) -> Error {
        Error::new(self.place.clone(), problem)
    }

    pub(super) fn wrong(&self, field: &str, expected: &'static str, node: &Node<'_>) -> Error {
        wrong(&Place { line: node.line, ..self.place.clone() }, field, expected, node)
    }
}

/// The error for a value of the wrong kind.
pub(super) fn wrong(place: &Place, field: &str, expected: &'static str, node: &Node<'_>) -> Error {
    let problem = Problem::Wrong { field: field.to_owned(), expected, found: node.describe() };
    Error::new(place.clone(), problem)
}

/// A scalar as text.
pub(super) fn text(node: &Node<'_>) -> Option<String> {
    Some(match &node.data {
        Data::Text(text) => text.to_string(),
        Data::Bool(truth) => truth.to_string(),
        Data::Int(number) => number.to_string(),
        Data::Double(number) => number.to_string(),
        Data::Null | Data::List(_) | Data::Map(_) => return None,
    })
}

/// Whether two words of some length differ by at most two letters added, left out or changed.
fn nearly(found: &str, known: &str) -> bool {
    if known.len() < 5 || found.len().abs_diff(known.len()) > 2 {
        return false;
    }
    let known = known.as_bytes();
    let mut row: Vec<usize> = (0..=known.len()).collect();
    for (above, found) in found.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (column, known) in known.iter().enumerate() {
            let changed = diagonal + usize::from(found != *known);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[known.len()] <= 2
}
