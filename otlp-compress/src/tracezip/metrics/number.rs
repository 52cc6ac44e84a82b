//! Numbers: each goes on from its node's own last one.

use super::kind::Number as Class;
use super::scale::{self, RAW};
use super::time::Times;
use crate::tracezip::coder::{Bit, Coder, Number, Tree};
use crate::tracezip::shape::{unzigzag, zigzag};

/// What is known of one number of one node.
#[derive(Clone, Copy, Default)]
struct Track {
    last: u64,
    /// What it grew by last.
    step: u64,
    /// Running lengths of what was off, in sixteenths of bits: going on from the last value, or by the last step.
    flat: u16,
    steady: u16,
    /// Scale of the last double.
    scale: u8,
    seen: bool,
    /// Whether it did last what was expected.
    hit: bool,
}

/// Contexts of magnitudes.
const SIZES: usize = 24;

/// All numbers.
pub(super) struct Numbers {
    tracks: Vec<Track>,
    starts: Times,
    times: Times,
    ints: Models,
    decimals: Models,
    /// Scale of a double by the one before it, and whether it is the same as that of the series.
    scales: Vec<Tree<16>>,
    same_scale: [Bit; 2],
    last_scale: u8,
    raw: Doubles,
    fresh: Fresh,
}

/// Models of integers by how far off they used to be.
struct Models {
    zero: [[Bit; 2]; SIZES],
    off: Vec<Number>,
}

impl Models {
    fn new() -> Self {
        Self { zero: [[Bit::EVEN; 2]; SIZES], off: vec![Number::new(); SIZES] }
    }
}

/// Models of values that come for the first time, by the size of the one before.
struct Fresh {
    values: Vec<Number>,
    size: usize,
    same: Bit,
    last: u64,
}

/// Models of doubles that are no decimal fractions.
struct Doubles {
    same: [Bit; 2],
    head: Bit,
    zeros: Tree<64>,
    last: u64,
}

impl Numbers {
    pub(super) fn new() -> Self {
        Self {
            tracks: Vec::new(),
            starts: Times::new(),
            times: Times::new(),
            ints: Models::new(),
            decimals: Models::new(),
            scales: vec![Tree::new(); 16],
            same_scale: [Bit::EVEN; 2],
            last_scale: 0,
            raw: Doubles { same: [Bit::EVEN; 2], head: Bit::EVEN, zeros: Tree::new(), last: 0 },
            fresh: Fresh { values: vec![Number::new(); SIZES], size: 0, same: Bit::EVEN, last: 0 },
        }
    }

    pub(super) fn clear(&mut self) {
        let mut tracks = std::mem::take(&mut self.tracks);
        tracks.clear();
        *self = Self { tracks, ..Self::new() };
    }

    pub(super) fn memory(&self) -> usize {
        self.tracks.len() * size_of::<Track>()
    }

    /// Makes room for the numbers of a new node; gives where they start.
    pub(super) fn add(&mut self, count: u32) -> u32 {
        let start = self.tracks.len();
        self.tracks.resize(start + count as usize, Track::default());
        start as u32
    }

