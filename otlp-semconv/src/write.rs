//! The way into otlp-core's writers.

use std::fmt::{self, Write as _};

use otlp_core::KeyRef;
use otlp_core::logs::{LogRecordWriter, ScopeLogsWriter};
use otlp_core::metrics::{
    ExponentialHistogramPointWriter, HistogramPointWriter, HistogramWriter, MetricWriter, NumberPointWriter,
    NumbersWriter, ScopeMetricsWriter, SummaryPointWriter, Temporality,
};
use otlp_core::trace::{EventWriter, LinkWriter, ScopeSpansWriter, SpanWriter};
use otlp_core::write::{ArrayWriter, MapWriter, ResourceWriter, ScopeWriter, ValueRef};

use crate::{
    Attribute, Counter, Entity, Event, Gauge, Histogram, Key, Metric, MetricKind, MetricNumber, Name,
    SCHEMA_URL, Sink, Span, SpanKind, UpDownCounter, Value,
};

impl<T: ?Sized> Key<T> {
    /// The same key as otlp-core has it.
    pub const fn core(&self) -> otlp_core::Key {
        otlp_core::Key::new(self.name())
    }
}

impl<T: ?Sized> From<Key<T>> for otlp_core::Key {
    #[inline(always)]
    fn from(key: Key<T>) -> Self {
        key.core()
    }
}

impl<T: ?Sized> From<Key<T>> for KeyRef<'_> {
    #[inline(always)]
    fn from(key: Key<T>) -> Self {
        key.name().into()
    }
}

impl From<SpanKind> for otlp_core::trace::SpanKind {
    fn from(kind: SpanKind) -> Self {
        match kind {
            SpanKind::Internal => Self::Internal,
            SpanKind::Server => Self::Server,
            SpanKind::Client => Self::Client,
            SpanKind::Producer => Self::Producer,
            SpanKind::Consumer => Self::Consumer,
        }
    }
}

/// Values without others inside.
#[inline(always)]
fn flat(value: Value<'_>) -> ValueRef<'_> {
    match value {
        Value::Str(value) => ValueRef::Str(value),
        Value::Bool(value) => ValueRef::Bool(value),
        Value::Int(value) => ValueRef::Int(value),
        Value::Double(value) => ValueRef::Double(value),
        Value::Bytes(value) => ValueRef::Bytes(value),
        Value::Strs(value) => ValueRef::Strs(value),
        Value::Bools(value) => ValueRef::Bools(value),
        Value::Ints(value) => ValueRef::Ints(value),
        Value::Doubles(value) => ValueRef::Doubles(value),
        Value::Empty | Value::Array(_) | Value::Map(_) => ValueRef::Empty,
    }
}

fn put_elements(mut array: ArrayWriter<'_>, values: &[Value<'_>]) {
    for value in values {
        match value {
            Value::Array(values) => put_elements(array.array(), values),
            Value::Map(entries) => put_entries(array.map(), entries),
            value => {
                array.push(flat(*value));
            }
        }
    }
}

fn put_entries(mut map: MapWriter<'_>, entries: &[(&str, Value<'_>)]) {
    for (key, value) in entries {
        match value {
            Value::Array(values) => put_elements(map.attr_array(*key), values),
            Value::Map(entries) => put_entries(map.attr_map(*key), entries),
            value => {
                map.attr(*key, flat(*value));
            }
        }
    }
}

/// Text that is put together; up to a usual length without asking for memory.
struct Text {
    start: [u8; 128],
    len: usize,
    /// All of it, once it is longer than that.
    long: String,
}

impl Text {
    fn of(what: impl fmt::Display) -> Self {
        let mut text = Self::default();
        // Writing to memory never fails.
        let _ = write!(text, "{what}");
        text
    }

    fn as_str(&self) -> &str {
        if self.long.is_empty() {
            // Whole texts were copied, so that this is one too.
            str::from_utf8(&self.start[..self.len]).unwrap_or_default()
        } else {
            &self.long
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self { start: [0; 128], len: 0, long: String::new() }
    }
}

impl fmt::Write for Text {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match self.start.get_mut(self.len..self.len + text.len()) {
            Some(room) if self.long.is_empty() => {
                room.copy_from_slice(text.as_bytes());
                self.len += text.len();
            }
            _ => {
                if self.long.is_empty() {
                    self.long = self.as_str().to_owned();
                }
                self.long.push_str(text);
            }
        }
        Ok(())
    }
}

/// A name in one piece; only those of templates have to be put together.
#[inline(always)]
fn with_name<R>(name: Name<'_>, then: impl FnOnce(&str) -> R) -> R {
    if name.is_constant() { then(name.prefix()) } else { then(Text::of(name).as_str()) }
}

macro_rules! sinks {
    ($($writer:ident)*) => {$(
        impl Sink for $writer<'_> {
            #[inline(always)]
            fn put(&mut self, attribute: Attribute<'_>) {
                with_name(attribute.name(), |name| match attribute.value() {
                    Value::Array(values) => put_elements(self.attr_array(name), values),
                    Value::Map(entries) => put_entries(self.attr_map(name), entries),
                    value => {
                        self.attr(name, flat(value));
                    }
                });
            }
        }
    )*};
}

