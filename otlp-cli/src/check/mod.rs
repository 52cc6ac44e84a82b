//! `otlp check`: telemetry under the rules of the semantic conventions, from files or as it arrives.

mod baseline;
mod github;
mod json;
mod live;
mod sarif;
mod text;
mod weaver;

use std::{
    io::{self, Write},
    path::PathBuf,
    time::Duration,
};

use clap::{Args, ValueEnum};
use otlp::{
    Signal,
    check::{Checker, Level, Report, Run},
    registry::Registry,
};

use self::baseline::Baseline;
use crate::{
    arg,
    exit::{Exit, Failure},
    listen::ListenArgs,
    progress::Progress,
    quantity, source,
    terminal::{say, stdout},
};

/// Check telemetry against the semantic conventions: names, types, units, required attributes, values, and more.
///
/// Reads files, or with --grpc or --http receives telemetry until --max-items, --timeout or Ctrl-C, and then gives its verdict:
/// exit code 1 if there are findings at the level of --deny or worse. Nothing is fetched: the conventions are built in, and
/// --registry adds your own.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArgs {
    /// Telemetry files; - is stdin. With files, nothing listens.
    #[arg(value_name = "FILE", required_unless_present_any = ["grpc", "http"])]
    files: Vec<PathBuf>,

    /// Which signal the files hold, where name and content do not tell.
    #[arg(long, value_name = "SIGNAL")]
    signal: Option<Signal>,

    #[command(flatten)]
    listen: ListenArgs,

    /// Stop listening after N or more items (spans, data points, log records, profiles) of all signals together.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_items: Option<u64>,

    /// Stop listening after this time; exit with 6 if --max-items was not reached and nothing else is wrong.
    #[arg(long, value_name = "DUR", value_parser = arg::duration)]
    timeout: Option<Duration>,

    /// A registry of your own, on top of the built-in conventions: a folder of YAML files or a resolved file.
    #[arg(long, value_name = "DIR")]
    registry: Option<PathBuf>,

    /// Leave out the findings that this file lists.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// Write what is found to --baseline instead of comparing with it, and exit with 0.
    #[arg(long, requires = "baseline")]
    write_baseline: bool,

    /// How to print what is found.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// Exit with 1 if something is found at this level or a worse one.
    #[arg(long, value_enum, default_value_t, value_name = "LEVEL")]
    deny: Deny,

    /// As text, print information and every place too.
    #[arg(long)]
    all: bool,
}

const EXAMPLES: &str = "\
Examples:
  otlp check traces.jsonl metrics.frames
  otlp check telemetry/*.jsonl --baseline known.json --format github
  otlp check --grpc 127.0.0.1:4317 --http 127.0.0.1:4318 --timeout 30s --deny improvement";

/// How findings are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: grouped, with what to do.
    #[default]
    Text,
    /// One JSON object with findings and statistics.
    Json,
    /// The JSON of `weaver registry live-check`.
    Weaver,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
}

/// What makes the exit code 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Deny {
    /// Broken rules.
    #[default]
    Violation,
    /// Broken rules, and what could be better.
    Improvement,
    /// Anything.
    Information,
    /// Nothing.
    None,
}

impl Deny {
    const fn level(self) -> Option<Level> {
        match self {
            Self::Violation => Some(Level::Violation),
            Self::Improvement => Some(Level::Improvement),
            Self::Information => Some(Level::Information),
            Self::None => None,
        }
    }
}

/// What is printed: a report, and what was left out of it.
#[derive(Debug)]
struct Outcome {
    report: Report,
    /// Findings that the baseline has.
    known: usize,
}

impl CheckArgs {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        let registry = self.load()?;
        // Lives as long as the process, as the built-in registry does: who receives may need it until the end.
        let checker: &'static Checker<'static> = Box::leak(Box::new(Checker::new(registry)));
        let run = checker.run();
        if self.files.is_empty() {
            let (report, exit) = live::receive(&self.listen, run, self.max_items, self.timeout)?;
            return self.finish(report, exit);
        }
        let (report, unread) = self.read(run)?;
        self.finish(report, if unread == 0 { Exit::Done } else { Exit::Failed })
    }

    /// The conventions to check against.
    fn load(&self) -> anyhow::Result<&'static Registry> {
        let Some(path) = &self.registry else { return Ok(Registry::builtin()) };
        let registry = Registry::load_on(path, Registry::builtin()).map_err(|error| {
            let failure = Failure::usage(format!("cannot use the registry {}: {error}", path.display()));
            anyhow::Error::from(error).context(failure)
        })?;
        Ok(Box::leak(Box::new(registry)))
    }

    /// Checks all files; gives the number of messages that could not be read.
    fn read(&self, mut run: Run<'_>) -> anyhow::Result<(Report, u64)> {
        let mut unread = 0;
        for path in &self.files {
            let mut reader = source::open(path, self.signal, None)?;
            let name =
                if source::is_dash(path) { source::STDIN.to_owned() } else { path.display().to_string() };
            run.input(&name);
            let progress = Progress::new();
            let mut messages = 0;
            for batch in reader.by_ref() {
                match batch {
                    Ok(batch) => {
                        messages += 1;
                        run.check(&batch);
                    }
                    // Nothing of this file is known: its signal or its format.
                    Err(error) if messages == 0 => {
                        progress.clear();
                        return Err(source::failure(error));
                    }
                    Err(error) => {
                        unread += 1;
                        run.skip();
                        say!("{error}");
                    }
                }
                progress.show(|| format!("{name}: {}", quantity::counted(messages, "message")));
            }
            progress.clear();
        }
        Ok((run.finish(), unread))
    }

    /// Prints the report and decides.
    fn finish(&self, mut report: Report, exit: Exit) -> anyhow::Result<Exit> {
        let mut known = 0;
        if let Some(path) = &self.baseline {
            if self.write_baseline {
                let count = baseline::write(path, &report)?;
                say!("wrote {} to {}", quantity::counted(count as u64, "finding"), path.display());
                return Ok(exit);
            }
            let baseline = Baseline::read(path)?;
            let before = report.findings.len();
            let gone = baseline.leave_out(&mut report);
            known = before - report.findings.len();
            if gone > 0 {
                let gone = quantity::counted(gone as u64, "finding");
                say!("{gone} of {} did not come up; --write-baseline writes it anew", path.display());
            }
        }
        let outcome = Outcome { report, known };
        self.print(&outcome, &mut stdout())?;
        let denied = self.deny.level().is_some_and(|level| outcome.report.at_least(level) > 0);
        Ok(if denied { Exit::Failed } else { exit })
    }

    fn print(&self, outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
        match self.format {
            Format::Text => text::write(outcome, self.all, out),
            Format::Json => writeln!(out, "{}", json::object(&outcome.report)),
            Format::Weaver => writeln!(out, "{}", weaver::object(&outcome.report)),
            Format::Sarif => writeln!(out, "{}", sarif::object(&outcome.report)),
            Format::Github => {
                github::write(&outcome.report, out)?;
                say!("{}", text::verdict(outcome));
                Ok(())
            }
        }
    }
}
