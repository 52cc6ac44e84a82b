//! `otlp compress`: telemetry files as tracezip frames, and what that gains against other codecs.

mod report;
mod rival;

use std::{
    io::{self, Write as _},
    num::NonZeroUsize,
    path::PathBuf,
};

use clap::{Args, ValueEnum};
use otlp::{
    Batch, Level, Rebatch, Signal,
    file::{FileFormat, FileWriter, WriteOptions, Written},
    group_by_trace,
    tracezip::{Inner, Options},
};

use self::report::Report;
use crate::{
    arg,
    convert::is_same_file,
    exit::{Exit, Failure},
    progress::Progress,
    quantity, source,
    terminal::{say, stdout},
    view,
};

/// Compress telemetry with tracezip: each message of IN becomes one frame, which gives back the identical bytes.
///
/// With --report, IN is also compressed by the other codecs, each message by itself, and a table compares sizes and speeds on one
/// core; MB/s count uncompressed OTLP, and `identical` says whether every message came back byte for byte.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompressArgs {
    /// The file to read; - is stdin.
    #[arg(value_name = "IN")]
    input: PathBuf,

    /// The file to write; - is stdout.
    #[arg(value_name = "OUT.otz", required_unless_present = "report")]
    output: Option<PathBuf>,

    /// General compression inside the frames; the report has all of them unless one is given. [default: zstd]
    #[arg(long, value_enum, value_name = "CODEC")]
    inner: Option<InnerArg>,

    /// Level of the inner compression, on its own scale. [default: 3 for zstd, 6 for gzip]
    #[arg(long, value_name = "L", allow_negative_numbers = true)]
    level: Option<i32>,

    /// Let frames build on those before: smaller, above all with small messages, but only readable in order.
    #[arg(long)]
    streaming: bool,

    /// Put the items of a trace behind each other within each message, which changes their order.
    #[arg(long)]
    group_by_trace: bool,

    /// Compare with the other codecs; OUT may then be left out.
    #[arg(long)]
    report: bool,

    /// Print the report as one JSON object a line.
    #[arg(long, requires = "report")]
    json: bool,

    /// Merge and cut messages so that each has N items, the last one fewer.
    #[arg(long, value_name = "N")]
    batch_items: Option<NonZeroUsize>,

    /// Format of IN, whatever its name: jsonl, json, pb, frames, otz or otlp, with .gz or .zst behind.
    #[arg(long, value_name = "FORMAT", value_parser = arg::format)]
    from: Option<arg::Format>,

    /// Which signal IN holds, where name and content do not tell.
    #[arg(long, value_name = "SIGNAL")]
    signal: Option<Signal>,
}

const EXAMPLES: &str = "\
Examples:
  otlp compress traces.frames traces.otz --streaming
  otlp compress traces.jsonl --report --batch-items 8192 --group-by-trace";

/// The inner compressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum InnerArg {
    Zstd,
    Gzip,
    Lz4,
    None,
}

impl From<InnerArg> for Inner {
    fn from(arg: InnerArg) -> Self {
        match arg {
            InnerArg::Zstd => Self::Zstd,
            InnerArg::Gzip => Self::Gzip,
            InnerArg::Lz4 => Self::Lz4,
            InnerArg::None => Self::None,
        }
    }
}