sinks!(
    SpanWriter EventWriter LinkWriter LogRecordWriter ResourceWriter ScopeWriter MapWriter
    NumberPointWriter HistogramPointWriter ExponentialHistogramPointWriter SummaryPointWriter
);

/// For [`Span::begin`].
#[inline(always)]
pub(crate) fn begin_span<'w, S: Span>(span: &S, scope: &'w mut ScopeSpansWriter<'_>) -> SpanWriter<'w> {
    let mut writer = scope.span();
    let mut name = Text::default();
    // Writing to memory never fails.
    let _ = span.write_name(&mut name);
    writer.name(name.as_str()).kind(S::KIND.into());
    span.write_to(&mut writer);
    writer
}

/// For [`Event::begin`].
#[inline(always)]
pub(crate) fn begin_event<'w, E: Event>(
    event: &E,
    scope: &'w mut ScopeLogsWriter<'_>,
) -> LogRecordWriter<'w> {
    let mut writer = scope.record();
    writer.event_name(E::NAME);
    event.write_to(&mut writer);
    writer
}

/// For [`Entity::describe`].
pub(crate) fn describe<E: Entity>(entity: &E, resource: &mut ResourceWriter<'_>) {
    let (mut identity, mut description) = (Vec::new(), Vec::new());
    entity.write_to(&mut |attribute: Attribute<'_>| {
        let list = if E::IDENTITY.contains(&attribute.key()) { &mut identity } else { &mut description };
        list.push(attribute.name().to_string());
        resource.put(attribute);
    });
    if identity.len() == E::IDENTITY.len() && !identity.is_empty() {
        let [identity, description]: [Vec<&str>; 2] =
            [&identity, &description].map(|list| list.iter().map(String::as_str).collect());
        resource.entity(E::TYPE, &identity, &description, SCHEMA_URL);
    }
}

impl<K: MetricKind> Metric<K> {
    /// Begins the metric in a scope, with name and unit; its kind comes next.
    ///
    /// [`sum`](Self::sum), [`gauge`](Self::gauge) and [`histogram`](Self::histogram) begin it with its kind too.
    pub fn begin<'w>(&self, scope: &'w mut ScopeMetricsWriter<'_>) -> MetricWriter<'w> {
        scope.metric(self.name()).unit(self.unit())
    }
}

impl<V: MetricNumber> Metric<Counter<V>> {
    /// Begins the metric in a scope, as a sum that never falls.
    ///
    /// ```
    /// use otlp_core::metrics::{MetricsWriter, Temporality};
    /// use otlp_semconv::otel;
    ///
    /// let mut writer = MetricsWriter::new();
    /// let mut resource = writer.resource(|_| {});
    /// let mut scope = resource.scope("shop", "");
    /// otel::metric::SDK_SPAN_STARTED.sum(&mut scope, Temporality::Cumulative).point(7);
    /// assert_eq!(writer.finish().items(), 1);
    /// ```
    pub fn sum<'w>(&self, scope: &'w mut ScopeMetricsWriter<'_>, over: Temporality) -> NumbersWriter<'w> {
        self.begin(scope).sum(over, true)
    }
}

impl<V: MetricNumber> Metric<UpDownCounter<V>> {
    /// Begins the metric in a scope, as a sum that may fall.
    pub fn sum<'w>(&self, scope: &'w mut ScopeMetricsWriter<'_>, over: Temporality) -> NumbersWriter<'w> {
        self.begin(scope).sum(over, false)
    }
}

impl<V: MetricNumber> Metric<Gauge<V>> {
    /// Begins the metric in a scope, as a gauge.
    pub fn gauge<'w>(&self, scope: &'w mut ScopeMetricsWriter<'_>) -> NumbersWriter<'w> {
        self.begin(scope).gauge()
    }
}

impl<V: MetricNumber> Metric<Histogram<V>> {
    /// Begins the metric in a scope, as a histogram with explicit bounds.
    ///
    /// ```
    /// use otlp_core::metrics::{MetricsWriter, Temporality};
    /// use otlp_semconv::{Attributes as _, http};
    ///
    /// let mut writer = MetricsWriter::new();
    /// let mut resource = writer.resource(|_| {});
    /// let mut scope = resource.scope("shop.http", "");
    /// let mut duration = http::metric::SERVER_REQUEST_DURATION.histogram(&mut scope, Temporality::Delta);
    /// let cart = http::metric::ServerRequestDuration::new("GET", "https").route("/cart/{id}");
    /// let mut point = duration.point(10);
    /// point.times(1, 2).sum(1.5).buckets(&[0.1, 0.5], &[2, 7, 1]);
    /// cart.write_to(&mut point);
    /// assert_eq!(writer.finish().items(), 1);
    /// ```
    pub fn histogram<'w>(
        &self,
        scope: &'w mut ScopeMetricsWriter<'_>,
        over: Temporality,
    ) -> HistogramWriter<'w> {
        self.begin(scope).histogram(over)
    }
}
