//! Which definition a span is of. Spans do not say it: their values, attributes, kind and name are the evidence.

use otlp_core::trace::SpanKind as WireKind;
use otlp_core::value::ValueView;

use super::{
    name::root,
    naming::{self, Part},
    seen::{Seen, is_equal},
    table::Table,
};
use crate::registry::{AttributeUse, Registry, Requirement, Span, SpanKind, Value};

/// All span definitions of a registry, prepared for matching.
#[derive(Debug)]
pub(super) struct Matcher<'r> {
    pub(super) definitions: Vec<Definition<'r>>,
    /// The attributes of [`EXCLUSIVE`], with all values that some definition pins.
    exclusive: Vec<(usize, Vec<&'r Value>)>,
}

/// A span type or a refinement of one.
#[derive(Debug)]
pub(super) struct Definition<'r> {
    /// Its name: that of the type, or the refinement's id.
    pub(super) id: &'r str,
    pub(super) span: &'r Span,
    /// First segments of the keys that are its own, such as `http`.
    pub(super) roots: Vec<&'r str>,
    /// Its own attributes; having one is evidence.
    own: Vec<usize>,
    /// Those among them that are required.
    required: Vec<usize>,
    pins: Vec<Pin<'r>>,
    /// The one operation that it is for.
    operation: Option<&'r str>,
    pub(super) names: Vec<Vec<Part<'r>>>,
}

/// An attribute that has certain values in spans of a definition and others elsewhere.
#[derive(Debug)]
struct Pin<'r> {
    attribute: usize,
    values: &'r [Value],
    must: bool,
}

/// How sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Confidence {
    /// One definition fits, by an attribute or value that only its spans have.
    Certain,
    /// One definition fits best, by weak evidence.
    Likely,
}

/// What the evidence says.
#[derive(Debug)]
pub(super) enum Verdict {
    /// No definition is near.
    Nothing,
    /// One is.
    One(usize, Confidence),
    /// Several fit equally well.
    Several,
    /// All that is right for one of these but the span's kind.
    WrongKind(Vec<usize>),
}

/// First segments that spans of every type have attributes of.
const GENERAL: &[&str] = &[
    "client",
    "cloud",
    "code",
    "container",
    "destination",
    "deployment",
    "device",
    "enduser",
    "error",
    "exception",
    "host",
    "k8s",
    "network",
    "os",
    "otel",
    "peer",
    "process",
    "server",
    "service",
    "session",
    "source",
    "telemetry",
    "thread",
    "tls",
    "url",
    "user",
    "user_agent",
];

/// Types whose spans are told by attributes of another name than their own.
const FAMILIES: &[(&str, &str)] = &[
    ("anthropic", "gen_ai"),
    ("aws.bedrock", "gen_ai"),
    ("azure.ai", "gen_ai"),
    ("azure.cosmosdb", "db"),
    ("dynamodb", "aws"),
    ("openai", "gen_ai"),
];

/// Types that stand for no span of their own: only more special ones extend them.
const ABSTRACT: &[&str] = &["db.sql.client"];

/// Types whose spans may also be internal, when the work is done in the process.
const MAY_BE_INTERNAL: &[&str] = &["db", "gen_ai"];

/// Attributes whose pinned values belong to the types that pin them, and to no other.
const EXCLUSIVE: &[&str] = &["gen_ai.operation.name", "messaging.operation.type"];

/// Attributes whose value, where the first is absent, may be told from the second.
const STAND_INS: &[(&str, &str)] = &[("messaging.operation.type", "messaging.operation.name")];

/// What names the operation, where a type is for one operation alone.
const METHOD: &str = "rpc.method";

/// Their attributes also stand on spans of other types, which then win.
const AUXILIARY: &[&str] = &["http", "aws"];

impl<'r> Matcher<'r> {
    pub(super) fn new(registry: &'r Registry) -> Self {
        let types = registry.spans().iter().map(|span| (&*span.name, span));
        let refined = registry
            .span_refinements()
            .iter()
            .map(|refined| (refined.id.strip_prefix("span.").unwrap_or(&refined.id), &refined.signal));
        let definitions: Vec<_> = types
            .chain(refined)
            .filter(|(id, _)| !ABSTRACT.contains(id))
            .map(|(id, span)| Definition::new(id, span, registry))
            .collect();
        let pinned = |attribute: usize| {
            let pins = definitions.iter().flat_map(|definition| &definition.pins);
            pins.filter(|pin| pin.attribute == attribute).flat_map(|pin| pin.values).collect()
        };
        let exclusive = EXCLUSIVE
            .iter()
            .filter_map(|key| registry.attribute_id(key))
            .map(|id| (id.index(), pinned(id.index())))
            .collect();
        Self { definitions, exclusive }
    }

    /// Has the values looked at that matching and naming need.
    pub(super) fn watch(&self, table: &mut Table<'_>) {
        for definition in &self.definitions {
            for part in definition.names.iter().flatten() {
                if let Part::Key(key) = part {
                    table.name_key(key);
                }
            }
            if definition.operation.is_some() {
                table.watch_key(METHOD);
            }
            for pin in &definition.pins {
                table.watch_key(&table.attribute(pin.attribute).key);
            }
        }
        for (_, key) in STAND_INS {
            table.watch_key(key);
        }
    }

