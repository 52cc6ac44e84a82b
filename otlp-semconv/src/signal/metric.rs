//! `Metric`: what a convention says about a metric.

use core::fmt;
use core::marker::PhantomData;

use crate::{Attributes, Deprecated, Stability};

/// A metric of the conventions; `K` is its instrument and what its values are: `Histogram<f64>`.
///
/// ```
/// use otlp_semconv::{Instrument, http};
///
/// let duration = http::metric::SERVER_REQUEST_DURATION;
/// assert_eq!((duration.name(), duration.unit()), ("http.server.request.duration", "s"));
/// assert_eq!(duration.instrument(), Instrument::Histogram);
/// ```
pub struct Metric<K> {
    name: &'static str,
    unit: &'static str,
    stability: Stability,
    deprecated: Option<Deprecated>,
    kind: PhantomData<fn(K)>,
}

impl<K> Metric<K> {
    pub(crate) const fn new(name: &'static str, unit: &'static str, stability: Stability) -> Self {
        Self { name, unit, stability, deprecated: None, kind: PhantomData }
    }

    #[cfg(feature = "deprecated")]
    pub(crate) const fn deprecate(self, reason: Deprecated) -> Self {
        Self { deprecated: Some(reason), ..self }
    }

    /// The name: `http.server.request.duration`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The unit as UCUM has it: `s`, `By`, `{request}`.
    pub const fn unit(&self) -> &'static str {
        self.unit
    }

    /// How far the metric has come.
    pub const fn stability(&self) -> Stability {
        self.stability
    }

    /// Why the metric should no longer be used; `None` if it may.
    pub const fn deprecated(&self) -> Option<Deprecated> {
        self.deprecated
    }
}

impl<K: MetricKind> Metric<K> {
    /// The instrument.
    pub const fn instrument(&self) -> Instrument {
        K::INSTRUMENT
    }

    /// What its values are; `None` where the convention leaves it open.
    pub const fn number(&self) -> Option<Number> {
        K::NUMBER
    }
}

impl<K> Clone for Metric<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Metric<K> {}

impl<K> fmt::Debug for Metric<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metric({:?}, {:?})", self.name, self.unit)
    }
}

/// An instrument and what its values are.
pub trait MetricKind {
    /// The instrument.
    const INSTRUMENT: Instrument;
    /// The kind of number, if there is one.
    const NUMBER: Option<Number>;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $kind<V>(PhantomData<fn(V)>);

        impl<V: MetricNumber> MetricKind for $kind<V> {
            const INSTRUMENT: Instrument = Instrument::$kind;
            const NUMBER: Option<Number> = V::NUMBER;
        }
    )*};
}

kinds! {
    /// A kind of metric: a sum that only grows.
    Counter
    /// A kind of metric: a sum that grows and shrinks.
    UpDownCounter
    /// A kind of metric: the value at a moment.
    Gauge
    /// A kind of metric: a distribution.
    Histogram
}

/// What the values of a metric are: `i64`, `f64`, or [`AnyNumber`].
pub trait MetricNumber {
    /// The kind of number, if there is one.
    const NUMBER: Option<Number>;
}

impl MetricNumber for i64 {
    const NUMBER: Option<Number> = Some(Number::Int);
}

impl MetricNumber for f64 {
    const NUMBER: Option<Number> = Some(Number::Double);
}

/// The values of a metric whose convention does not say whether they are whole.
#[derive(Clone, Copy, Debug)]
pub enum AnyNumber {}

impl MetricNumber for AnyNumber {
    const NUMBER: Option<Number> = None;
}

/// The attributes of a metric's points, as a builder.
///
/// ```compile_fail,E0061
/// otlp_semconv::http::metric::ServerRequestDuration::new("GET");
/// ```
pub trait MetricAttributes: Attributes {
    /// The metric's instrument and what its values are.
    type Kind: MetricKind;
    /// The metric.
    const METRIC: Metric<Self::Kind>;
}

/// An instrument, under the name of its synchronous form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Instrument {
    /// Only grows: a monotonic sum.
    Counter,
    /// Grows and shrinks: a sum that is not monotonic.
    UpDownCounter,
    /// The value at a moment.
    Gauge,
    /// A distribution, explicit or exponential.
    Histogram,
}

impl Instrument {
    /// The model's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::UpDownCounter => "updowncounter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }

    /// The instrument behind the model's word, `None` for any other word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "counter" => Self::Counter,
            "updowncounter" => Self::UpDownCounter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            _ => return None,
        })
    }
}

/// The kind of a metric's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Number {
    /// Whole numbers.
    Int,
    /// Floating point numbers.
    Double,
}

impl Number {
    /// The model's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Double => "double",
        }
    }

    /// The kind behind the model's word, `None` for any other word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "int" => Self::Int,
            "double" => Self::Double,
            _ => return None,
        })
    }
}
