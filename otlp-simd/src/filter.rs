//! Keeping the items that a predicate holds for.

use std::ops::Bound;

use otlp_core::cut::{Group, Item, ItemView, Level, Look, Sorter};
use otlp_core::value::{Attributes, ValueView};
use otlp_core::{Batch, Signal, cut};

use crate::predicate::{Field, Node, Place, Predicate, Subject, Test, Value};

/// Keeps the items for which the predicate holds, in order, each with what stands around it.
///
/// What is known of a resource, scope or metric is tested once there: a group for which the predicate cannot hold is not
/// looked into, and one for which it holds already is copied without a look at its items. An item's attribute is found
/// without reading the fields around it.
///
/// In profiles, items have no attributes of their own, and keys and texts that stand in the dictionary are looked up there.
pub fn filter(batch: &Batch, predicate: &Predicate) -> Batch {
    let kept = sort(batch, std::slice::from_ref(predicate), false);
    kept.into_iter().next().unwrap_or_else(|| Batch::empty(batch.signal()))
}

/// Sends each item to the first predicate that holds for it: one batch for each predicate, in their order, and one for the
/// items for which none does. Batches without items are empty.
pub fn select(batch: &Batch, predicates: &[Predicate]) -> Vec<Batch> {
    let mut batches = sort(batch, predicates, true);
    batches.resize_with(predicates.len() + 1, || Batch::empty(batch.signal()));
    batches
}

fn sort(batch: &Batch, predicates: &[Predicate], rest: bool) -> Vec<Batch> {
    let strings = match batch.profiles() {
        Some(view) => view.dictionary().strings().iter().collect(),
        None => Vec::new(),
    };
    let mut leaves = Vec::new();
    let trees = predicates.iter().map(|predicate| Tree::of(&predicate.0, &mut leaves)).collect();
    let outputs = predicates.len() + usize::from(rest);
    let mut chooser = Chooser { trees, leaves, rest: rest.then_some(predicates.len()), strings };
    cut::sort(batch, outputs, &mut chooser)
}

/// A predicate whose conditions are numbers of leaves.
enum Tree {
    Leaf(usize),
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
}

/// One condition.
struct Leaf<'p> {
    subject: &'p Subject,
    test: &'p Test,
    /// Where it can be told.
    level: Level,
    /// Whether it holds; `None` below its level.
    holds: Option<bool>,
}

/// The level on which a subject can be told; `None` for items.
const fn level_of(subject: &Subject) -> Option<Level> {
    Some(match subject {
        Subject::Attribute(Place::Resource, _) => Level::Resource,
        Subject::Attribute(Place::Scope, _) | Subject::Field(Field::ScopeName | Field::ScopeVersion) => {
            Level::Scope
        }
        Subject::Field(Field::MetricName | Field::MetricUnit) => Level::Metric,
        Subject::Field(Field::MetricKind) => Level::Data,
        _ => return None,
    })
}

impl Tree {
    fn of<'p>(node: &'p Node, leaves: &mut Vec<Leaf<'p>>) -> Self {
        let mut many = |nodes: &'p [Node]| nodes.iter().map(|node| Self::of(node, leaves)).collect();
        match node {
            Node::All(nodes) => Self::All(many(nodes)),
            Node::Any(nodes) => Self::Any(many(nodes)),
            Node::Not(inner) => Self::Not(Box::new(Self::of(inner, leaves))),
            Node::Is(subject, test) => {
                leaves.push(Leaf { subject, test, level: level_of(subject).unwrap_or(ITEM), holds: None });
                Self::Leaf(leaves.len() - 1)
            }
        }
    }

    /// Whether it holds by what is known; `None` if that depends on what is not.
    fn holds(&self, leaf: &mut impl FnMut(usize) -> Option<bool>) -> Option<bool> {
        match self {
            Self::Leaf(number) => leaf(*number),
            Self::Not(inner) => inner.holds(leaf).map(|holds| !holds),
            Self::All(all) => Self::fold(all, false, leaf),
            Self::Any(any) => Self::fold(any, true, leaf),
        }
    }

    /// `decides` as soon as one says so, the opposite if all do.
    fn fold(trees: &[Self], decides: bool, leaf: &mut impl FnMut(usize) -> Option<bool>) -> Option<bool> {
        let mut result = Some(!decides);
        for tree in trees {
            match tree.holds(leaf) {
                Some(holds) if holds == decides => return Some(decides),
                Some(_) => {}
                None => result = None,
            }
        }
        result
    }
}

