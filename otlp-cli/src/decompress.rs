//! `otlp decompress`: tracezip frames back into the messages they hold.

use std::path::PathBuf;

use clap::Args;
use otlp::file::FileFormat;

use crate::{arg, convert::ConvertArgs, exit::Exit};

/// Write the messages of an .otz file in another format, each exactly as it was compressed.
///
/// What was compressed from a pb or frames file comes out as that file, byte for byte. A frame that was damaged or cut off is an error
/// with its place; OUT then holds the messages before it, and the exit code is 1.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DecompressArgs {
    /// The file of tracezip frames; - is stdin.
    #[arg(value_name = "IN.otz")]
    input: PathBuf,

    /// The file to write, in the format that its name ends in; - is stdout, jsonl unless --to says otherwise.
    #[arg(value_name = "OUT")]
    output: PathBuf,

    /// Format of OUT, whatever its name: jsonl, json, pb, frames, otz or otlp, with .gz or .zst behind.
    #[arg(long, value_name = "FORMAT", value_parser = arg::format)]
    to: Option<arg::Format>,
}

const EXAMPLES: &str = "\
Examples:
  otlp decompress traces.otz traces.frames
  otlp decompress traces.otz - --to jsonl";

impl DecompressArgs {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        let from = arg::Format { format: FileFormat::Otz, codec: None };
        ConvertArgs::out_of(self.input, self.output, from, self.to).run()
    }
}