impl CompressArgs {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        if self.output.as_ref().is_some_and(|output| is_same_file(&self.input, output)) {
            return Err(Failure::usage("IN and OUT are the same file").hint("write to another name").into());
        }
        let mut reader = source::open(&self.input, self.signal, self.from)?;
        // Before OUT is created, so that a file that is not readable at all leaves an existing OUT alone.
        let first = reader.next().transpose().map_err(source::failure)?;
        let mut press = Press {
            report: if self.report { Some(self.rivals()?) } else { None },
            writer: self.output.is_some().then(|| self.create()).transpose()?,
            rebatch: self.batch_items.map(Rebatch::new),
            grouped: self.group_by_trace,
            uncompressed: 0,
        };
        let progress = Progress::new();
        let pressed = first.map(Ok).into_iter().chain(reader).try_for_each(|batch| {
            press.take(batch.map_err(source::failure)?)?;
            progress.show(|| format!("{} compressed", quantity::bytes(press.uncompressed)));
            anyhow::Ok(())
        });
        let finished = press.finish(pressed.is_ok());
        progress.clear();
        let (written, uncompressed, report) = finished?;
        if let Some(written) = written {
            self.say(written, uncompressed);
        }
        // Of an input that broke off there is nothing to compare.
        pressed?;
        let Some(report) = report else { return Ok(Exit::Done) };
        let mut out = stdout();
        if self.json {
            write!(out, "{}", report.lines())?;
        } else {
            write!(out, "{}", report.table(view::columns()))?;
        }
        out.flush()?;
        Ok(if report.is_identical() { Exit::Done } else { Exit::Failed })
    }

    fn options(&self, inner: Inner) -> Options {
        let level = self.level.map_or(Level::Default, Level::Number);
        Options::default().with_inner(inner).with_level(level)
    }

    fn create(&self) -> anyhow::Result<FileWriter> {
        let inner = self.inner.map_or(Inner::Zstd, Inner::from);
        let options = WriteOptions::default()
            .with_format(FileFormat::Otz)
            .with_tracezip(self.options(inner))
            .with_streaming(self.streaming);
        let writer = match &self.output {
            Some(path) if !source::is_dash(path) => FileWriter::create(path, &options),
            _ => FileWriter::from_writer("<stdout>", io::stdout(), &options),
        };
        writer.map_err(source::failure)
    }

    fn rivals(&self) -> anyhow::Result<Report> {
        let inner: Vec<Inner> = match (self.inner, self.level) {
            (Some(inner), _) => vec![inner.into()],
            // A level is one compression's.
            (None, Some(_)) => vec![Inner::Zstd],
            (None, None) => Inner::ALL.into_iter().filter(|inner| inner.is_supported()).collect(),
        };
        let options: Vec<Options> = inner.into_iter().map(|inner| self.options(inner)).collect();
        Report::new(&options, self.streaming, self.batch_items)
    }

    fn say(&self, written: Written, uncompressed: u64) {
        let name = match &self.output {
            Some(path) if !source::is_dash(path) => path.display().to_string(),
            _ => "stdout".to_owned(),
        };
        let each = match written.items {
            0 => String::new(),
            items => format!(", {:.2} bytes an item", written.bytes as f64 / items as f64),
        };
        say!(
            "wrote {}, {}, {} of {}{each} to {name}",
            quantity::counted(written.messages, "frame"),
            quantity::counted(written.items, "item"),
            quantity::bytes(written.bytes),
            quantity::bytes(uncompressed),
        );
    }
}

/// What messages go through.
struct Press {
    rebatch: Option<Rebatch>,
    grouped: bool,
    writer: Option<FileWriter>,
    report: Option<Report>,
    /// Bytes of messages so far.
    uncompressed: u64,
}

impl Press {
    fn take(&mut self, batch: Batch) -> anyhow::Result<()> {
        match &mut self.rebatch {
            Some(rebatch) => rebatch.push(batch)?.into_iter().try_for_each(|full| self.press(full)),
            None => self.press(batch),
        }
    }

    fn press(&mut self, batch: Batch) -> anyhow::Result<()> {
        let batch = if self.grouped { group_by_trace(&batch) } else { batch };
        self.uncompressed += batch.bytes().len() as u64;
        if let Some(writer) = &mut self.writer {
            writer.write(&batch).map_err(source::failure)?;
        }
        if let Some(report) = &mut self.report {
            report.add(&batch)?;
        }
        Ok(())
    }

    /// Writes what is left, whole messages only; `complete` says whether the input was.
    fn finish(mut self, complete: bool) -> anyhow::Result<(Option<Written>, u64, Option<Report>)> {
        if let Some(rebatch) = self.rebatch.take()
            && let Some(rest) = rebatch.finish()?
            && (complete || self.writer.is_some())
        {
            self.press(rest)?;
        }
        if let Some(report) = &mut self.report {
            report.finish()?;
        }
        let written = self.writer.map(FileWriter::finish).transpose().map_err(source::failure)?;
        // Stdout keeps what has no line end.
        io::stdout().flush()?;
        Ok((written, self.uncompressed, self.report))
    }
}