    /// Weighs the evidence of one span.
    pub(super) fn weigh(&self, seen: &Seen<'_>, kind: WireKind, name: &str, table: &Table<'_>) -> Verdict {
        let scored: Vec<(usize, Score)> = self
            .definitions
            .iter()
            .enumerate()
            .filter(|(_, definition)| !self.is_anothers(definition, seen))
            .filter_map(|(index, definition)| Some((index, definition.score(seen, name, table)?)))
            .collect();
        if scored.is_empty() {
            return Verdict::Nothing;
        }
        let fits = |index: usize, score: &Score| {
            let definition = &self.definitions[index];
            is_kind(kind, definition.span.kind)
                || matches!(kind, WireKind::Internal | WireKind::Unspecified)
                    && score.is_strong()
                    && definition.roots.iter().any(|root| MAY_BE_INTERNAL.contains(root))
        };
        let (mut right, mut wrong): (Vec<_>, Vec<_>) =
            scored.into_iter().partition(|(index, score)| fits(*index, score));
        wrong.retain(|(_, score)| score.is_complete());
        // A span of the wrong kind may still have attributes that are right for others of its kind.
        let only_auxiliary = right.iter().all(|(index, score)| self.is_auxiliary(*index) && score.pins <= 0);
        if right.is_empty() || only_auxiliary && wrong.iter().any(|(_, score)| score.pins > 0) {
            let best = self.best(wrong, seen);
            return match best.is_empty() {
                true => Verdict::Nothing,
                false => Verdict::WrongKind(best.into_iter().map(|(index, _)| index).collect()),
            };
        }
        let is_exact = |(index, _): &(usize, Score)| is_kind(kind, self.definitions[*index].span.kind);
        if right.iter().any(is_exact) {
            right.retain(is_exact);
        }
        match self.best(right, seen)[..] {
            [(index, score)] => {
                let confidence =
                    if score.is_strong() || score.own > 1 { Confidence::Certain } else { Confidence::Likely };
                Verdict::One(index, confidence)
            }
            _ => Verdict::Several,
        }
    }

    /// Whether a value is there that other definitions pin and this one does not.
    fn is_anothers(&self, definition: &Definition<'_>, seen: &Seen<'_>) -> bool {
        self.exclusive.iter().any(|(attribute, values)| {
            let value = seen.value(*attribute);
            value.is_some_and(|value| values.iter().any(|pinned| is_equal(value, pinned)))
                && definition.pins.iter().all(|pin| pin.attribute != *attribute)
        })
    }

    /// Whether all that speaks for a definition also stands on spans of others.
    fn is_auxiliary(&self, index: usize) -> bool {
        self.definitions[index].roots.iter().all(|root| AUXILIARY.contains(root))
    }

    /// Those of the highest score; what has attributes that also stand on others' spans only where there is nothing else.
    fn best(&self, mut scored: Vec<(usize, Score)>, seen: &Seen<'_>) -> Vec<(usize, Score)> {
        if scored.iter().any(|(index, score)| !self.is_auxiliary(*index) && score.is_strong()) {
            scored.retain(|(index, score)| !self.is_auxiliary(*index) || score.pins > 0);
        }
        // What speaks for one definition may be among the attributes of another, beside evidence of that one's own.
        let all = scored.clone();
        scored.retain(|(one, _)| {
            let one = &self.definitions[*one];
            !all.iter().map(|(other, _)| &self.definitions[*other]).any(|other| {
                other.roots != one.roots && other.explains(one, seen) && !one.explains(other, seen)
            })
        });
        let Some(highest) = scored.iter().map(|(_, score)| score.rank()).max() else { return scored };
        scored.retain(|(_, score)| score.rank() == highest);
        // Of a type and those that extend it, the type says the least.
        let base = |index: usize| &*self.definitions[index].span.name;
        let extends =
            |index: usize, other: usize| self.definitions[index].span.extends.as_deref() == Some(base(other));
        if let Some(first) = scored
            .iter()
            .find(|(one, _)| scored.iter().all(|(other, _)| one == other || extends(*other, *one)))
            .copied()
        {
            return vec![first];
        }
        scored
    }
}

/// What speaks for a definition.
#[derive(Debug, Clone, Copy)]
struct Score {
    /// Pinned values that are there, less those that are absent.
    pins: i32,
    /// Required attributes of its own that are there.
    required: usize,
    /// Whether all of them are.
    all_required: bool,
    /// Attributes of its own that are there.
    own: usize,
    /// The name starts as its names do.
    named: bool,
}

impl Score {
    const fn rank(&self) -> (i32, usize, bool, usize) {
        (self.pins, self.required, self.named, self.own)
    }

    /// Whether something speaks for it that spans of other types do not have.
    const fn is_strong(&self) -> bool {
        self.pins > 0 || self.required > 0 || self.named
    }

    /// Whether nothing is missing, so that only the kind may be wrong.
    const fn is_complete(&self) -> bool {
        self.is_strong() && self.all_required
    }
}

