//! How hard a codec tries.

use crate::{Codec, CompressError};

/// How much time to spend on making the output smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Level {
    /// What telemetry in motion wants; measured, see each number in the table.
    ///
    /// | | gzip, deflate | zstd |
    /// |---|---|---|
    /// | `Fastest` | 1 | -5 |
    /// | `Default` | 6 | 1 |
    /// | `Smallest` | 9 | 19 |
    ///
    /// lz4 and snappy have one level only.
    ///
    /// zstd 1 rather than the library's own 3: on telemetry the output is as small (6.48 against 6.67, 20.7 against 21.4, 22.6
    /// against 22.8 times smaller on three captures in bodies of 512 KiB), and it is never slower; bodies of several megabytes of
    /// spans are made 1.6 times as fast. gzip 6, as every peer has it: 1 takes a quarter of the time on spans for 23 % more bytes,
    /// and half of the time on metrics for up to 90 % more.
    #[default]
    Default,
    /// The least time.
    Fastest,
    /// The fewest bytes, for files that are kept.
    Smallest,
    /// The codec's own scale: gzip and deflate 1 to 9, zstd -7 to 22 (without 0), lz4 and snappy 1.
    Number(i32),
}

impl Level {
    /// The codec's number for this level. Identity has no levels: 0.
    pub(crate) fn number(self, codec: Codec) -> Result<i32, CompressError> {
        let (fastest, default, smallest, min, max) = match codec {
            Codec::Identity => return Ok(0),
            Codec::Gzip | Codec::Deflate => (1, 6, 9, 1, 9),
            Codec::Zstd => (-5, 1, 19, -7, 22),
            Codec::Lz4 | Codec::Snappy | Codec::SnappyFramed => (1, 1, 1, 1, 1),
        };
        match self {
            Self::Default => Ok(default),
            Self::Fastest => Ok(fastest),
            Self::Smallest => Ok(smallest),
            // zstd's 0 means "the library's default", which is another number than ours.
            Self::Number(level) if level == 0 || !(min..=max).contains(&level) => {
                Err(CompressError::LevelOutOfRange { codec, level, min, max })
            }
            Self::Number(level) => Ok(level),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_checked() {
        assert_eq!(Level::Default.number(Codec::Zstd).unwrap(), 1);
        assert_eq!(Level::Number(-7).number(Codec::Zstd).unwrap(), -7);
        assert_eq!(Level::Number(99).number(Codec::Identity).unwrap(), 0);
        for (codec, level) in
            [(Codec::Gzip, 0), (Codec::Deflate, 10), (Codec::Zstd, 0), (Codec::Zstd, 23), (Codec::Lz4, 2)]
        {
            let error = Level::Number(level).number(codec).unwrap_err().to_string();
            assert!(error.contains(&format!("{codec} has no level {level}: choose from ")), "{error}");
        }
    }
}
