//! Writing data points and exemplars.

use super::{ExemplarView, Number};
use crate::value::Attributes;
use crate::view::Repeated;
use crate::write::{Message, attribute_methods};
use crate::{SpanId, TraceId};

macro_rules! number_from {
    ($($from:ty => $variant:ident),*) => {$(
        impl From<$from> for Number {
            #[inline]
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

number_from!(i64 => Int, i32 => Int, i16 => Int, i8 => Int, u32 => Int, u16 => Int, u8 => Int);
number_from!(f64 => Double, f32 => Double);

/// Puts the oneof of a value, whose members are `double` and `sfixed64`.
#[inline]
fn put_number(message: &mut Message<'_>, double: u32, int: u32, value: Number) {
    match value {
        Number::Double(value) => message.present64(double, value.to_bits()),
        Number::Int(value) => message.present64(int, value as u64),
    }
}

/// Bit of `DataPointFlags`: the point says that no value was recorded.
const NO_RECORDED_VALUE: u32 = 1;

/// What all points share but for the numbers of their fields.
macro_rules! point_methods {
    ($writer:ident, attributes $attributes:literal, flags $flags:literal) => {
        impl $writer<'_> {
            /// Adds the attributes of a point of another batch.
            pub fn attrs_like(&mut self, attributes: Attributes<'_>) -> &mut Self {
                for attribute in attributes {
                    self.0.element($attributes, attribute.encoded());
                }
                self
            }

            /// Start of the interval and time of the point, nanoseconds since the Unix epoch; a start of 0 is unknown.
            #[inline]
            pub fn times(&mut self, start: u64, time: u64) -> &mut Self {
                self.0.fixed64(2, start);
                self.0.fixed64(3, time);
                self
            }

            /// Flags (`DataPointFlags`): bit 0 says that no value was recorded.
            #[inline]
            pub fn flags(&mut self, flags: u32) -> &mut Self {
                self.0.varint($flags, flags.into());
                self
            }
        }
    };
}

/// Exemplars, for the points that have them.
macro_rules! exemplar_method {
    ($writer:ident, $number:literal) => {
        impl $writer<'_> {
            /// Begins an exemplar: one value that was measured, at `time`, nanoseconds since the Unix epoch.
            pub fn exemplar(&mut self, value: impl Into<Number>, time: u64) -> ExemplarWriter<'_> {
                ExemplarWriter::begin(self.0.child($number, 0), value.into(), time)
            }

            /// Adds the exemplars of a point of another batch.
            pub fn exemplars_like(&mut self, exemplars: Repeated<'_, ExemplarView<'_>>) -> &mut Self {
                for exemplar in exemplars {
                    self.0.element($number, exemplar.encoded());
                }
                self
            }
        }
    };
}

/// Writes a point of a gauge or sum.
pub struct NumberPointWriter<'a>(Message<'a>);

attribute_methods!(NumberPointWriter, 0, 7);
point_methods!(NumberPointWriter, attributes 7, flags 8);
exemplar_method!(NumberPointWriter, 5);

impl<'a> NumberPointWriter<'a> {
    #[inline]
    pub(super) fn begin(mut point: Message<'a>, value: Option<Number>) -> Self {
        match value {
            Some(value) => put_number(&mut point, 4, 6, value),
            None => point.varint(8, NO_RECORDED_VALUE.into()),
        }
        Self(point)
    }
}

/// Writes a point of a histogram.
pub struct HistogramPointWriter<'a>(Message<'a>);

attribute_methods!(HistogramPointWriter, 0, 9);
point_methods!(HistogramPointWriter, attributes 9, flags 10);
exemplar_method!(HistogramPointWriter, 8);

/// Fields that must not stand twice: packed ones would join.
const COUNTS: usize = 0;
const BOUNDS: usize = 1;

impl<'a> HistogramPointWriter<'a> {
    #[inline]
    pub(super) fn begin(mut point: Message<'a>, count: u64) -> Self {
        point.fixed64(4, count);
        Self(point)
    }

    /// What the measured values add up to; leave it out when some are negative.
    #[inline]
    pub fn sum(&mut self, sum: f64) -> &mut Self {
        self.0.present64(5, sum.to_bits());
        self
    }

    /// Smallest and largest measured value.
    #[inline]
    pub fn range(&mut self, min: f64, max: f64) -> &mut Self {
        self.min(min).max(max)
    }

    /// Smallest measured value.
    #[inline]
    pub fn min(&mut self, min: f64) -> &mut Self {
        self.0.present64(11, min.to_bits());
        self
    }

    /// Largest measured value.
    #[inline]
    pub fn max(&mut self, max: f64) -> &mut Self {
        self.0.present64(12, max.to_bits());
        self
    }

