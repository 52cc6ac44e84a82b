//! Reading the compact form.

use std::borrow::Cow;
use std::str::Split;

use super::option;
use crate::registry::{
    Association, Attribute, AttributeGroup, AttributeId, AttributeType, AttributeUse, Condition, Deprecation,
    Entity, Event, Expected, Instrument, Member, Metric, Number, Origin, Refinement, Registry, Requirement,
    Role, Source, Span, SpanKind, Stability, Value, ValueType, When,
};

/// Why text is not a registry in the compact form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the compact registry: {what}")]
pub struct CompactError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

/// Nesting of associations; models have none.
const DEPTH: usize = 8;

type Text = Cow<'static, str>;

impl Registry {
    /// Reads what [`to_compact`](Self::to_compact) wrote, borrowing its text: made for `include_str!`.
    ///
    /// # Errors
    ///
    /// The first line that is not of the form.
    pub fn from_compact(text: &'static str) -> Result<Self, CompactError> {
        let mut registry = Self::default();
        let mut refinement = None;
        let mut last = Last::None;
        for (at, line) in text.lines().enumerate() {
            registry
                .line(line, &mut refinement, &mut last)
                .map_err(|what| CompactError { line: at + 1, what })?;
        }
        registry.check_sorted().map_err(|what| CompactError { line: 0, what })?;
        Ok(registry)
    }

    /// Takes in one line.
    fn line(
        &mut self,
        line: &'static str,
        refinement: &mut Option<Text>,
        last: &mut Last,
    ) -> Result<(), &'static str> {
        let mut fields = Fields(line.split('\t'));
        match &*fields.text()? {
            "registry" if &*fields.text()? == "1" => {}
            "registry" => return Err("a format version other than 1"),
            "source" => self.sources.push(Source { schema_url: fields.text()? }),
            "a" => {
                let attribute = fields.attribute()?;
                // Uses refer to attributes by key, which is looked up in the sorted list.
                if self.attributes.last().is_some_and(|before| before.key >= attribute.key) {
                    return Err("attributes are not sorted by key");
                }
                self.attributes.push(attribute);
                *last = Last::None;
            }
            "m" => {
                let member = fields.member()?;
                match self.attributes.last_mut().map(|attribute| &mut attribute.value_type) {
                    Some(AttributeType::Enum { members, .. }) => members.push(member),
                    _ => return Err("a member without an enum"),
                }
            }
            "refine" => *refinement = Some(fields.text()?),
            "metric" => {
                let signal = fields.metric()?;
                *last =
                    place(&mut self.metrics, &mut self.metric_refinements, signal, refinement, Last::Metric);
            }
            "span" => {
                let signal = fields.span()?;
                *last = place(&mut self.spans, &mut self.span_refinements, signal, refinement, Last::Span);
            }
            "event" => {
                let signal = fields.event()?;
                *last = place(&mut self.events, &mut self.event_refinements, signal, refinement, Last::Event);
            }
            "entity" => {
                self.entities.push(fields.entity()?);
                *last = Last::Entity;
            }
            "group" => {
                self.groups.push(fields.group()?);
                *last = Last::Group;
            }
            "u" => {
                let used = fields.used(self)?;
                self.uses(*last).ok_or("an attribute used by nothing")?.push(used);
            }
            _ => return Err("an unknown kind of line"),
        }
        Ok(())
    }

    /// The list of uses of the item that was read last.
    fn uses(&mut self, last: Last) -> Option<&mut Vec<AttributeUse>> {
        match last {
            Last::None => None,
            Last::Metric(false) => self.metrics.last_mut().map(|metric| &mut metric.attributes),
            Last::Metric(true) => {
                self.metric_refinements.last_mut().map(|metric| &mut metric.signal.attributes)
            }
            Last::Span(false) => self.spans.last_mut().map(|span| &mut span.attributes),
            Last::Span(true) => self.span_refinements.last_mut().map(|span| &mut span.signal.attributes),
            Last::Event(false) => self.events.last_mut().map(|event| &mut event.attributes),
            Last::Event(true) => self.event_refinements.last_mut().map(|event| &mut event.signal.attributes),
            Last::Entity => self.entities.last_mut().map(|entity| &mut entity.attributes),
            Last::Group => self.groups.last_mut().map(|group| &mut group.attributes),
        }
    }

    /// Look-ups search sorted lists.
    fn check_sorted(&self) -> Result<(), &'static str> {
        let sorted = self.metrics.is_sorted_by(|a, b| a.name < b.name)
            && self.spans.is_sorted_by(|a, b| a.name < b.name)
            && self.events.is_sorted_by(|a, b| a.name < b.name)
            && self.entities.is_sorted_by(|a, b| a.name < b.name)
            && self.groups.is_sorted_by(|a, b| a.id < b.id);
        if sorted { Ok(()) } else { Err("signals are not sorted by name") }
    }
}

