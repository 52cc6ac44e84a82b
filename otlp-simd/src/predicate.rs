//! `Predicate`: a condition on items and on the groups around them.

use std::ops::{Bound, Not, RangeBounds};

pub use otlp_core::edit::Place;

/// A field of the signal; items and groups that do not have it fail every test of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// Name of a span, or event name of a log record. Text.
    Name,
    /// Kind of a span: its number (`SpanKind::number`).
    Kind,
    /// Status code of a span: its number; 0 where there is no status.
    Status,
    /// Status message of a span. Text.
    StatusMessage,
    /// Severity number of a log record, 1 to 24; 0 if it is not given.
    Severity,
    /// Severity of a log record in the source's words. Text.
    SeverityText,
    /// Body of a log record: whatever value it is.
    Body,
    /// Start of a span; time of a log record, point or profile: nanoseconds since the Unix epoch.
    Time,
    /// End of a span, nanoseconds since the Unix epoch.
    EndTime,
    /// End less start of a span, nanoseconds; 0 if it ends before it starts. Duration of a profile.
    Duration,
    /// Trace id of a span or log record, as 32 lower-case hexadecimal digits. Text.
    TraceId,
    /// Value of a point of a gauge or sum; sum of a histogram or summary.
    Value,
    /// Name of the metric. Text.
    MetricName,
    /// Unit of the metric. Text.
    MetricUnit,
    /// Kind of the metric: `gauge`, `sum`, `histogram`, `exponential_histogram`, `summary`. Text.
    MetricKind,
    /// Name of the scope. Text.
    ScopeName,
    /// Version of the scope. Text.
    ScopeVersion,
}

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    Attribute(Place, String),
    Field(Field),
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Text.
    Str(String),
    /// A truth value.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// A floating-point number.
    Double(f64),
}

macro_rules! value_from {
    ($($from:ty => |$value:ident| $into:expr;)+) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Self {
                $into
            }
        }
    )+};
}

value_from! {
    &str => |value| Self::Str(value.to_owned());
    String => |value| Self::Str(value);
    bool => |value| Self::Bool(value);
    i32 => |value| Self::Int(value.into());
    u32 => |value| Self::Int(value.into());
    i64 => |value| Self::Int(value);
    f64 => |value| Self::Double(value);
}

/// How it is tested.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    Exists,
    In(Vec<Value>),
    Prefix(String),
    /// Bounds of integers and floating-point numbers alike.
    Range(Bound<f64>, Bound<f64>),
}

/// A condition on items: what [`filter()`](crate::filter()) keeps.
///
/// Attributes are looked up by key, the first of several counts, whatever its value; a value of another kind than the test
/// asks for fails it, so `1` and `1.0` are not equal but lie in the same ranges. A test of something that is not there fails;
/// `!` of it holds.
///
/// ```
/// use otlp_simd::{Field, Predicate};
/// let slow_or_failed = Predicate::field(Field::Duration).within(1e9..) | Predicate::field(Field::Status).equals(2);
/// let of_shop = Predicate::resource_attribute("service.name").one_of(["shop", "cart"]);
/// let wanted = of_shop & slow_or_failed & !Predicate::attribute("http.route").starts_with("/health");
/// # let batch = otlp_core::Batch::empty(otlp_core::Signal::Traces);
/// let few = otlp_simd::filter(&batch, &wanted);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Predicate(pub(crate) Node);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Is(Subject, Test),
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
}

/// The first half of a condition: what is looked at.
#[derive(Debug, Clone)]
#[must_use = "it becomes a predicate with a test"]
pub struct Question(Subject);

impl Predicate {
    /// Holds for every item.
    pub const fn always() -> Self {
        Self(Node::All(Vec::new()))
    }

    /// Begins a condition on an attribute of the item.
    pub fn attribute(key: impl Into<String>) -> Question {
        Self::attribute_at(Place::Item, key)
    }

    /// Begins a condition on an attribute of the resource.
    pub fn resource_attribute(key: impl Into<String>) -> Question {
        Self::attribute_at(Place::Resource, key)
    }

    /// Begins a condition on an attribute of the scope.
    pub fn scope_attribute(key: impl Into<String>) -> Question {
        Self::attribute_at(Place::Scope, key)
    }

    /// Begins a condition on an attribute.
    pub fn attribute_at(place: Place, key: impl Into<String>) -> Question {
        Question(Subject::Attribute(place, key.into()))
    }

    /// Begins a condition on a field.
    pub const fn field(field: Field) -> Question {
        Question(Subject::Field(field))
    }
}

impl Question {
    /// It is there.
    pub fn exists(self) -> Predicate {
        Predicate(Node::Is(self.0, Test::Exists))
    }

    /// It has this value.
    pub fn equals(self, value: impl Into<Value>) -> Predicate {
        self.one_of([value.into()])
    }

    /// It has one of these values.
    pub fn one_of(self, values: impl IntoIterator<Item = impl Into<Value>>) -> Predicate {
        Predicate(Node::Is(self.0, Test::In(values.into_iter().map(Into::into).collect())))
    }

    /// It is a text that starts like this.
    pub fn starts_with(self, prefix: impl Into<String>) -> Predicate {
        Predicate(Node::Is(self.0, Test::Prefix(prefix.into())))
    }

    /// It is a number within this range; integers above 2^53 are rounded to a multiple of a power of two first.
    pub fn within(self, range: impl RangeBounds<f64>) -> Predicate {
        let test = Test::Range(range.start_bound().cloned(), range.end_bound().cloned());
        Predicate(Node::Is(self.0, test))
    }
}

impl std::ops::BitAnd for Predicate {
    type Output = Self;

    /// Both hold.
    fn bitand(self, other: Self) -> Self {
        Self(match self.0 {
            Node::All(mut all) => {
                all.push(other.0);
                Node::All(all)
            }
            first => Node::All(vec![first, other.0]),
        })
    }
}

impl std::ops::BitOr for Predicate {
    type Output = Self;

    /// At least one holds.
    fn bitor(self, other: Self) -> Self {
        Self(match self.0 {
            Node::Any(mut any) => {
                any.push(other.0);
                Node::Any(any)
            }
            first => Node::Any(vec![first, other.0]),
        })
    }
}

impl Not for Predicate {
    type Output = Self;

    /// It does not hold.
    fn not(self) -> Self {
        Self(match self.0 {
            Node::Not(inner) => *inner,
            other => Node::Not(Box::new(other)),
        })
    }
}