/// Stands for items in [`Leaf::level`]: no group is on this level before its leaves are asked at items.
const ITEM: Level = Level::Request;

struct Chooser<'p, 'a> {
    trees: Vec<Tree>,
    leaves: Vec<Leaf<'p>>,
    /// Where items go for which no predicate holds.
    rest: Option<usize>,
    /// String table of profiles.
    strings: Vec<&'a str>,
}

impl<'a> Sorter<'a> for Chooser<'_, 'a> {
    fn group(&mut self, group: &Group<'a, '_>) -> Look {
        let level = group.level();
        for leaf in &mut self.leaves {
            if leaf.level == level && level != ITEM {
                leaf.holds = Some(leaf.test_group(group, &self.strings));
            } else if leaf.level > level {
                leaf.holds = None;
            }
            // Signals without metrics have no such groups to wait for.
            if matches!(leaf.level, Level::Metric | Level::Data) && group.signal() != Signal::Metrics {
                leaf.holds = Some(false);
            }
        }
        for (number, tree) in self.trees.iter().enumerate() {
            match tree.holds(&mut |leaf| self.leaves[leaf].holds) {
                Some(true) => return Look::All(Some(number)),
                Some(false) => {}
                None => return Look::Inside,
            }
        }
        Look::All(self.rest)
    }

    fn item(&mut self, item: Item<'a>) -> Option<usize> {
        let mut view = None;
        let leaves = &self.leaves;
        let holds = |tree: &Tree| {
            tree.holds(&mut |leaf| {
                let leaf = &leaves[leaf];
                Some(leaf.holds.unwrap_or_else(|| leaf.test_item(&item, &mut view)))
            })
        };
        self.trees.iter().position(holds_true(holds)).or(self.rest)
    }
}

/// Whether a truth value is known and true, as `position` asks.
fn holds_true<'t>(mut holds: impl FnMut(&'t Tree) -> Option<bool>) -> impl FnMut(&'t Tree) -> bool {
    move |tree| holds(tree) == Some(true)
}

impl Leaf<'_> {
    fn test_group<'a>(&self, group: &Group<'a, '_>, strings: &[&'a str]) -> bool {
        let text = |text: &'a str| self.test(Some(ValueView::Str(text)));
        match self.subject {
            Subject::Attribute(_, key) => self.test(attribute(group.attributes(), key, strings)),
            Subject::Field(Field::ScopeName) => group.scope().is_some_and(|scope| text(scope.name())),
            Subject::Field(Field::ScopeVersion) => group.scope().is_some_and(|scope| text(scope.version())),
            Subject::Field(Field::MetricName) => text(group.metric_name()),
            Subject::Field(Field::MetricUnit) => text(group.metric_unit()),
            Subject::Field(_) => group.metric_kind().is_some_and(text),
        }
    }

    fn test_item<'a>(&self, item: &Item<'a>, view: &mut Option<ItemView<'a>>) -> bool {
        match self.subject {
            Subject::Attribute(_, key) => self.test(item.attributes().value_of(key)),
            Subject::Field(Field::TraceId) => match item.trace_id() {
                Some(id) => self.test(Some(ValueView::Str(&id.to_string()))),
                None => false,
            },
            Subject::Field(field) => {
                let view = view.get_or_insert_with(|| item.view());
                match number(*field, view) {
                    Some(number) => self.test_number(number),
                    None => self.test(value(*field, view)),
                }
            }
        }
    }

    fn test(&self, value: Option<ValueView<'_>>) -> bool {
        let Some(value) = value else { return false };
        match self.test {
            Test::Exists => true,
            Test::In(wanted) => wanted.iter().any(|wanted| match (wanted, value) {
                (Value::Str(wanted), ValueView::Str(text)) => wanted == text,
                (Value::Bool(wanted), ValueView::Bool(value)) => *wanted == value,
                (Value::Int(wanted), ValueView::Int(value)) => *wanted == value,
                (Value::Double(wanted), ValueView::Double(value)) => *wanted == value,
                _ => false,
            }),
            Test::Prefix(prefix) => value.as_str().is_some_and(|text| text.starts_with(prefix.as_str())),
            Test::Range(start, end) => match value {
                ValueView::Int(value) => within(start, end, value as f64),
                ValueView::Double(value) => within(start, end, value),
                _ => false,
            },
        }
    }

    /// Tests an unsigned field, which equals integers only.
    fn test_number(&self, number: u64) -> bool {
        match self.test {
            Test::Exists => true,
            Test::In(wanted) => wanted
                .iter()
                .any(|wanted| matches!(wanted, Value::Int(wanted) if u64::try_from(*wanted) == Ok(number))),
            Test::Prefix(_) => false,
            Test::Range(start, end) => within(start, end, number as f64),
        }
    }
}