    /// One number.
    #[inline]
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C, number: u32, class: Class, value: u64) -> u64 {
        let track = &mut self.tracks[number as usize];
        match class {
            Class::Start | Class::Time => {
                let times = if class == Class::Start { &mut self.starts } else { &mut self.times };
                let time = times.code(coder, track.last, track.step, value);
                if time != track.last {
                    track.step = if track.seen { time.wrapping_sub(track.last) } else { 0 };
                    track.last = time;
                }
                track.seen = true;
                time
            }
            Class::Int | Class::Varint => {
                if track.seen {
                    go_on(coder, &mut self.ints, track, value)
                } else {
                    begin(coder, &mut self.fresh, track, value)
                }
            }
            Class::Double => self.double(coder, number, value),
        }
    }

    fn double<C: Coder>(&mut self, coder: &mut C, number: u32, value: u64) -> u64 {
        let track = &mut self.tracks[number as usize];
        let before = if track.seen { track.scale } else { self.last_scale };
        let (wanted, count) = if C::READS { (0, 0) } else { scale::of(value, before) };
        let same = coder.bit(&mut self.same_scale[usize::from(track.seen)], wanted == before);
        let scale = if same {
            before
        } else {
            self.scales[usize::from(before)].code(coder, usize::from(wanted)) as u8
        };
        if !scale::is_known(scale) {
            coder.fail("a scale that does not exist");
            return 0;
        }
        self.last_scale = scale;
        if !same {
            // What it was cannot be gone on from.
            *track = Track { seen: false, ..*track };
        }
        let was_seen = track.seen;
        track.scale = scale;
        if scale == RAW {
            let last = if was_seen { track.last } else { self.raw.last };
            let bits = self.raw.code(coder, last, was_seen, value);
            self.raw.last = bits;
            track.last = bits;
            track.seen = true;
            return bits;
        }
        let count = if was_seen {
            go_on(coder, &mut self.decimals, track, count as u64)
        } else {
            begin(coder, &mut self.fresh, track, count as u64)
        };
        scale::unscaled(count as i64, scale)
    }
}

/// A value of a series that is known.
fn go_on<C: Coder>(coder: &mut C, models: &mut Models, track: &mut Track, value: u64) -> u64 {
    let by_step = track.steady < track.flat;
    let expected = track.last.wrapping_add(if by_step { track.step } else { 0 });
    let size = size(track.steady.min(track.flat));
    let off = value.wrapping_sub(expected);
    let hit = coder.bit(&mut models.zero[size][usize::from(track.hit)], off == 0);
    let value = if hit {
        expected
    } else {
        // Never 0: one less, so that no code is wasted.
        let off = models.off[size].code(coder, zigzag(off).wrapping_sub(1));
        expected.wrapping_add(unzigzag(off.wrapping_add(1)))
    };
    let step = value.wrapping_sub(track.last);
    learn(&mut track.flat, step);
    learn(&mut track.steady, step.wrapping_sub(track.step));
    (track.last, track.step, track.hit) = (value, step, hit);
    value
}

/// Moves a running length a quarter of the way.
fn learn(average: &mut u16, off: u64) {
    let length = (64 - zigzag(off).leading_zeros()) as u16 * 16;
    *average = (*average * 3 + length) / 4;
}

/// The context of a running length.
fn size(average: u16) -> usize {
    let bits = usize::from(average.div_ceil(16));
    if bits < 16 { bits } else { (16 + (bits - 16) / 4).min(SIZES - 1) }
}

/// The first value of a series.
fn begin<C: Coder>(coder: &mut C, fresh: &mut Fresh, track: &mut Track, value: u64) -> u64 {
    let same = coder.bit(&mut fresh.same, value == fresh.last);
    let value = if same { fresh.last } else { unzigzag(fresh.values[fresh.size].code(coder, zigzag(value))) };
    fresh.last = value;
    fresh.size = size((64 - zigzag(value).leading_zeros()) as u16 * 16);
    *track = Track { last: value, step: 0, flat: 64, steady: 80, seen: true, hit: false, ..*track };
    value
}

impl Doubles {
    fn code<C: Coder>(&mut self, coder: &mut C, last: u64, seen: bool, value: u64) -> u64 {
        if coder.bit(&mut self.same[usize::from(seen)], value == last) {
            return last;
        }
        const MANTISSA: u32 = 52;
        let head = if coder.bit(&mut self.head, value >> MANTISSA == last >> MANTISSA) {
            last >> MANTISSA
        } else {
            coder.raw(value >> MANTISSA, 12)
        };
        // Doubles that were single-precision numbers end with zeros.
        let zeros = self.zeros.code(coder, value.trailing_zeros().min(MANTISSA) as usize) as u32;
        let zeros = zeros.min(MANTISSA);
        head << MANTISSA | coder.raw((value & ((1 << MANTISSA) - 1)) >> zeros, MANTISSA - zeros) << zeros
    }
}
