//! Filtering against testing decoded messages.
#![allow(clippy::unwrap_used, reason = "a panic is the report of a failed test")]

mod tree;

use otlp_core::proto::common::v1::{InstrumentationScope, KeyValue, any_value::Value as Any};
use otlp_core::proto::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use otlp_core::proto::metrics::v1 as m;
use otlp_core::proto::trace::v1::Span;
use otlp_core::{Batch, Limits, ProfilesLayout, Signal};
use otlp_simd::{Field, Place, Predicate, Value, filter, select};
use proptest::prelude::*;
use prost::Message as _;
use tree::{Row, batch, odd, rows};

/// A condition and the same on decoded messages.
#[derive(Debug, Clone)]
enum Condition {
    Attribute(Place, &'static str, Test),
    Name(&'static str),
    Duration(u64),
    Severity(i64),
    MetricName(&'static str),
    MetricKind(&'static str),
    ScopeName(&'static str),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
}

#[derive(Debug, Clone)]
enum Test {
    Exists,
    In(Vec<Value>),
    Prefix(&'static str),
    Within(f64, f64),
}

impl Condition {
    fn predicate(&self) -> Predicate {
        match self {
            Self::Attribute(place, key, test) => {
                let question = Predicate::attribute_at(*place, *key);
                match test {
                    Test::Exists => question.exists(),
                    Test::In(values) => question.one_of(values.clone()),
                    Test::Prefix(prefix) => question.starts_with(*prefix),
                    Test::Within(start, end) => question.within(*start..*end),
                }
            }
            Self::Name(name) => Predicate::field(Field::Name).equals(*name),
            Self::Duration(least) => Predicate::field(Field::Duration).within(*least as f64..),
            Self::Severity(number) => Predicate::field(Field::Severity).equals(*number),
            Self::MetricName(name) => Predicate::field(Field::MetricName).equals(*name),
            Self::MetricKind(kind) => Predicate::field(Field::MetricKind).equals(*kind),
            Self::ScopeName(name) => Predicate::field(Field::ScopeName).equals(*name),
            Self::And(left, right) => left.predicate() & right.predicate(),
            Self::Or(left, right) => left.predicate() | right.predicate(),
            Self::Not(inner) => !inner.predicate(),
        }
    }

    fn holds(&self, signal: Signal, row: &Row) -> bool {
        match self {
            Self::Attribute(place, key, test) => {
                let attributes = match place {
                    Place::Item => row.item_attributes(signal),
                    // Resource and scope have the same fields in every signal.
                    Place::Scope => row.scope().map(|scope| scope.attributes).unwrap_or_default(),
                    _ => {
                        let group = ResourceLogs::decode(row.groups[0].as_slice()).unwrap();
                        group.resource.map(|resource| resource.attributes).unwrap_or_default()
                    }
                };
                let Some(found) = attributes.into_iter().find(|attribute| attribute.key == *key) else {
                    return false;
                };
                let value = found.value.and_then(|value| value.value);
                match (test, value) {
                    (Test::Exists, _) => true,
                    (Test::In(wanted), Some(Any::StringValue(text))) => wanted.contains(&Value::Str(text)),
                    (Test::In(wanted), Some(Any::IntValue(value))) => wanted.contains(&Value::Int(value)),
                    (Test::In(wanted), Some(Any::BoolValue(value))) => wanted.contains(&Value::Bool(value)),
                    (Test::In(wanted), Some(Any::DoubleValue(value))) => {
                        wanted.contains(&Value::Double(value))
                    }
                    (Test::Prefix(prefix), Some(Any::StringValue(text))) => text.starts_with(prefix),
                    (Test::Within(start, end), Some(Any::IntValue(value))) => {
                        (*start..*end).contains(&(value as f64))
                    }
                    (Test::Within(start, end), Some(Any::DoubleValue(value))) => {
                        (*start..*end).contains(&value)
                    }
                    _ => false,
                }
            }
            Self::Name(name) => match signal {
                Signal::Traces => row.span().name == *name,
                Signal::Logs => row.record().event_name == *name,
                _ => false,
            },
            Self::Duration(least) => match signal {
                Signal::Traces => {
                    row.span().end_time_unix_nano.saturating_sub(row.span().start_time_unix_nano) >= *least
                }
                Signal::Profiles => *least == 0,
                _ => false,
            },
            Self::Severity(number) => {
                signal == Signal::Logs && i64::from(row.record().severity_number) == *number
            }
            Self::MetricName(name) => signal == Signal::Metrics && row.metric().name == *name,
            Self::MetricKind(kind) => {
                use m::metric::Data;
                signal == Signal::Metrics
                    && *kind
                        == match row.metric().data.unwrap() {
                            Data::Gauge(_) => "gauge",
                            Data::Sum(_) => "sum",
                            Data::Histogram(_) => "histogram",
                            Data::ExponentialHistogram(_) => "exponential_histogram",
                            Data::Summary(_) => "summary",
                        }
            }
            Self::ScopeName(name) => row.scope().is_some_and(|scope| scope.name == *name),
            Self::And(left, right) => left.holds(signal, row) && right.holds(signal, row),
            Self::Or(left, right) => left.holds(signal, row) || right.holds(signal, row),
            Self::Not(inner) => !inner.holds(signal, row),
        }
    }
}

impl Row {
    fn span(&self) -> Span {
        Span::decode(self.item.as_slice()).unwrap()
    }

    fn record(&self) -> LogRecord {
        LogRecord::decode(self.item.as_slice()).unwrap()
    }

    fn metric(&self) -> m::Metric {
        m::Metric::decode(self.groups[2].as_slice()).unwrap()
    }

    fn scope(&self) -> Option<InstrumentationScope> {
        ScopeLogs::decode(self.groups[1].as_slice()).unwrap().scope
    }

    fn item_attributes(&self, signal: Signal) -> Vec<KeyValue> {
        use m::metric::Data;
        let bytes = self.item.as_slice();
        match signal {
            Signal::Traces => self.span().attributes,
            Signal::Logs => self.record().attributes,
            Signal::Profiles => Vec::new(),
            Signal::Metrics => match self.metric().data.unwrap() {
                Data::Gauge(_) | Data::Sum(_) => m::NumberDataPoint::decode(bytes).unwrap().attributes,
                Data::Histogram(_) => m::HistogramDataPoint::decode(bytes).unwrap().attributes,
                Data::ExponentialHistogram(_) => {
                    m::ExponentialHistogramDataPoint::decode(bytes).unwrap().attributes
                }
                Data::Summary(_) => m::SummaryDataPoint::decode(bytes).unwrap().attributes,
            },
        }
    }
}

fn test() -> impl Strategy<Value = Test> {
    let value = prop_oneof![
        Just(Value::from("/cart")),
        Just(Value::from("ann")),
        Just(Value::from("http.route")),
        Just(Value::from(200)),
        Just(Value::from(1.5)),
        any::<bool>().prop_map(Value::from),
    ];
    prop_oneof![
        Just(Test::Exists),
        prop::collection::vec(value, 0..3).prop_map(Test::In),
        Just(Test::Prefix("/cart")),
        (0..4_i32, 0..500_i32)
            .prop_map(|(start, width)| Test::Within(f64::from(start), f64::from(start + width))),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let place = prop::sample::select(&[Place::Item, Place::Scope, Place::Resource][..]);
    let key = prop::sample::select(&["http.route", "http.status", "user", "none", "a", ""][..]);
    let leaf = prop_oneof![
        6 => (place, key, test()).prop_map(|(place, key, test)| Condition::Attribute(place, key, test)),
        1 => Just(Condition::Name("GET /")),
        1 => (0..400_u64).prop_map(Condition::Duration),
        1 => (0..25_i64).prop_map(Condition::Severity),
        1 => Just(Condition::MetricName("latency")),
        1 => prop::sample::select(&["gauge", "sum", "summary"][..]).prop_map(Condition::MetricKind),
        1 => prop::sample::select(&["", "lib"][..]).prop_map(Condition::ScopeName),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            pair.clone().prop_map(|(left, right)| Condition::And(left.into(), right.into())),
            pair.prop_map(|(left, right)| Condition::Or(left.into(), right.into())),
            inner.prop_map(|inner| Condition::Not(inner.into())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 1000 }))]

    #[test]
    fn what_holds_is_kept(signal in tree::signal(), seed: u64, condition in condition()) {
        let whole = batch(signal, seed);
        let kept = filter(&whole, &condition.predicate());
        let limits = Limits::default().with_profiles_layout(ProfilesLayout::Current);
        prop_assert_eq!(Batch::parse(signal, kept.bytes().clone(), &limits).unwrap().items(), kept.items());
        let expected: Vec<Row> = rows(&whole).into_iter().filter(|row| condition.holds(signal, row)).collect();
        prop_assert_eq!(rows(&kept), expected);
    }

    /// Dictionaries of profiles have a test of their own.
    #[test]
    fn what_holds_is_kept_in_any_encoding(
        signal in prop::sample::select(&[Signal::Traces, Signal::Metrics, Signal::Logs][..]),
        seed: u64,
        size in 20..300_usize,
        condition in condition(),
    ) {
        let whole = odd(signal, seed, size);
        let kept = filter(&whole, &condition.predicate());
        prop_assert_eq!(Batch::parse(signal, kept.bytes().clone(), &Limits::default()).unwrap().items(), kept.items());
        let expected: Vec<Row> = rows(&whole).into_iter().filter(|row| condition.holds(signal, row)).collect();
        prop_assert_eq!(rows(&kept), expected);
    }

    #[test]
    fn the_first_that_holds_gets_the_item(signal in tree::signal(), seed: u64, conditions in prop::collection::vec(condition(), 0..4)) {
        let whole = batch(signal, seed);
        let predicates: Vec<Predicate> = conditions.iter().map(Condition::predicate).collect();
        let parts = select(&whole, &predicates);
        let mut expected = vec![Vec::new(); conditions.len() + 1];
        for row in rows(&whole) {
            let first = conditions.iter().position(|condition| condition.holds(signal, &row));
            expected[first.unwrap_or(conditions.len())].push(row);
        }
        prop_assert_eq!(parts.iter().map(rows).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn texts_of_profiles_may_stand_in_the_dictionary() {
    use otlp_core::proto::collector::profiles::v1development::ExportProfilesServiceRequest;
    use otlp_core::proto::common::v1::AnyValue;
    use otlp_core::proto::profiles::v1development as p;
    use otlp_core::proto::resource::v1::Resource;
    let request = ExportProfilesServiceRequest {
        resource_profiles: vec![p::ResourceProfiles {
            resource: Some(Resource {
                attributes: vec![KeyValue {
                    key_strindex: 1,
                    value: Some(AnyValue { value: Some(Any::StringValueStrindex(2)) }),
                    ..KeyValue::default()
                }],
                ..Resource::default()
            }),
            scope_profiles: vec![p::ScopeProfiles {
                profiles: vec![p::Profile::default()],
                ..p::ScopeProfiles::default()
            }],
            ..p::ResourceProfiles::default()
        }],
        dictionary: Some(p::ProfilesDictionary {
            string_table: ["", "service.name", "shop"].map(str::to_owned).to_vec(),
            ..p::ProfilesDictionary::default()
        }),
    };
    let batch = Batch::parse(Signal::Profiles, request.encode_to_vec(), &Limits::default()).unwrap();
    let of = |name: &str| Predicate::resource_attribute("service.name").equals(name);
    assert_eq!(filter(&batch, &of("shop")).items(), 1);
    assert_eq!(filter(&batch, &of("cart")).items(), 0);
    assert_eq!(filter(&batch, &Predicate::resource_attribute("service").exists()).items(), 0);
}
