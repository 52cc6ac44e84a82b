//! Formats, and what a file's name says about its content.

use std::fmt;
use std::str::FromStr;

use otlp_compress::Codec;

/// How messages lie in a file, inside the compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileFormat {
    /// One OTLP/JSON message a line.
    Jsonl,
    /// One OTLP/JSON message, which may be pretty-printed. Reading takes several, as programs do append to such files; writing
    /// joins them into one.
    Json,
    /// One protobuf message. Writing several joins them into one, which protobuf defines as concatenation.
    Pb,
    /// `u32` big-endian length, then one protobuf message, again and again.
    Frames,
    /// Tracezip frames, one a message. Reading and writing them needs the feature `tracezip`.
    Otz,
    /// [`Pb`](Self::Pb) or [`Frames`](Self::Frames). Reading looks at the content; writing makes it the former for a
    /// single message, the latter for several.
    Otlp,
}

impl FileFormat {
    /// All formats.
    pub const ALL: [Self; 6] = [Self::Jsonl, Self::Json, Self::Pb, Self::Frames, Self::Otz, Self::Otlp];

    /// The ending without its dot, which is also the name in flags: `jsonl`, `json`, `pb`, `frames`, `otz`, `otlp`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Json => "json",
            Self::Pb => "pb",
            Self::Frames => "frames",
            Self::Otz => "otz",
            Self::Otlp => "otlp",
        }
    }

    /// Whether messages are text.
    pub const fn is_json(self) -> bool {
        matches!(self, Self::Jsonl | Self::Json)
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no file format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown file format {0:?}: use jsonl, json, pb, frames, otz or otlp")]
pub struct UnknownFormat(String);

impl FromStr for FileFormat {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let found = Self::ALL.into_iter().find(|format| text.eq_ignore_ascii_case(format.as_str()));
        found.ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// What the endings of a file's name say, without regard to case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct NameSays {
    /// The format, if the name says one.
    pub format: Option<FileFormat>,
    /// The compression around it, if the name says one.
    pub codec: Option<Codec>,
    /// Whether the name is one of pprof's: `.pprof` always is; `.pb.gz` is for writing, and for reading if the content agrees.
    pub pprof: bool,
}

impl NameSays {
    /// Reads the endings of a name or path.
    pub fn of(name: &str) -> Self {
        let lower = name.to_ascii_lowercase();
        let (stem, codec) = match lower.rsplit_once('.') {
            Some((stem, "gz")) => (stem, Some(Codec::Gzip)),
            Some((stem, "zst")) => (stem, Some(Codec::Zstd)),
            _ => (lower.as_str(), None),
        };
        let ending = stem.rsplit_once('.').map_or("", |(_, ending)| ending);
        let format = ending.parse().ok();
        let pprof = ending == "pprof" || (format == Some(FileFormat::Pb) && codec == Some(Codec::Gzip));
        Self { format, codec, pprof }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings() {
        let says = |name| {
            let NameSays { format, codec, pprof } = NameSays::of(name);
            (format, codec, pprof)
        };
        assert_eq!(says("a/traces.jsonl"), (Some(FileFormat::Jsonl), None, false));
        assert_eq!(says("TRACES.JSON.GZ"), (Some(FileFormat::Json), Some(Codec::Gzip), false));
        assert_eq!(says("x.frames.zst"), (Some(FileFormat::Frames), Some(Codec::Zstd), false));
        assert_eq!(says("hipstershop-oteltraces.zst"), (None, Some(Codec::Zstd), false));
        assert_eq!(says("x.otlp.gz"), (Some(FileFormat::Otlp), Some(Codec::Gzip), false));
        assert_eq!(says("x.otz"), (Some(FileFormat::Otz), None, false));
        assert_eq!(says("cpu.pb.gz"), (Some(FileFormat::Pb), Some(Codec::Gzip), true));
        assert_eq!(says("cpu.pb"), (Some(FileFormat::Pb), None, false));
        assert_eq!(says("cpu.pprof"), (None, None, true));
        assert_eq!(says("README"), (None, None, false));
        assert_eq!(says("gz"), (None, None, false));
    }

    #[test]
    fn names_parse_back() {
        for format in FileFormat::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        let error = "csv".parse::<FileFormat>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown file format \"csv\": use jsonl, json, pb, frames, otz or otlp"
        );
    }
}
