//! Messages of a metrics request, and what becomes of their fields.

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Request,
    ResourceMetrics,
    ScopeMetrics,
    Metric,
    /// A gauge or a sum.
    Numbers,
    Histogram,
    ExponentialHistogram,
    Summary,
    NumberPoint,
    HistogramPoint,
    ExponentialPoint,
    Buckets,
    SummaryPoint,
    Quantile,
    Exemplar,
}

/// What a number is, and so how it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    /// Nanoseconds since 1970, and which times it is likely to be equal to.
    Start,
    Time,
    /// Eight bytes: an integer.
    Int,
    /// Eight bytes: a double.
    Double,
    /// A varint in its shortest form.
    Varint,
}

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// Part of the template as it stands.
    Piece,
    /// A number.
    Number(Number),
    /// Packed numbers.
    List(Number),
    /// A nested message.
    Children(Kind),
}

impl Kind {
    /// How many kinds there are.
    pub(super) const COUNT: usize = 15;

    /// What becomes of the field with this key, a single byte.
    pub(super) const fn field(self, key: u8) -> Field {
        use Field::{Children, List, Number as One};
        match (self, key) {
            (Self::Request, 0x0a) => Children(Self::ResourceMetrics),
            (Self::ResourceMetrics, 0x12) => Children(Self::ScopeMetrics),
            (Self::ScopeMetrics, 0x12) => Children(Self::Metric),
            (Self::Metric, 0x2a | 0x3a) => Children(Self::Numbers),
            (Self::Metric, 0x4a) => Children(Self::Histogram),
            (Self::Metric, 0x52) => Children(Self::ExponentialHistogram),
            (Self::Metric, 0x5a) => Children(Self::Summary),
            (Self::Numbers, 0x0a) => Children(Self::NumberPoint),
            (Self::Histogram, 0x0a) => Children(Self::HistogramPoint),
            (Self::ExponentialHistogram, 0x0a) => Children(Self::ExponentialPoint),
            (Self::Summary, 0x0a) => Children(Self::SummaryPoint),
            (
                Self::NumberPoint | Self::HistogramPoint | Self::ExponentialPoint | Self::SummaryPoint,
                0x11,
            ) => One(Number::Start),
            (
                Self::NumberPoint | Self::HistogramPoint | Self::ExponentialPoint | Self::SummaryPoint,
                0x19,
            ) => One(Number::Time),
            (Self::NumberPoint, 0x21) => One(Number::Double),
            (Self::NumberPoint, 0x31) => One(Number::Int),
            (Self::NumberPoint, 0x2a) => Children(Self::Exemplar),
            (Self::HistogramPoint | Self::ExponentialPoint | Self::SummaryPoint, 0x21) => One(Number::Int),
            (Self::HistogramPoint | Self::ExponentialPoint | Self::SummaryPoint, 0x29) => One(Number::Double),
            (Self::HistogramPoint, 0x32) => List(Number::Int),
            (Self::HistogramPoint, 0x42) => Children(Self::Exemplar),
            (Self::HistogramPoint, 0x59 | 0x61) => One(Number::Double),
            (Self::ExponentialPoint, 0x30) => One(Number::Varint),
            (Self::ExponentialPoint, 0x39) => One(Number::Int),
            (Self::ExponentialPoint, 0x42 | 0x4a) => Children(Self::Buckets),
            (Self::ExponentialPoint, 0x5a) => Children(Self::Exemplar),
            (Self::ExponentialPoint, 0x61 | 0x69) => One(Number::Double),
            (Self::Buckets, 0x08) => One(Number::Varint),
            (Self::Buckets, 0x12) => List(Number::Varint),
            (Self::SummaryPoint, 0x32) => Children(Self::Quantile),
            (Self::Quantile, 0x09 | 0x11) => One(Number::Double),
            (Self::Exemplar, 0x11) => One(Number::Time),
            (Self::Exemplar, 0x19) => One(Number::Double),
            (Self::Exemplar, 0x31) => One(Number::Int),
            _ => Field::Piece,
        }
    }
}