    /// Upper bounds, ascending, and the count of each bucket: one more than there are bounds, or none of either.
    pub fn buckets(&mut self, bounds: &[f64], counts: &[u64]) -> &mut Self {
        self.0.once(COUNTS);
        if counts.is_empty() {
            self.0.absent(COUNTS);
        }
        self.0.packed64(6, counts.iter().copied());
        self.0.once(BOUNDS);
        if bounds.is_empty() {
            self.0.absent(BOUNDS);
        }
        self.0.packed64(7, bounds.iter().map(|bound| bound.to_bits()));
        self
    }
}

/// Writes a point of an exponential histogram.
pub struct ExponentialHistogramPointWriter<'a>(Message<'a>);

attribute_methods!(ExponentialHistogramPointWriter, 0, 1);
point_methods!(ExponentialHistogramPointWriter, attributes 1, flags 10);
exemplar_method!(ExponentialHistogramPointWriter, 11);

/// Messages that must not stand twice.
const POSITIVE: usize = 0;
const NEGATIVE: usize = 1;

impl<'a> ExponentialHistogramPointWriter<'a> {
    #[inline]
    pub(super) fn begin(mut point: Message<'a>, count: u64, scale: i32) -> Self {
        point.fixed64(4, count);
        point.varint(6, zigzag(scale));
        Self(point)
    }

    /// What the measured values add up to; leave it out when some are negative.
    #[inline]
    pub fn sum(&mut self, sum: f64) -> &mut Self {
        self.0.present64(5, sum.to_bits());
        self
    }

    /// How many values were zero, and up to which magnitude values count as zero.
    #[inline]
    pub fn zeros(&mut self, count: u64, threshold: f64) -> &mut Self {
        self.0.fixed64(7, count);
        self.0.double(14, threshold);
        self
    }

    /// Counts of the positive buckets; the first has index `offset`. A second call replaces the first.
    pub fn positive(&mut self, offset: i32, counts: &[u64]) -> &mut Self {
        self.0.once(POSITIVE);
        self.put_buckets(8, offset, counts);
        self
    }

    /// Counts of the negative buckets, by magnitude; the first has index `offset`. A second call replaces the first.
    pub fn negative(&mut self, offset: i32, counts: &[u64]) -> &mut Self {
        self.0.once(NEGATIVE);
        self.put_buckets(9, offset, counts);
        self
    }

    fn put_buckets(&mut self, number: u32, offset: i32, counts: &[u64]) {
        let mut buckets = self.0.child(number, 0);
        buckets.varint(1, zigzag(offset));
        buckets.packed_varint(2, counts.iter().copied());
    }

    /// Smallest and largest measured value.
    #[inline]
    pub fn range(&mut self, min: f64, max: f64) -> &mut Self {
        self.min(min).max(max)
    }

    /// Smallest measured value.
    #[inline]
    pub fn min(&mut self, min: f64) -> &mut Self {
        self.0.present64(12, min.to_bits());
        self
    }

    /// Largest measured value.
    #[inline]
    pub fn max(&mut self, max: f64) -> &mut Self {
        self.0.present64(13, max.to_bits());
        self
    }
}

/// `sint32`.
const fn zigzag(value: i32) -> u64 {
    ((value << 1) ^ (value >> 31)) as u32 as u64
}

/// Writes a point of a summary.
pub struct SummaryPointWriter<'a>(Message<'a>);

attribute_methods!(SummaryPointWriter, 0, 7);
point_methods!(SummaryPointWriter, attributes 7, flags 8);

impl<'a> SummaryPointWriter<'a> {
    #[inline]
    pub(super) fn begin(mut point: Message<'a>, count: u64, sum: f64) -> Self {
        point.fixed64(4, count);
        point.double(5, sum);
        Self(point)
    }

    /// Adds the value at `quantile`, 0 to 1.
    pub fn quantile(&mut self, quantile: f64, value: f64) -> &mut Self {
        let mut pair = self.0.child(6, 0);
        pair.double(1, quantile);
        pair.double(2, value);
        self
    }
}

/// Writes an exemplar: where it was measured, and the attributes that the point left out.
pub struct ExemplarWriter<'a>(Message<'a>);

attribute_methods!(ExemplarWriter, 0, 7);

impl<'a> ExemplarWriter<'a> {
    fn begin(mut exemplar: Message<'a>, value: Number, time: u64) -> Self {
        exemplar.fixed64(2, time);
        put_number(&mut exemplar, 3, 6, value);
        Self(exemplar)
    }

    /// The span in which it was measured.
    pub fn ids(&mut self, trace: TraceId, span: SpanId) -> &mut Self {
        self.0.bytes(4, span.as_bytes());
        self.0.bytes(5, trace.as_bytes());
        self
    }
}