impl<'r> Definition<'r> {
    fn new(id: &'r str, span: &'r Span, registry: &'r Registry) -> Self {
        let family = FAMILIES
            .iter()
            .find(|(name, _)| id.starts_with(name))
            .map_or_else(|| root(id), |(_, family)| family);
        let key = |used: &AttributeUse| &*registry[used.attribute].key;
        let own = |roots: &[&str]| -> Vec<&'r AttributeUse> {
            span.attributes
                .iter()
                .filter(|used| {
                    roots.contains(&root(key(used))) && registry[used.attribute].deprecated.is_none()
                })
                .collect()
        };
        let mut roots = vec![family];
        let mut uses = own(&roots);
        if uses.is_empty() {
            // Of another name than its type: whatever is not general.
            roots = span
                .attributes
                .iter()
                .map(|used| root(key(used)))
                .filter(|root| !GENERAL.contains(root))
                .collect();
            roots.dedup();
            uses = own(&roots);
        }
        if uses.is_empty() {
            // Only general attributes: what no resource has tells it.
            let of_resource = |used: &AttributeUse| {
                registry
                    .entities()
                    .iter()
                    .any(|it| it.attributes.iter().any(|its| its.attribute == used.attribute))
            };
            uses = span
                .attributes
                .iter()
                .filter(|used| used.requirement == Requirement::Required && !of_resource(used))
                .collect();
            roots.clear();
        }
        let pins = span.attributes.iter().filter_map(|used| {
            let expected = used.expected.as_ref()?;
            Some(Pin { attribute: used.attribute.index(), values: &expected.values, must: expected.must })
        });
        Self {
            id,
            span,
            own: uses.iter().map(|used| used.attribute.index()).collect(),
            required: uses
                .iter()
                .filter(|used| used.requirement == Requirement::Required)
                .map(|used| used.attribute.index())
                .collect(),
            roots,
            pins: pins.collect(),
            operation: id.strip_prefix("dynamodb.").and_then(|rest| rest.strip_suffix(".client")),
            names: span
                .names
                .iter()
                // A bare key is part of a sentence, not a name.
                .filter(|template| registry.attribute(template).is_none())
                .filter_map(|template| naming::parts(template))
                .collect(),
        }
    }

    /// Whether all attributes that speak for another definition are also this one's.
    fn explains(&self, other: &Self, seen: &Seen<'_>) -> bool {
        let has = |index: &usize| self.span.attributes.iter().any(|used| used.attribute.index() == *index);
        other.own.iter().filter(|index| seen.has(**index)).all(has)
    }

    /// What speaks for the definition; `None` if nothing does, or something speaks against it.
    fn score(&self, seen: &Seen<'_>, name: &str, table: &Table<'_>) -> Option<Score> {
        let own = self.own.iter().filter(|index| seen.has(**index)).count();
        let mut named = self.names.iter().any(|parts| match parts.first() {
            Some(Part::Text(text)) => text.len() > 4 && name.starts_with(text),
            _ => false,
        });
        if let Some(operation) = self.operation {
            let method = table.find(METHOD.as_bytes()).and_then(|index| seen.value(index)?.as_str());
            let called = method.unwrap_or_else(|| name.rsplit('.').next().unwrap_or_default());
            named = called.eq_ignore_ascii_case(operation);
            if !named {
                return None;
            }
        }
        if own == 0 && !named {
            return None;
        }
        let mut pins = 0;
        for pin in &self.pins {
            match pin.value(seen, table) {
                Some(value) if pin.values.iter().any(|wanted| is_equal(value, wanted)) => pins += 1,
                // Any text may stand where only SHOULD is said of texts.
                Some(_) if !pin.must && table.attribute(pin.attribute).members().is_empty() => {}
                // Whatever says otherwise is another type.
                Some(_) => return None,
                None if pin.must => return None,
                None if table.attribute(pin.attribute).members().is_empty() => {}
                None => pins -= 1,
            }
        }
        let required = self.required.iter().filter(|index| seen.has(**index)).count();
        Some(Score { pins, required, all_required: required == self.required.len(), own, named })
    }
}

impl Pin<'_> {
    fn value<'s, 'a>(&self, seen: &'s Seen<'a>, table: &Table<'_>) -> Option<&'s ValueView<'a>> {
        seen.value(self.attribute).or_else(|| {
            let key = &*table.attribute(self.attribute).key;
            let (_, other) = STAND_INS.iter().find(|(first, _)| *first == key)?;
            let value = seen.value(table.find(other.as_bytes())?)?;
            // Its other values say nothing.
            self.values.iter().any(|wanted| is_equal(value, wanted)).then_some(value)
        })
    }
}

/// Whether a span has the kind of a definition.
pub(super) const fn is_kind(kind: WireKind, wanted: SpanKind) -> bool {
    matches!(
        (kind, wanted),
        (WireKind::Internal | WireKind::Unspecified, SpanKind::Internal)
            | (WireKind::Server, SpanKind::Server)
            | (WireKind::Client, SpanKind::Client)
            | (WireKind::Producer, SpanKind::Producer)
            | (WireKind::Consumer, SpanKind::Consumer)
    )
}
