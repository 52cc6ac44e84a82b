//! Profiles summed up by function and by stack.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use otlp::Batch;
use otlp::profiles::{DictionaryView, ProfileView};

use super::trace::service_name;
use crate::render::text::clip;

/// Longest stack that is walked; deeper ones lose their outermost callers.
const DEEPEST: usize = 1_000;
/// Longest name of a function, in characters.
const LONGEST: usize = 300;

/// One profile.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) service: String,
    /// What is counted, such as `cpu`.
    pub(crate) kind: String,
    /// Its unit, such as `nanoseconds`.
    pub(crate) unit: String,
    /// Nanoseconds since the epoch.
    pub(crate) time: u64,
    /// Nanoseconds.
    pub(crate) duration: u64,
    pub(crate) samples: usize,
    /// Sum of all values.
    pub(crate) total: i64,
    /// Different spans that samples belong to.
    pub(crate) spans: usize,
    /// The largest own value first.
    pub(crate) functions: Vec<Function>,
    /// Different stacks, outermost caller first, the largest value first.
    pub(crate) stacks: Vec<(Vec<Rc<str>>, i64)>,
}

/// A function in a profile.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Values of samples in the function itself.
    pub(crate) own: i64,
    /// Values of samples in it or in what it calls.
    pub(crate) total: i64,
}

/// Tables of a dictionary, each read once; indices outside them mean "unknown".
struct Tables<'a> {
    strings: Vec<&'a str>,
    functions: Vec<i32>,
    /// Names by location, innermost inlined function first.
    locations: Vec<Vec<&'a str>>,
    /// Locations by stack, leaf first.
    stacks: Vec<Vec<i32>>,
}

impl<'a> Tables<'a> {
    fn new(dictionary: DictionaryView<'a>) -> Self {
        let mut tables = Self {
            strings: dictionary.strings().iter().collect(),
            functions: dictionary.functions().iter().map(|function| function.name_strindex()).collect(),
            locations: Vec::new(),
            stacks: dictionary
                .stacks()
                .iter()
                .map(|stack| stack.location_indices().take(DEEPEST).collect())
                .collect(),
        };
        for location in dictionary.locations() {
            let names = location.lines().iter().map(|line| tables.function(line.function_index())).collect();
            tables.locations.push(names);
        }
        tables
    }

    fn string(&self, index: i32) -> &'a str {
        usize::try_from(index).ok().and_then(|index| self.strings.get(index)).copied().unwrap_or("")
    }

    fn function(&self, index: i32) -> &'a str {
        let name = usize::try_from(index).ok().and_then(|index| self.functions.get(index));
        match name.map_or("", |name| self.string(*name)) {
            "" => "[unknown]",
            name => name,
        }
    }

    /// Names of the functions on a stack, leaf first.
    fn names(&self, stack: i32) -> Vec<&'a str> {
        let Some(stack) = usize::try_from(stack).ok().and_then(|index| self.stacks.get(index)) else {
            return Vec::new();
        };
        let mut names = Vec::new();
        for &location in stack {
            match usize::try_from(location).ok().and_then(|index| self.locations.get(index)) {
                Some(lines) if !lines.is_empty() => names.extend(lines),
                _ => names.push("[unknown]"),
            }
            if names.len() >= DEEPEST {
                break;
            }
        }
        names
    }
}

/// All profiles, in order.
pub(crate) fn collect(batches: &[Batch]) -> Vec<Profile> {
    let mut profiles = Vec::new();
    for view in batches.iter().filter_map(Batch::profiles) {
        let tables = Tables::new(view.dictionary());
        for group in view.resource_profiles() {
            let service = service_name(group.resource());
            for profile in group.scope_profiles().iter().flat_map(|scope| scope.profiles()) {
                profiles.push(read(profile, service, &tables));
            }
        }
    }
    profiles
}

fn read(profile: ProfileView<'_>, service: &str, tables: &Tables<'_>) -> Profile {
    let mut functions: HashMap<&str, (i64, i64)> = HashMap::new();
    let mut stacks: HashMap<i32, i64> = HashMap::new();
    let mut links = HashSet::new();
    let (mut samples, mut total) = (0, 0_i64);
    for sample in profile.samples() {
        samples += 1;
        if sample.link_index() != 0 {
            links.insert(sample.link_index());
        }
        // Without values, each timestamp is one event.
        let value = match sample.values().is_absent() {
            true => sample.timestamps().count() as i64,
            false => sample.values().fold(0, i64::saturating_add),
        };
        total = total.saturating_add(value);
        let sum = stacks.entry(sample.stack_index()).or_default();
        *sum = sum.saturating_add(value);
    }
    for (&stack, &value) in &stacks {
        let names = tables.names(stack);
        if let Some(leaf) = names.first() {
            let own = &mut functions.entry(leaf).or_default().0;
            *own = own.saturating_add(value);
        }
        for name in names.iter().collect::<HashSet<_>>() {
            let sum = &mut functions.entry(name).or_default().1;
            *sum = sum.saturating_add(value);
        }
    }
    let mut functions: Vec<Function> = functions
        .into_iter()
        .map(|(name, (own, total))| Function { name: clip(name, LONGEST), own, total })
        .collect();
    functions.sort_by(|a, b| (b.own, b.total).cmp(&(a.own, a.total)).then_with(|| a.name.cmp(&b.name)));
    let mut stacks: Vec<(i32, i64)> = stacks.into_iter().collect();
    stacks.sort_by_key(|(stack, value)| (std::cmp::Reverse(*value), *stack));
    // A name stands in many stacks; it is kept once, and no longer than anyone reads.
    let mut kept: HashMap<&str, Rc<str>> = HashMap::new();
    let mut named = |stack| -> Vec<Rc<str>> {
        let names = tables.names(stack).into_iter().rev();
        names.map(|name| Rc::clone(kept.entry(name).or_insert_with(|| clip(name, LONGEST).into()))).collect()
    };
    let kind = profile.sample_type();
    Profile {
        service: service.to_owned(),
        kind: kind.map_or("", |kind| tables.string(kind.type_strindex())).to_owned(),
        unit: kind.map_or("", |kind| tables.string(kind.unit_strindex())).to_owned(),
        time: profile.time(),
        duration: profile.duration(),
        samples,
        total,
        spans: links.len(),
        functions,
        stacks: stacks.into_iter().take(1_000).map(|(stack, value)| (named(stack), value)).collect(),
    }
}
