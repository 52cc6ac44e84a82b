//! One right record for every definition of the built-in registry has no violation, and one fault planted in it is found.

use std::collections::BTreeSet;

use super::*;
use crate::check::Level;
use crate::check::matching::Definition;
use crate::check::naming;
use crate::registry::{
    Association, AttributeType, AttributeUse, Entity, Instrument, Number, Requirement, Span, Value, ValueType,
};

use otlp_core::value::ValueView;

/// A record in the making: a signal with attributes, and the resource under it.
#[derive(Debug, Clone)]
struct Record {
    /// What is generated, for messages.
    of: String,
    resource: Vec<(String, String)>,
    attributes: Vec<(String, String)>,
    name: String,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    Span { kind: u8, failed: bool, end: u8, id: &'static str },
    Metric { unit: String, instrument: Instrument, number: Option<Number>, start: u8 },
    Event,
    Entity,
}

const ID: &str = "0102030405060708";

impl Record {
    fn check(&self, checker: &Checker<'_>) -> Report {
        let list = |pairs: &[(String, String)]| {
            pairs.iter().map(|(key, value)| attribute(key, value)).collect::<Vec<_>>().join(",")
        };
        let head = format!(
            r#""schemaUrl":"https://opentelemetry.io/schemas/1.44.0","resource":{{"attributes":[{}]}}"#,
            list(&self.resource)
        );
        let (name, attributes) = (&self.name, list(&self.attributes));
        let (signal, text) = match &self.body {
            Body::Span { kind, failed, end, id } => {
                let status = if *failed { 2 } else { 0 };
                let item = format!(
                    r#""traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"{id}","name":"{name}","kind":{kind},"startTimeUnixNano":"5","endTimeUnixNano":"{end}","status":{{"code":{status}}},"attributes":[{attributes}]"#
                );
                (
                    Signal::Traces,
                    format!(r#"{{"resourceSpans":[{{{head},"scopeSpans":[{{"spans":[{{{item}}}]}}]}}]}}"#),
                )
            }
            Body::Metric { unit, instrument, number, start } => {
                let value = if *number == Some(Number::Int) { r#""asInt":"1""# } else { r#""asDouble":1.5"# };
                let times = format!(
                    r#""startTimeUnixNano":"{start}","timeUnixNano":"5","attributes":[{attributes}]"#
                );
                let data = match instrument {
                    Instrument::Counter => {
                        format!(r#""sum":{{"isMonotonic":true,"dataPoints":[{{{value},{times}}}]}}"#)
                    }
                    Instrument::UpDownCounter => format!(r#""sum":{{"dataPoints":[{{{value},{times}}}]}}"#),
                    Instrument::Gauge => format!(r#""gauge":{{"dataPoints":[{{{value},{times}}}]}}"#),
                    Instrument::Histogram => format!(r#""histogram":{{"dataPoints":[{{{times}}}]}}"#),
                };
                let metric = format!(r#""name":"{name}","unit":"{unit}",{data}"#);
                (
                    Signal::Metrics,
                    format!(
                        r#"{{"resourceMetrics":[{{{head},"scopeMetrics":[{{"metrics":[{{{metric}}}]}}]}}]}}"#
                    ),
                )
            }
            Body::Event | Body::Entity => {
                let record = format!(r#""eventName":"{name}","attributes":[{attributes}]"#);
                (
                    Signal::Logs,
                    format!(
                        r#"{{"resourceLogs":[{{{head},"scopeLogs":[{{"logRecords":[{{{record}}}]}}]}}]}}"#
                    ),
                )
            }
        };
        checker.check(&batch(signal, &text))
    }

    fn value_of(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == key).map(|(_, value)| &**value)
    }

    fn without(&self, key: &str) -> Self {
        let mut record = self.clone();
        record.attributes.retain(|(known, _)| known != key);
        record
    }

    fn with(&self, key: &str, value: &str) -> Self {
        let mut record = self.without(key);
        record.attributes.push((key.to_owned(), value.to_owned()));
        record
    }
}

fn json_of(value: &Value) -> String {
    match value {
        Value::Text(text) => format!(r#""stringValue":"{text}""#),
        Value::Int(number) => format!(r#""intValue":"{number}""#),
        Value::Bool(truth) => format!(r#""boolValue":{truth}"#),
        other => panic!("{other:?}"),
    }
}

/// A right value.
fn sample(registry: &Registry, used: &AttributeUse) -> String {
    if let Some(expected) = &used.expected {
        return json_of(&expected.values[0]);
    }
    let definition = &registry[used.attribute];
    if let AttributeType::Enum { members, .. } = &definition.value_type {
        // A value that some definition pins would make it a record of that definition.
        let is_pinned = |value: &Value| {
            let spans = registry.spans().iter().map(|span| &span.attributes);
            let refined = registry.span_refinements().iter().map(|refined| &refined.signal.attributes);
            let metrics = registry.metric_refinements().iter().map(|refined| &refined.signal.attributes);
            let mut uses = spans
                .chain(refined)
                .chain(metrics)
                .flatten()
                .filter(|other| other.attribute == used.attribute);
            uses.any(|other| other.expected.as_ref().is_some_and(|pin| pin.values.contains(value)))
        };
        let free = members.iter().find(|member| member.deprecated.is_none() && !is_pinned(&member.value));
        return free.map_or_else(|| r#""stringValue":"other""#.to_owned(), |member| json_of(&member.value));
    }
    let list = |inner: &str| format!(r#""arrayValue":{{"values":[{{{inner}}}]}}"#);
    match definition.value_type.value() {
        ValueType::String | ValueType::Any => r#""stringValue":"x""#.to_owned(),
        ValueType::Int => r#""intValue":"1""#.to_owned(),
        ValueType::Double => r#""doubleValue":0.5"#.to_owned(),
        ValueType::Boolean => r#""boolValue":true"#.to_owned(),
        ValueType::Strings => list(r#""stringValue":"x""#),
        ValueType::Ints => list(r#""intValue":"1""#),
        ValueType::Doubles => list(r#""doubleValue":0.5"#),
        ValueType::Booleans => list(r#""boolValue":true"#),
    }
}

/// All attributes that are not deprecated and that nobody has to opt in to.
fn attributes(registry: &Registry, uses: &[AttributeUse]) -> Vec<(String, String)> {
    uses.iter()
        .filter(|used| used.requirement != Requirement::OptIn)
        .filter(|used| registry[used.attribute].deprecated.is_none() && used.deprecated.is_none())
        .map(|used| {
            let definition = &registry[used.attribute];
            let suffix = if definition.is_template() { ".x-y" } else { "" };
            (format!("{}{suffix}", definition.key), sample(registry, used))
        })
        .collect()
}

fn entity_attributes(registry: &Registry, entity: &Entity) -> Vec<(String, String)> {
    attributes(registry, &entity.attributes)
}

/// A resource of the first entity that the signal may be about.
fn resource(registry: &Registry, associations: &[Association]) -> Vec<(String, String)> {
    let mut resource = match associations.first() {
        Some(Association::Entity(name)) => entity_attributes(registry, registry.entity(name).unwrap()),
        Some(other) => panic!("{other:?}"),
        None => Vec::new(),
    };
    if resource.iter().all(|(key, _)| key != "service.name") {
        resource.push(("service.name".to_owned(), r#""stringValue":"x""#.to_owned()));
    }
    resource
}

fn span_record(registry: &Registry, definition: &Definition<'_>) -> Record {
    let span: &Span = definition.span;
    let mut record = Record {
        of: format!("span {}", definition.id),
        resource: resource(registry, &span.entities),
        attributes: attributes(registry, &span.attributes),
        name: "operation".to_owned(),
        body: Body::Span { kind: span.kind as u8 + 1, failed: true, end: 6, id: ID },
    };
    // What tells the operations of DynamoDB apart.
    if let Some(operation) =
        definition.id.strip_prefix("dynamodb.").and_then(|rest| rest.strip_suffix(".client"))
    {
        record = record.with("rpc.method", &format!(r#""stringValue":"{operation}""#));
    }
    let number = ValueView::Int(1);
    let value = |key: &str| {
        let text = record.value_of(key)?;
        let text = text.strip_prefix(r#""stringValue":""#).map(|rest| rest.trim_end_matches('"'));
        Some(text.map_or(number, ValueView::Str))
    };
    let values: Vec<(&str, ValueView<'_>)> =
        record.attributes.iter().filter_map(|(key, _)| Some((&**key, value(key)?))).collect();
    let names = naming::names(&definition.names, |key| {
        values.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    });
    let name = names.into_iter().next();
    record.name = name.unwrap_or(record.name);
    record
}

fn records(checker: &Checker<'_>) -> Vec<Record> {
    let registry = checker.table.registry;
    let spans = checker.matcher.definitions.iter().map(|definition| span_record(registry, definition));
    let refined = registry.metric_refinements().iter().map(|refined| (&*refined.id, &refined.signal));
    let metrics =
        registry.metrics().iter().map(|metric| (&*metric.name, metric)).chain(refined).map(|(id, metric)| {
            Record {
                of: format!("metric {id}"),
                resource: resource(registry, &metric.entities),
                attributes: attributes(registry, &metric.attributes),
                name: metric.name.to_string(),
                body: Body::Metric {
                    unit: metric.unit.to_string(),
                    instrument: metric.instrument,
                    number: metric.number,
                    start: 4,
                },
            }
        });
    let events = registry.events().iter().map(|event| Record {
        of: format!("event {}", event.name),
        resource: resource(registry, &event.entities),
        attributes: attributes(registry, &event.attributes),
        name: event.name.to_string(),
        body: Body::Event,
    });
    let entities = registry.entities().iter().map(|entity| Record {
        of: format!("entity {}", entity.name),
        resource: entity_attributes(registry, entity),
        attributes: Vec::new(),
        name: String::new(),
        body: Body::Entity,
    });
    spans.chain(metrics).chain(events).chain(entities).collect()
}

fn violations(report: &Report) -> BTreeSet<(&'static str, String)> {
    report
        .findings
        .iter()
        .filter(|finding| finding.level() == Level::Violation)
        .map(|finding| (finding.id.as_str(), finding.key.clone()))
        .collect()
}

#[test]
fn right_records_have_no_violation() {
    let checker = Checker::new(Registry::builtin());
    let mut wrong = Vec::new();
    for record in records(&checker) {
        let report = record.check(&checker);
        let mut found = violations(&report);
        // Definitions that are deprecated as a whole are to be found so.
        found.retain(|(id, key)| !(*id == "deprecated" && (*key == record.name || record.of.ends_with(key))));
        if !found.is_empty() {
            wrong.push(format!("{}: {found:?}", record.of));
        }
        let other: Vec<_> = report
            .findings
            .iter()
            .filter(|finding| {
                matches!(
                    finding.id,
                    FindingId::WrongSignal
                        | FindingId::UnexpectedAttribute
                        | FindingId::SpanNameMismatch
                        | FindingId::MixedVersions
                        | FindingId::SchemaUrl
                        | FindingId::MetricValueType
                )
            })
            .map(|finding| format!("{} {}", finding.id, finding.message))
            .collect();
        if !other.is_empty() {
            wrong.push(format!("{}: {other:?}", record.of));
        }
    }
    assert!(wrong.is_empty(), "{}\n{wrong:#?}", wrong.len());
}

#[test]
fn nearly_all_spans_are_told_apart() {
    let checker = Checker::new(Registry::builtin());
    let (mut right, mut other) = (0, Vec::new());
    for (definition, record) in checker.matcher.definitions.iter().zip(records(&checker)) {
        let report = record.check(&checker);
        let matched: Vec<_> = report.statistics.registry_spans.keys().map(String::as_str).collect();
        if matched == [definition.id] && report.statistics.matches.certain == 1 {
            right += 1;
        } else {
            other.push(format!("{}: {matched:?} {:?}", definition.id, report.statistics.matches));
        }
    }
    let all = checker.matcher.definitions.len();
    assert!(right * 100 >= all * 95, "{right} of {all}\n{other:#?}");
}

/// One fault: what it makes of a record, and what is to be found; nothing else may become a violation but what `with` allows.
struct Fault {
    class: &'static str,
    record: Record,
    expected: (FindingId, String),
    /// Ids that follow from the fault.
    with: &'static [FindingId],
}

/// Every fault that can be planted in a record.
fn faults(registry: &Registry, record: &Record, uses: &[AttributeUse]) -> Vec<Fault> {
    use FindingId as Id;
    let mut faults = Vec::new();
    let mut plant = |class, record: Record, id: FindingId, key: &str, with| {
        faults.push(Fault { class, record, expected: (id, key.to_owned()), with });
    };
    // Of required attributes only what is planted is to be found, so others are taken where there are any.
    let key = |used: &AttributeUse| registry[used.attribute].key.to_string();
    let present: Vec<&AttributeUse> =
        uses.iter().filter(|used| record.value_of(&key(used)).is_some()).collect();
    let optional = || {
        present.iter().filter(|used| used.requirement < Requirement::Conditional && used.expected.is_none())
    };
    if let Some(used) = optional().find(|used| key(used).len() > 10) {
        let (key, value) = (key(used), sample(registry, used));
        let at = key.len() - 3;
        let mut slip = key.clone();
        slip.insert(at, slip.as_bytes()[at - 1] as char);
        if registry.attribute(&slip).is_none() {
            let wrong = record.without(&key).with(&slip, &value);
            plant("slip", wrong, Id::MisspelledAttribute, &slip, &[Id::MissingAttribute, Id::InvalidFormat]);
        }
    }
    let with_unknown = record.with("acme.unheard.of", r#""stringValue":"x""#);
    plant("unknown", with_unknown, Id::MissingAttribute, "acme.unheard.of", &[]);
    plant(
        "format",
        record.with("acme.Unheard-Of", r#""stringValue":"x""#),
        Id::InvalidFormat,
        "acme.Unheard-Of",
        &[Id::MissingAttribute],
    );
    plant(
        "namespace",
        record.with("unheard", r#""stringValue":"x""#),
        Id::MissingNamespace,
        "unheard",
        &[Id::MissingAttribute],
    );
    let inside = "error.type.detail";
    plant(
        "illegal",
        record.with(inside, r#""stringValue":"x""#),
        Id::IllegalNamespace,
        inside,
        &[Id::MissingAttribute],
    );
    let undotted = "http.request.headerx";
    plant(
        "template",
        record.with(undotted, r#""stringValue":"x""#),
        Id::MissingAttribute,
        undotted,
        &[Id::MisspelledAttribute],
    );
    plant("empty key", record.with("", r#""stringValue":"x""#), Id::EmptyName, "", &[]);
    plant(
        "elsewhere",
        record.with("telemetry.sdk.version", r#""stringValue":"x""#),
        Id::WrongSignal,
        "telemetry.sdk.version",
        &[],
    );
    plant(
        "old value",
        record.with("cloud.platform", r#""stringValue":"azure_vm""#),
        Id::DeprecatedValue,
        "cloud.platform",
        &[],
    );
    if let Some(used) =
        optional().find(|used| !matches!(registry[used.attribute].value_type.value(), ValueType::Any))
    {
        let key = key(used);
        plant("type", record.with(&key, r#""bytesValue":"AA==""#), Id::TypeMismatch, &key, &[]);
    }
    let closed = |used: &&&AttributeUse| {
        registry[used.attribute]
            .members()
            .iter()
            .any(|member| member.value.as_str().is_some_and(|text| text != "_OTHER"))
    };
    if let Some(used) = optional().find(closed) {
        let key = key(used);
        plant(
            "variant",
            record.with(&key, r#""stringValue":"no such thing""#),
            Id::UndefinedEnumVariant,
            &key,
            &[],
        );
    }
    for used in present.iter().filter(|used| used.requirement == Requirement::Required) {
        plant("required", record.without(&key(used)), Id::RequiredAttributeNotPresent, &key(used), &[]);
    }
    let failed = matches!(record.body, Body::Span { failed: true, .. });
    if let Some(used) = present
        .iter()
        .find(|used| key(used) == "error.type" && used.requirement == Requirement::Conditional && failed)
    {
        let is_checkable = used
            .condition
            .as_ref()
            .is_some_and(|condition| condition.when == Some(crate::registry::When::Failed));
        if is_checkable {
            plant("condition", record.without("error.type"), Id::ConditionalRequirement, "error.type", &[]);
        }
    }
    let old = present.iter().find_map(|used| {
        let new = key(used);
        let mut old = registry
            .attributes()
            .iter()
            .filter(|old| old.deprecated.as_ref().and_then(|it| it.renamed_to()) == Some(&*new));
        // Whose old type is the new one, so that only the name is wrong.
        let old = old
            .find(|old| old.value_type == registry[used.attribute].value_type && old.members().is_empty())?;
        Some((new, old.key.to_string(), sample(registry, used)))
    });
    if let Some((new, old, value)) = old {
        plant("deprecated", record.without(&new).with(&old, &value), Id::Deprecated, &old, &[]);
    }
    match &record.body {
        Body::Span { .. } => {
            let change = |change: fn(&mut Record)| {
                let mut record = record.clone();
                change(&mut record);
                record
            };
            fn span(record: &mut Record) -> (&mut u8, &mut u8, &mut &'static str) {
                match &mut record.body {
                    Body::Span { kind, end, id, .. } => (kind, end, id),
                    _ => unreachable!(),
                }
            }
            plant(
                "zero id",
                change(|record| *span(record).2 = "0000000000000000"),
                Id::ZeroId,
                "spanId",
                &[],
            );
            plant("time", change(|record| *span(record).1 = 4), Id::TimeOrder, "", &[]);
            plant("no name", change(|record| record.name.clear()), Id::EmptyName, "name", &[]);
            let renamed = change(|record| record.name = "some other operation".to_owned());
            plant("name", renamed, Id::SpanNameMismatch, "some other operation", &[]);
        }
        Body::Metric { number, .. } => {
            let change = |change: fn(&mut Body)| {
                let mut record = record.clone();
                change(&mut record.body);
                record
            };
            let unit = change(|body| {
                if let Body::Metric { unit, .. } = body {
                    *unit = "parsec".to_owned()
                }
            });
            plant("unit", unit, Id::UnitMismatch, &record.name, &[]);
            let instrument = change(|body| {
                if let Body::Metric { instrument, .. } = body {
                    *instrument = if *instrument == Instrument::Gauge {
                        Instrument::Counter
                    } else {
                        Instrument::Gauge
                    };
                }
            });
            plant("instrument", instrument, Id::UnexpectedInstrument, &record.name, &[]);
            let time = change(|body| {
                if let Body::Metric { start, .. } = body {
                    *start = 9
                }
            });
            plant("time", time, Id::TimeOrder, &record.name, &[]);
            if let (Some(_), false) = (number, record.of.is_empty()) {
                let number = change(|body| {
                    if let Body::Metric { number: Some(number), .. } = body {
                        *number = if *number == Number::Int { Number::Double } else { Number::Int };
                    }
                });
                plant("number", number, Id::MetricValueType, &record.name, &[]);
            }
            let mut unknown = record.clone();
            unknown.name = "acme.unheard.of".to_owned();
            plant("metric", unknown, Id::MissingMetric, "acme.unheard.of", &[]);
        }
        Body::Event => {
            let mut unknown = record.clone();
            unknown.name = "acme.unheard.of".to_owned();
            plant("event", unknown, Id::MissingEvent, "acme.unheard.of", &[]);
        }
        Body::Entity => {}
    }
    faults
}

#[test]
fn one_fault_is_found_and_nothing_else() {
    let registry = Registry::builtin();
    let checker = Checker::new(registry);
    let (mut planted, mut missed, mut wrong) = (BTreeMap::<_, u32>::new(), Vec::new(), Vec::new());
    for (at, record) in records(&checker).into_iter().enumerate() {
        let uses = match &record.body {
            // Many are alike; all of them took a minute.
            Body::Metric { .. } if at % 4 != 0 => continue,
            Body::Span { .. } => {
                let id = record.of.strip_prefix("span ").unwrap();
                &checker
                    .matcher
                    .definitions
                    .iter()
                    .find(|definition| definition.id == id)
                    .unwrap()
                    .span
                    .attributes
            }
            Body::Metric { .. } => {
                let id = record.of.strip_prefix("metric ").unwrap();
                let refined = registry.metric_refinements().iter().find(|refined| refined.id == id);
                &refined.map_or_else(|| registry.metric(id).unwrap(), |refined| &refined.signal).attributes
            }
            Body::Event => &registry.event(&record.name).unwrap().attributes,
            Body::Entity => continue,
        };
        let before = violations(&record.check(&checker));
        for fault in faults(registry, &record, uses) {
            // A metric's number shows only in points that have one; a name only where a rule for it exists.
            let silent = match (fault.class, &record.body) {
                ("number", Body::Metric { instrument, .. }) => *instrument == Instrument::Histogram,
                ("name", _) => record.name == "operation",
                _ => false,
            };
            if silent {
                continue;
            }
            *planted.entry(fault.class).or_default() += 1;
            let report = fault.record.check(&checker);
            let (id, key) = &fault.expected;
            if !report.findings.iter().any(|finding| finding.id == *id && finding.key == *key) {
                missed.push(format!("{} in {}: {key}", fault.class, record.of));
            }
            let mut more = &violations(&report) - &before;
            more.remove(&(id.as_str(), key.clone()));
            more.retain(|(found, _)| !fault.with.iter().any(|id| id.as_str() == *found));
            if !more.is_empty() {
                wrong.push(format!("{} in {}: {more:?}", fault.class, record.of));
            }
        }
    }
    let all: u32 = planted.values().sum();
    assert!(planted.len() >= 20 && all > 3000, "{planted:?}");
    assert!(missed.len() as u32 * 100 <= all, "missed {} of {planted:?}: {missed:#?}", missed.len());
    assert!(wrong.is_empty(), "{}: {wrong:#?}", wrong.len());
}

#[test]
fn a_span_of_another_kind_is_found() {
    let checker = Checker::new(Registry::builtin());
    let mut missed = Vec::new();
    let kinds = |definition: &Definition<'_>| {
        // The kinds that no definition near this one has.
        let near = checker.matcher.definitions.iter().filter(|other| other.roots == definition.roots);
        let near: BTreeSet<u8> = near.map(|other| other.span.kind as u8 + 1).collect();
        (2..6_u8).find(|kind| !near.contains(kind))
    };
    let mut planted = 0;
    for (definition, mut record) in checker.matcher.definitions.iter().zip(records(&checker)) {
        let Some(other) = kinds(definition) else { continue };
        let Body::Span { kind, .. } = &mut record.body else { unreachable!() };
        *kind = other;
        planted += 1;
        if of(&record.check(&checker), FindingId::KindMismatch).is_empty() {
            missed.push(definition.id);
        }
    }
    // Of these no attribute is required that only they have, so that another kind may as well mean another type.
    assert_eq!(
        missed,
        [
            "aws.client",
            "aws.lambda.server",
            "aws.s3.client",
            "dotnet.http.request.wait_for_connection.internal",
            "graphql.server"
        ]
    );
    assert!(planted >= 100, "{planted}");
}
