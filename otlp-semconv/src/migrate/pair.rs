//! The attributes of one item while their keys and values change.

use std::borrow::Cow;
use std::collections::HashMap;

use otlp_core::edit::Draft;
use otlp_core::value::ValueView;

use super::table::Step;

/// One attribute on its way.
pub(super) struct Pair {
    /// Its number in the draft.
    pub(super) index: usize,
    pub(super) key: Cow<'static, str>,
    pub(super) value: Value,
    pub(super) next: Option<&'static Step>,
    pub(super) gone: bool,
    /// Where the key changed last, and from what.
    pub(super) was: Option<(u32, Cow<'static, str>)>,
}

/// The value, where it is another than in the draft.
#[derive(Clone, PartialEq)]
pub(super) enum Value {
    Same,
    Text(String),
    Int(i64),
    List(String),
}

/// The attributes of one item, found by their keys.
pub(super) struct List {
    pub(super) pairs: Vec<Pair>,
    /// The first with each key.
    pub(super) by_key: HashMap<Cow<'static, str>, usize>,
}

impl List {
    pub(super) fn new(pairs: Vec<Pair>) -> Self {
        let mut list = Self { by_key: HashMap::with_capacity(pairs.len()), pairs };
        (0..list.pairs.len()).for_each(|index| list.enter(index));
        list
    }

    /// It is found under its key from now on, unless another is.
    pub(super) fn enter(&mut self, index: usize) {
        self.by_key.entry(self.pairs[index].key.clone()).or_insert(index);
    }

    /// It is not found under its key any more.
    pub(super) fn leave(&mut self, index: usize) {
        let key = &self.pairs[index].key;
        if self.by_key.get(key) == Some(&index) {
            self.by_key.remove(key);
        }
    }

    /// It is no longer there at all.
    pub(super) fn remove(&mut self, index: usize) {
        self.leave(index);
        (self.pairs[index].gone, self.pairs[index].next) = (true, None);
    }

    /// The text under a key.
    pub(super) fn text<'l>(&'l self, key: &str, draft: &'l Draft<'_>) -> Option<&'l str> {
        text(&self.pairs[*self.by_key.get(key)?], draft)
    }
}

/// The value, if it is a text.
pub(super) fn text<'v>(pair: &'v Pair, draft: &'v Draft<'_>) -> Option<&'v str> {
    match &pair.value {
        Value::Same => draft.value(pair.index).as_str(),
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// Whether two attributes hold the same.
pub(super) fn equal(one: &Pair, two: &Pair, draft: &Draft<'_>) -> bool {
    match (text(one, draft), text(two, draft)) {
        (Some(one), Some(two)) => one == two,
        (None, None) => one.value == two.value && same(draft.value(one.index), draft.value(two.index)),
        _ => false,
    }
}

fn same(one: ValueView<'_>, two: ValueView<'_>) -> bool {
    match (one, two) {
        (ValueView::Empty, ValueView::Empty) => true,
        (ValueView::Str(one), ValueView::Str(two)) => one == two,
        (ValueView::Bool(one), ValueView::Bool(two)) => one == two,
        (ValueView::Int(one), ValueView::Int(two)) => one == two,
        (ValueView::Double(one), ValueView::Double(two)) => one.to_bits() == two.to_bits(),
        (ValueView::Bytes(one), ValueView::Bytes(two)) => one == two,
        // Lists that are the same mostly are encoded the same.
        (ValueView::Array(one), ValueView::Array(two)) => one.encoded() == two.encoded(),
        (ValueView::Map(one), ValueView::Map(two)) => one.encoded() == two.encoded(),
        _ => false,
    }
}