/// The item of the line before, to which uses belong; `true`: a refinement.
#[derive(Clone, Copy)]
enum Last {
    None,
    Metric(bool),
    Span(bool),
    Event(bool),
    Entity,
    Group,
}

/// Puts a signal into the list it belongs to.
fn place<T>(
    signals: &mut Vec<T>,
    refined: &mut Vec<Refinement<T>>,
    signal: T,
    refinement: &mut Option<Text>,
    last: fn(bool) -> Last,
) -> Last {
    match refinement.take() {
        Some(id) => {
            refined.push(Refinement { id, signal });
            last(true)
        }
        None => {
            signals.push(signal);
            last(false)
        }
    }
}

/// The fields of a line that are still to be read.
struct Fields(Split<'static, char>);

/// The options that any item may have.
#[derive(Default)]
struct Options {
    deprecated: Option<Deprecation>,
    origin: Origin,
    names: Vec<Text>,
    extends: Option<Text>,
    entities: Vec<Association>,
}

impl Fields {
    fn text(&mut self) -> Result<Text, &'static str> {
        self.0.next().map(unescape).ok_or("a field is missing")
    }

    /// A field that is one of the words a type knows.
    fn word<T>(&mut self, parse: fn(&str) -> Option<T>) -> Result<T, &'static str> {
        parse(&self.text()?).ok_or("a word that is not of the form")
    }

    /// The next option: its letter and the rest.
    fn option(&mut self) -> Result<Option<(char, Text)>, &'static str> {
        let Some(field) = self.0.next() else { return Ok(None) };
        let mut characters = field.chars();
        let letter = characters.next().ok_or("an empty option")?;
        Ok(Some((letter, unescape(characters.as_str()))))
    }

    fn options(&mut self) -> Result<Options, &'static str> {
        let mut options = Options::default();
        while let Some((letter, rest)) = self.option()? {
            match letter {
                option::DEPRECATED => options.deprecated = Some(deprecation(rest)?),
                option::ORIGIN => options.origin = origin(&rest)?,
                option::NAME => options.names.push(rest),
                option::EXTENDS => options.extends = Some(rest),
                option::ENTITY | option::ONE_OF | option::ALL_OF => {
                    let association = self.association(letter, rest, DEPTH)?;
                    options.entities.push(association);
                }
                _ => return Err("an unknown option"),
            }
        }
        Ok(options)
    }

    fn association(&mut self, letter: char, rest: Text, depth: usize) -> Result<Association, &'static str> {
        if letter == option::ENTITY {
            return Ok(Association::Entity(rest));
        }
        let deeper = depth.checked_sub(1).ok_or("associations nested too deep")?;
        let count: usize = rest.parse().map_err(|_| "a count that is no number")?;
        let mut members = Vec::new();
        for _ in 0..count {
            let (letter, rest) = self.option()?.ok_or("an association is missing")?;
            members.push(self.association(letter, rest, deeper)?);
        }
        match letter {
            option::ONE_OF => Ok(Association::OneOf(members)),
            option::ALL_OF => Ok(Association::AllOf(members)),
            _ => Err("an association is missing"),
        }
    }

    fn attribute(&mut self) -> Result<Attribute, &'static str> {
        let key = self.text()?;
        let value_type = self.word(|word| match word.split_once(':') {
            None => ValueType::parse(word).map(AttributeType::Plain),
            Some(("enum", of)) => {
                ValueType::parse(of).map(|of| AttributeType::Enum { of, members: Vec::new() })
            }
            Some(("template", of)) => ValueType::parse(of).map(AttributeType::Template),
            Some(_) => None,
        })?;
        let stability = self.word(Stability::parse)?;
        let Options { deprecated, origin, .. } = self.options()?;
        Ok(Attribute { key, value_type, stability, deprecated, origin, details: None })
    }

    fn member(&mut self) -> Result<Member, &'static str> {
        let id = self.text()?;
        let value = value(self.text()?)?;
        let stability = self.word(Stability::parse)?;
        Ok(Member { id, value, stability, deprecated: self.options()?.deprecated, details: None })
    }

    fn metric(&mut self) -> Result<Metric, &'static str> {
        let name = self.text()?;
        let instrument = self.word(Instrument::parse)?;
        let unit = self.text()?;
        let number =
            self.word(|word| if word == "-" { Some(None) } else { Number::parse(word).map(Some) })?;
        let requirement = self.word(Requirement::parse)?;
        let stability = self.word(Stability::parse)?;
        let Options { deprecated, origin, entities, .. } = self.options()?;
        let attributes = Vec::new();
        let details = None;
        Ok(Metric {
            name,
            instrument,
            unit,
            number,
            requirement,
            attributes,
            entities,
            stability,
            deprecated,
            origin,
            details,
        })
    }

    fn span(&mut self) -> Result<Span, &'static str> {
        let name = self.text()?;
        let kind = self.word(SpanKind::parse)?;
        let requirement = self.word(Requirement::parse)?;
        let stability = self.word(Stability::parse)?;
        let Options { deprecated, origin, names, extends, entities } = self.options()?;
        let attributes = Vec::new();
        let details = None;
        Ok(Span {
            name,
            kind,
            names,
            extends,
            attributes,
            entities,
            requirement,
            stability,
            deprecated,
            origin,
            details,
        })
    }

    fn event(&mut self) -> Result<Event, &'static str> {
        let name = self.text()?;
        let requirement = self.word(Requirement::parse)?;
        let stability = self.word(Stability::parse)?;
        let Options { deprecated, origin, entities, .. } = self.options()?;
        let attributes = Vec::new();
        Ok(Event { name, attributes, entities, requirement, stability, deprecated, origin, details: None })
    }

    fn entity(&mut self) -> Result<Entity, &'static str> {
        let name = self.text()?;
        let stability = self.word(Stability::parse)?;
        let Options { deprecated, origin, .. } = self.options()?;
        Ok(Entity { name, attributes: Vec::new(), stability, deprecated, origin, details: None })
    }

    fn group(&mut self) -> Result<AttributeGroup, &'static str> {
        let id = self.text()?;
        let public = self.word(|word| match word {
            "public" => Some(true),
            "internal" => Some(false),
            _ => None,
        })?;
        let stability = self.word(Stability::parse)?;
        let Options { deprecated, origin, .. } = self.options()?;
        Ok(AttributeGroup {
            id,
            public,
            attributes: Vec::new(),
            stability,
            deprecated,
            origin,
            details: None,
        })
    }

    fn used(&mut self, registry: &Registry) -> Result<AttributeUse, &'static str> {
        let id = |key: &str| registry.attribute_id(key).ok_or("an attribute that is not defined");
        let attribute = id(&self.text()?)?;
        let mut used = AttributeUse::new(attribute, self.word(Requirement::parse)?);
        while let Some((letter, rest)) = self.option()? {
            let condition = &mut used.condition;
            match letter {
                option::SAMPLING => used.sampling_relevant = true,
                option::IDENTIFYING => used.role = Some(Role::Identifying),
                option::DESCRIPTIVE => used.role = Some(Role::Descriptive),
                option::MUST | option::SHOULD => {
                    let must = letter == option::MUST;
                    let expected = used.expected.get_or_insert_with(|| Expected { values: Vec::new(), must });
                    expected.values.push(value(rest)?);
                }
                option::CONDITION => *condition = Some(Condition::default()),
                option::PRESENT => set(condition, When::Present(id(&rest)?))?,
                option::ABSENT => set(condition, When::Absent(id(&rest)?))?,
                option::EQUALS => set(condition, When::Equals(id(&rest)?, Vec::new()))?,
                option::DIFFERS => set(condition, When::Differs(id(&rest)?, Vec::new()))?,
                option::FAILED => set(condition, When::Failed)?,
                option::VALUE => match condition.as_mut().and_then(|condition| condition.when.as_mut()) {
                    Some(When::Equals(_, values) | When::Differs(_, values)) => values.push(value(rest)?),
                    _ => return Err("a value without a condition"),
                },
                option::MENTIONS => {
                    condition.as_mut().ok_or("a mention without a condition")?.mentions.push(id(&rest)?);
                }
                option::STABILITY => {
                    used.stability = Some(Stability::parse(&rest).ok_or("an unknown stability")?);
                }
                option::DEPRECATED => used.deprecated = Some(deprecation(rest)?),
                _ => return Err("an unknown option"),
            }
        }
        Ok(used)
    }
}