fn within(start: &Bound<f64>, end: &Bound<f64>, value: f64) -> bool {
    (match start {
        Bound::Included(start) => value >= *start,
        Bound::Excluded(start) => value > *start,
        Bound::Unbounded => true,
    }) && match end {
        Bound::Included(end) => value <= *end,
        Bound::Excluded(end) => value < *end,
        Bound::Unbounded => true,
    }
}

/// Value of the first attribute with this key; keys and texts may stand in the string table.
fn attribute<'a>(attributes: Attributes<'a>, key: &str, strings: &[&'a str]) -> Option<ValueView<'a>> {
    if strings.is_empty() {
        return attributes.value_of(key);
    }
    let entry = |index: i32| usize::try_from(index).ok().and_then(|index| strings.get(index)).copied();
    let found = attributes.iter().find(|attribute| match attribute.key_strindex() {
        0 => attribute.key() == key,
        index => entry(index) == Some(key),
    })?;
    match found.value() {
        ValueView::StrIndex(index) => entry(index).map(ValueView::Str),
        value => Some(value),
    }
}

/// An unsigned field of an item.
fn number(field: Field, view: &ItemView<'_>) -> Option<u64> {
    Some(match (field, view) {
        (Field::Time, ItemView::Span(span)) => span.start_time(),
        (Field::EndTime, ItemView::Span(span)) => span.end_time(),
        (Field::Duration, ItemView::Span(span)) => span.duration(),
        (Field::Time, ItemView::LogRecord(record)) => record.time(),
        (Field::Time, ItemView::Number(point)) => point.time(),
        (Field::Time, ItemView::Histogram(point)) => point.time(),
        (Field::Time, ItemView::ExponentialHistogram(point)) => point.time(),
        (Field::Time, ItemView::Summary(point)) => point.time(),
        (Field::Time, ItemView::Profile(profile)) => profile.time(),
        (Field::Duration, ItemView::Profile(profile)) => profile.duration(),
        _ => return None,
    })
}

/// Any other field of an item.
fn value<'a>(field: Field, view: &ItemView<'a>) -> Option<ValueView<'a>> {
    use otlp_core::metrics::Number;
    Some(match (field, view) {
        (Field::Name, ItemView::Span(span)) => ValueView::Str(span.name()),
        (Field::Kind, ItemView::Span(span)) => ValueView::Int(span.kind_number().into()),
        (Field::Status, ItemView::Span(span)) => ValueView::Int(span.status_code().number().into()),
        (Field::StatusMessage, ItemView::Span(span)) => ValueView::Str(span.status()?.message()),
        (Field::Name, ItemView::LogRecord(record)) => ValueView::Str(record.event_name()),
        (Field::Severity, ItemView::LogRecord(record)) => ValueView::Int(record.severity_number().into()),
        (Field::SeverityText, ItemView::LogRecord(record)) => ValueView::Str(record.severity_text()),
        (Field::Body, ItemView::LogRecord(record)) => record.body()?,
        (Field::Value, ItemView::Number(point)) => match point.value()? {
            Number::Int(value) => ValueView::Int(value),
            Number::Double(value) => ValueView::Double(value),
        },
        (Field::Value, ItemView::Histogram(point)) => ValueView::Double(point.sum()?),
        (Field::Value, ItemView::ExponentialHistogram(point)) => ValueView::Double(point.sum()?),
        (Field::Value, ItemView::Summary(point)) => ValueView::Double(point.sum()),
        _ => return None,
    })
}
