//! The attributes that an item has.

use otlp_core::value::ValueView;

use crate::registry::{AttributeId, Value};

/// An item's attributes that the registry knows, by their index in it.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    known: Vec<(u32, ValueView<'a>)>,
    /// A bit for each attribute of the registry.
    has: Box<[u64]>,
}

impl<'a> Seen<'a> {
    /// None yet, of so many that the registry has.
    pub(super) fn new(size: usize) -> Self {
        Self { known: Vec::new(), has: vec![0; size.div_ceil(64)].into() }
    }

    /// One more; the first of several with one key counts.
    pub(super) fn add(&mut self, index: usize, value: ValueView<'a>) {
        if !self.has(index) {
            self.known.push((index as u32, value));
            self.has[index / 64] |= 1 << (index % 64);
        }
    }

    pub(super) fn has(&self, index: usize) -> bool {
        self.has.get(index / 64).is_some_and(|bits| bits & 1 << (index % 64) != 0)
    }

    pub(super) fn value(&self, index: usize) -> Option<&ValueView<'a>> {
        self.known.iter().find(|(known, _)| *known as usize == index).map(|(_, value)| value)
    }

    /// Whether the attribute is there with one of these values.
    pub(super) fn is_one_of(&self, id: AttributeId, values: &[Value]) -> bool {
        self.value(id.index()).is_some_and(|value| values.iter().any(|wanted| is_equal(value, wanted)))
    }

    pub(super) fn indices(&self) -> impl Iterator<Item = usize> {
        self.known.iter().map(|(index, _)| *index as usize)
    }
}

/// Whether a value on the wire is one of the registry.
pub(super) fn is_equal(value: &ValueView<'_>, wanted: &Value) -> bool {
    match (value, wanted) {
        (ValueView::Str(a), Value::Text(b)) => *a == &**b,
        (ValueView::Int(a), Value::Int(b)) => a == b,
        (ValueView::Bool(a), Value::Bool(b)) => a == b,
        (ValueView::Double(a), Value::Double(b)) => a == b,
        _ => false,
    }
}