fn set(condition: &mut Option<Condition>, when: When) -> Result<(), &'static str> {
    condition.as_mut().ok_or("an option without a condition")?.when = Some(when);
    Ok(())
}

/// The text of a field, borrowed unless something in it was escaped.
fn unescape(field: &'static str) -> Text {
    if !field.contains('\\') {
        return Cow::Borrowed(field);
    }
    let mut text = String::with_capacity(field.len());
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        match (character, character == '\\') {
            (_, true) => match characters.next() {
                Some('t') => text.push('\t'),
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                other => text.extend(other),
            },
            (other, false) => text.push(other),
        }
    }
    Cow::Owned(text)
}

/// The text behind a field's first character, still borrowed where the field is.
fn behind(text: Text, at: usize) -> Text {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[at..]),
        Cow::Owned(text) => Cow::Owned(text[at..].to_owned()),
    }
}

fn value(text: Text) -> Result<Value, &'static str> {
    const WRONG: &str = "a value that is not of the form";
    let rest = text.get(1..).ok_or(WRONG)?;
    Ok(match text.as_bytes()[0] {
        b's' => Value::Text(behind(text, 1)),
        b'i' => Value::Int(rest.parse().map_err(|_| WRONG)?),
        b'b' => Value::Bool(rest.parse().map_err(|_| WRONG)?),
        b'f' => Value::Double(rest.parse().map_err(|_| WRONG)?),
        b'n' => Value::Null,
        _ => return Err(WRONG),
    })
}

fn deprecation(text: Text) -> Result<Deprecation, &'static str> {
    Ok(match text.as_bytes().first() {
        Some(b'r') => Deprecation::Renamed { to: behind(text, 1) },
        Some(b'o') => Deprecation::Obsoleted,
        Some(b'u') => Deprecation::Uncategorized,
        Some(b'-') => Deprecation::Unspecified,
        _ => return Err("an unknown reason to deprecate"),
    })
}

fn origin(text: &str) -> Result<Origin, &'static str> {
    let (number, moved) = text.strip_suffix('!').map_or((text, false), |number| (number, true));
    Ok(Origin { source: number.parse().map_err(|_| "an origin that is no number")?, moved })
}

impl AttributeUse {
    /// A use that says nothing but the requirement.
    pub(crate) const fn new(attribute: AttributeId, requirement: Requirement) -> Self {
        Self {
            attribute,
            requirement,
            condition: None,
            sampling_relevant: false,
            role: None,
            expected: None,
            stability: None,
            deprecated: None,
            details: None,
        }
    }
}
