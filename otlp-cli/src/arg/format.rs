//! File formats: `jsonl`, `pb`, `frames.zst`.

use otlp::{
    Codec,
    file::{FileFormat, NameSays},
};

/// A format, and the compression around it if one is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) format: FileFormat,
    pub(crate) codec: Option<Codec>,
}

/// Reads a format as the ending of a file's name, with or without `.gz` or `.zst`.
pub(crate) fn format(text: &str) -> Result<Format, String> {
    let NameSays { format, codec, .. } = NameSays::of(&format!("x.{text}"));
    let format =
        format.ok_or("expected jsonl, json, pb, frames, otz or otlp, and then .gz or .zst if you like")?;
    Ok(Format { format, codec })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_endings() {
        assert_eq!(format("jsonl"), Ok(Format { format: FileFormat::Jsonl, codec: None }));
        assert_eq!(format("frames.zst"), Ok(Format { format: FileFormat::Frames, codec: Some(Codec::Zstd) }));
        for wrong in ["csv", "zst", "", ".pb.lz4"] {
            assert!(format(wrong).is_err(), "{wrong:?}");
        }
    }
}
