//! Numbers of one series.

use otlp_core::metrics::{Number, NumberPointView};

use super::NumberFunction;

/// Sum, smallest, largest, count and latest of the points of one series.
///
/// Integers are added as integers, exactly; doubles from left to right, in the order of the points.
#[derive(Clone, Copy)]
pub(super) struct Column<'a> {
    pub(super) count: u64,
    ints: i128,
    doubles: f64,
    any_double: bool,
    min: Number,
    max: Number,
    pub(super) start: u64,
    pub(super) time: u64,
    /// Of all points.
    pub(super) exemplars: usize,
    /// The point with the latest time.
    pub(super) last: NumberPointView<'a>,
}

impl<'a> Column<'a> {
    pub(super) fn new(point: NumberPointView<'a>, value: Number) -> Self {
        let mut column = Self {
            count: 0,
            ints: 0,
            doubles: 0.0,
            any_double: false,
            min: value,
            max: value,
            start: point.start_time(),
            time: point.time(),
            exemplars: point.exemplars().len(),
            last: point,
        };
        column.add(value);
        column
    }

    /// Takes a point in.
    pub(super) fn push(&mut self, point: NumberPointView<'a>, value: Number) {
        self.add(value);
        if exceeds(self.min, value) || is_nan(self.min) {
            self.min = value;
        }
        if exceeds(value, self.max) || is_nan(self.max) {
            self.max = value;
        }
        self.start = earlier_start(self.start, point.start_time());
        self.exemplars += point.exemplars().len();
        if point.time() >= self.time {
            self.time = point.time();
            self.last = point;
        }
    }

    fn add(&mut self, value: Number) {
        self.count += 1;
        match value {
            Number::Int(value) => self.ints += i128::from(value),
            Number::Double(value) => {
                self.doubles += value;
                self.any_double = true;
            }
        }
    }

    /// The sum; a double if one of the values is, or if 64 bits do not hold it.
    fn sum(&self) -> Number {
        match i64::try_from(self.ints) {
            Ok(sum) if !self.any_double => Number::Int(sum),
            _ => Number::Double(self.ints as f64 + self.doubles),
        }
    }

    /// The value that a function gives.
    pub(super) fn value(&self, function: NumberFunction) -> Option<Number> {
        match function {
            NumberFunction::Last => self.last.value(),
            NumberFunction::Sum => Some(self.sum()),
            NumberFunction::Min => Some(self.min),
            NumberFunction::Max => Some(self.max),
            NumberFunction::Count => Some(Number::Int(self.count as i64)),
        }
    }
}

/// The earlier of two starts, of which 0 is unknown, which makes their union unknown.
pub(super) fn earlier_start(one: u64, other: u64) -> u64 {
    one.min(other)
}

fn is_nan(value: Number) -> bool {
    matches!(value, Number::Double(value) if value.is_nan())
}

fn exceeds(one: Number, other: Number) -> bool {
    match (one, other) {
        (Number::Int(one), Number::Int(other)) => one > other,
        (one, other) => one.as_f64() > other.as_f64(),
    }
}

/// `one + other`; a double if 64 bits do not hold it.
pub(super) fn add(one: Number, other: Number) -> Number {
    match (one, other) {
        (Number::Int(one), Number::Int(other)) => one
            .checked_add(other)
            .map_or_else(|| Number::Double((i128::from(one) + i128::from(other)) as f64), Number::Int),
        (one, other) => Number::Double(one.as_f64() + other.as_f64()),
    }
}

/// `one - other`; a double if 64 bits do not hold it.
pub(super) fn subtract(one: Number, other: Number) -> Number {
    match (one, other) {
        (Number::Int(one), Number::Int(other)) => one
            .checked_sub(other)
            .map_or_else(|| Number::Double((i128::from(one) - i128::from(other)) as f64), Number::Int),
        (one, other) => Number::Double(one.as_f64() - other.as_f64()),
    }
}

/// Whether a sum that only grows has fallen from `before` to `now`.
pub(super) fn fell(before: Number, now: Number) -> bool {
    exceeds(before, now)
}
