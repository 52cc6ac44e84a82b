//! One choice of instruction set, and behind it the kernels for each.
//!
//! The vector versions are safe functions with target features; what makes calling them sound is that a [`Level`] above
//! scalar only comes out of [`Level::supported`], which asks the processor.
#![allow(unsafe_code, reason = "vector intrinsics; each block says why it is sound")]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod load;
mod scalar;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::OnceLock;

/// An instruction set that kernels are written for, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Plain Rust; what the compiler takes for granted on the target.
    Scalar,
    /// x86-64 with AVX2, BMI1, BMI2, LZCNT and POPCNT.
    Avx2,
    /// That and AVX-512 F, BW, CD, DQ, VL, VBMI and VBMI2.
    Avx512,
}

impl Level {
    /// All levels, least first.
    pub const ALL: [Self; 3] = [Self::Scalar, Self::Avx2, Self::Avx512];

    /// The name that `OTLP_SIMD` takes: `scalar`, `avx2` or `avx512`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// The highest level that this processor has.
    pub fn supported() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("popcnt");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512cd")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vbmi")
                && is_x86_feature_detected!("avx512vbmi2");
            match (avx2, avx512) {
                (true, true) => Self::Avx512,
                (true, false) => Self::Avx2,
                _ => Self::Scalar,
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        Self::Scalar
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The kernels of one level, which the processor has.
///
/// Every level gives the same results; `docs/src/kernels.md` lists what each gains.
///
/// ```
/// use otlp_simd::kernel::{Kernels, Level};
/// let kernels = Kernels::get();
/// let mut values = [0; 3];
/// assert_eq!(kernels.decode_varints(&[1, 0xac, 0x02, 3], &mut values), Some(3));
/// assert_eq!(values, [1, 300, 3]);
/// assert!(Kernels::at(Level::Scalar).is_some_and(|kernels| kernels.level() == Level::Scalar));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernels {
    /// Never above [`Level::supported`].
    level: Level,
}

impl Kernels {
    /// The kernels for this process: the highest level that the processor has, or the one that the environment variable
    /// `OTLP_SIMD` names (`scalar`, `avx2`, `avx512`), if the processor has it. Decided at the first call.
    pub fn get() -> Self {
        static CHOSEN: OnceLock<Kernels> = OnceLock::new();
        *CHOSEN.get_or_init(|| {
            let forced = std::env::var("OTLP_SIMD").ok();
            let level = Level::ALL.into_iter().find(|level| forced.as_deref() == Some(level.as_str()));
            level.and_then(Self::at).unwrap_or_else(|| Self { level: Level::supported() })
        })
    }

    /// The kernels of this level; `None` if the processor lacks it.
    pub fn at(level: Level) -> Option<Self> {
        (level <= Level::supported()).then_some(Self { level })
    }

    /// Which level it is.
    pub const fn level(self) -> Level {
        self.level
    }
}

/// Counts that [`Kernels::add_counts`] adds in place.
const FEW_COUNTS: usize = 32;

/// Calls the version of a kernel for the level at hand: the only place where that is chosen.
macro_rules! dispatch {
    ($kernels:expr, $scalar:expr, $avx2:expr, $avx512:expr) => {
        match $kernels.level {
            Level::Scalar => $scalar,
            // SAFETY: `level` is never above what the processor has; see `Kernels::at` and `Kernels::get`.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { $avx2 },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { $avx512 },
            #[cfg(not(target_arch = "x86_64"))]
            _ => $scalar,
        }
    };
}

/// Plain code that the compiler vectorises well enough, once for each level.
macro_rules! recompiled {
    ($($name:ident($($argument:ident: $kind:ty),*) $(-> $out:ty)?;)+) => {
        #[cfg(target_arch = "x86_64")]
        mod recompiled {
            pub(super) mod avx2 {
                $(#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
                pub(in super::super) fn $name($($argument: $kind),*) $(-> $out)? {
                    super::super::scalar::$name($($argument),*)
                })+
            }
            pub(super) mod avx512 {
                $(#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,bmi1,bmi2,lzcnt,popcnt")]
                pub(in super::super) fn $name($($argument: $kind),*) $(-> $out)? {
                    super::super::scalar::$name($($argument),*)
                })+
            }
        }
    };
}

recompiled! {
    varint_lengths(values: &[u64]) -> usize;
    add_counts(into: &mut [u64], counts: &[u64]) -> bool;
    delta_zigzag(values: &[u64], out: &mut [u64]);
}

impl Kernels {
    /// Decodes a packed run of varints; gives how many there are.
    ///
    /// `None` if the run ends within a varint, one does not fit 64 bits, or `out` is too short; what stands in `out` is
    /// then unspecified. [`count_varints`](crate::kernel::count_varints) says how long `out` must be.
    #[inline]
    pub fn decode_varints(self, bytes: &[u8], out: &mut [u64]) -> Option<usize> {
        dispatch!(
            self,
            scalar::decode_varints(bytes, out),
            avx2::decode_varints(bytes, out),
            avx512::decode_varints(bytes, out)
        )
    }

    /// Bytes that the values take as varints, together.
    #[inline]
    pub fn varint_lengths(self, values: &[u64]) -> usize {
        dispatch!(
            self,
            scalar::varint_lengths(values),
            recompiled::avx2::varint_lengths(values),
            recompiled::avx512::varint_lengths(values)
        )
    }

    /// Adds bucket counts to others, one by one, as far as both go; sums wrap.
    ///
    /// Says whether all counts and sums stayed below 2^63, so that none has wrapped.
    #[inline]
    pub fn add_counts(self, into: &mut [u64], counts: &[u64]) -> bool {
        // So few are added before a call is made.
        if counts.len() <= FEW_COUNTS {
            return scalar::add_counts(into, counts);
        }
        dispatch!(
            self,
            scalar::add_counts(into, counts),
            recompiled::avx2::add_counts(into, counts),
            recompiled::avx512::add_counts(into, counts)
        )
    }

    /// Differences between neighbours, the first from 0, as zigzag numbers; as far as both slices go.
    #[inline]
    pub fn delta_zigzag(self, values: &[u64], out: &mut [u64]) {
        dispatch!(
            self,
            scalar::delta_zigzag(values, out),
            recompiled::avx2::delta_zigzag(values, out),
            recompiled::avx512::delta_zigzag(values, out)
        );
    }

    /// For each value the bucket of a histogram with these bounds, ascending: how many bounds lie below the value; as far
    /// as both slices go. A bound belongs to the bucket that it ends. NaN falls in bucket 0.
    #[inline]
    pub fn find_buckets(self, bounds: &[f64], values: &[f64], out: &mut [u32]) {
        dispatch!(
            self,
            scalar::find_buckets(bounds, values, out),
            avx2::find_buckets(bounds, values, out),
            avx512::find_buckets(bounds, values, out)
        );
    }

    /// The indices of the trace ids whose low 56 bits, as a big-endian number, are at least `threshold`, to the front of
    /// `out`, ascending; gives how many they are. `out` should be as long as `ids`: a shorter one may end the search early.
    /// What stands behind them is unspecified.
    #[inline]
    pub fn keep_ids(self, ids: &[[u8; 16]], threshold: u64, out: &mut [u32]) -> usize {
        dispatch!(
            self,
            scalar::keep_ids(ids, threshold, out),
            avx2::keep_ids(ids, threshold, out),
            avx512::keep_ids(ids, threshold, out)
        )
    }
}
