//! `otlp convert`: telemetry from one file format to another, message by message.

use std::{
    fs,
    io::{self, Write as _},
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use clap::Args;
use otlp::{
    Batch, Rebatch, Signal, concat,
    file::{FileFormat, FileReader, FileWriter, WriteOptions, Written},
};

use crate::{
    arg,
    exit::{Exit, Failure},
    progress::Progress,
    quantity, source,
    terminal::say,
};

/// Convert telemetry files: jsonl, json, pb, frames, otz and otlp, each also under .gz or .zst.
///
/// Messages keep their order and, between binary formats, their bytes. What JSON has no place for is said on stderr. If a message
/// cannot be read, OUT holds those before it, and the exit code is 1.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ConvertArgs {
    /// The file to read; - is stdin.
    #[arg(value_name = "IN")]
    input: PathBuf,

    /// The file to write, in the format that its name ends in; - is stdout, jsonl unless --to says otherwise.
    #[arg(value_name = "OUT")]
    output: PathBuf,

    /// Merge and cut messages so that each has N items, the last one fewer; groups without items are left out.
    #[arg(long, value_name = "N")]
    batch_items: Option<NonZeroUsize>,

    /// Format of IN, whatever its name: jsonl, json, pb, frames, otz or otlp, with .gz or .zst behind.
    #[arg(long, value_name = "FORMAT", value_parser = arg::format)]
    from: Option<arg::Format>,

    /// Format of OUT, whatever its name.
    #[arg(long, value_name = "FORMAT", value_parser = arg::format)]
    to: Option<arg::Format>,

    /// Which signal IN holds, where name and content do not tell.
    #[arg(long, value_name = "SIGNAL")]
    signal: Option<Signal>,
}

const EXAMPLES: &str = "\
Examples:
  otlp convert traces.frames.zst traces.jsonl
  otlp convert logs.jsonl logs.frames.gz --batch-items 4096";

impl ConvertArgs {
    /// The conversion that `otlp decompress` is.
    pub(crate) const fn out_of(
        input: PathBuf,
        output: PathBuf,
        from: arg::Format,
        to: Option<arg::Format>,
    ) -> Self {
        Self { input, output, batch_items: None, from: Some(from), to, signal: None }
    }

    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        if is_same_file(&self.input, &self.output) {
            return Err(Failure::usage("IN and OUT are the same file").hint("write to another name").into());
        }
        let mut reader = source::open(&self.input, self.signal, self.from)?;
        // Before OUT is created, so that a file that is not readable at all leaves an existing OUT alone.
        let first = reader.next().transpose().map_err(source::failure)?;
        let mut sink = Sink::new(create(&self.output, self.to)?, self.batch_items);
        let copied = copy(first, &mut reader, &mut sink);
        let written = sink.finish()?;
        self.report(written);
        copied.map(|()| Exit::Done)
    }

    fn report(&self, written: Written) {
        say_left_out(&written);
        let name =
            if source::is_dash(&self.output) { "stdout".into() } else { self.output.display().to_string() };
        say!(
            "wrote {}, {}, {} to {name}",
            quantity::counted(written.messages, "message"),
            quantity::counted(written.items, "item"),
            quantity::bytes(written.bytes),
        );
    }
}

/// A writer to a file or stdout, in the format that is given or that the name ends in.
pub(crate) fn create(path: &Path, format: Option<arg::Format>) -> anyhow::Result<FileWriter> {
    let options = WriteOptions::default()
        .with_format(format.map(|format| format.format))
        .with_codec(format.and_then(|format| format.codec));
    let writer = if source::is_dash(path) {
        FileWriter::from_writer("<stdout>", io::stdout(), &options)
    } else {
        FileWriter::create(path, &options)
    };
    writer.map_err(source::failure)
}

/// Says what JSON had no place for.
pub(crate) fn say_left_out(written: &Written) {
    if written.left_out > 0 {
        say!(
            "left out {} of a newer protocol, for which JSON has no names; a binary format keeps them",
            quantity::counted(written.left_out, "field")
        );
    }
}

fn copy(first: Option<Batch>, reader: &mut FileReader, sink: &mut Sink) -> anyhow::Result<()> {
    let progress = Progress::new();
    let Some(first) = first else { return Ok(()) };
    sink.take(first)?;
    for batch in reader {
        sink.take(batch.map_err(source::failure)?)?;
        progress.show(|| format!("{} written", quantity::counted(sink.writer.written().messages, "message")));
    }
    progress.clear();
    Ok(())
}

/// A writer with what happens to messages before it.
pub(crate) struct Sink {
    writer: FileWriter,
    rebatch: Option<Rebatch>,
    /// Profiles for a file of one message: joining them takes all of them.
    joined: Vec<Batch>,
}

impl Sink {
    pub(crate) fn new(writer: FileWriter, batch_items: Option<NonZeroUsize>) -> Self {
        Self { writer, rebatch: batch_items.map(Rebatch::new), joined: Vec::new() }
    }

    pub(crate) fn take(&mut self, batch: Batch) -> anyhow::Result<()> {
        match &mut self.rebatch {
            Some(rebatch) => rebatch.push(batch)?.into_iter().try_for_each(|full| self.write(full)),
            None => self.write(batch),
        }
    }

    fn write(&mut self, batch: Batch) -> anyhow::Result<()> {
        if batch.signal() == Signal::Profiles
            && matches!(self.writer.format(), FileFormat::Pb | FileFormat::Json)
        {
            self.joined.push(batch);
            return Ok(());
        }
        self.writer.write(&batch).map_err(source::failure)
    }

    pub(crate) fn finish(mut self) -> anyhow::Result<Written> {
        if let Some(rebatch) = self.rebatch.take()
            && let Some(rest) = rebatch.finish()?
        {
            self.write(rest)?;
        }
        match self.joined.as_slice() {
            [] => {}
            [only] => self.writer.write(only).map_err(source::failure)?,
            several => self.writer.write(&concat(several)?).map_err(source::failure)?,
        }
        let written = self.writer.finish().map_err(source::failure)?;
        // Stdout keeps what has no line end.
        io::stdout().flush()?;
        Ok(written)
    }
}

/// Whether writing to `output` would destroy what is to be read.
pub(crate) fn is_same_file(input: &Path, output: &Path) -> bool {
    let real = |path| fs::canonicalize(path).ok();
    let regular = || fs::metadata(input).is_ok_and(|metadata| metadata.is_file());
    real(input).is_some_and(|input| real(output) == Some(input)) && regular()
}
