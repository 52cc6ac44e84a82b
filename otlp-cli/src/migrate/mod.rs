//! `otlp migrate`: telemetry from one version of the semantic conventions to another.

mod render;

use std::{io::Write as _, path::PathBuf};

use clap::Args;
use otlp::{
    Batch, Signal,
    file::{FileReader, Written},
    migrate::{Collision, MigrateError, MigrationReport, Mode, Plan, Version},
};

use crate::{
    convert::{self, Sink},
    exit::{Exit, Failure},
    progress::Progress,
    quantity, source,
    terminal::{say, stdout},
};

/// Take telemetry from one version of the semantic conventions to another, newer or older.
///
/// Renames attributes, metrics, events and values version by version, scales units, and tells what was lossy or refused. Each
/// resource and scope starts from the version that its schema_url names; --from says it for all. What has no old name keeps
/// its bytes. The report goes to stdout, or to stderr where OUT is -.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MigrateArgs {
    /// The file to read; - is stdin.
    #[arg(value_name = "IN")]
    input: PathBuf,

    /// The file to write, in the format that its name ends in; - is stdout, as jsonl.
    #[arg(value_name = "OUT")]
    output: PathBuf,

    /// The schema version to go to, from 1.4.0 on.
    #[arg(long, value_name = "VERSION", value_parser = version)]
    to: Version,

    /// The schema version that IN is of, whatever its schema_url says.
    #[arg(long, value_name = "VERSION", value_parser = version)]
    from: Option<Version>,

    /// Keep the old names beside the new: attributes stand twice in their items, metrics twice in their messages.
    #[arg(long)]
    keep_both: bool,

    /// Which signal IN holds, where name and content do not tell.
    #[arg(long, value_name = "SIGNAL")]
    signal: Option<Signal>,

    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  otlp migrate traces.jsonl traces-new.jsonl --to 1.44.0
  otlp migrate metrics.frames.zst old.frames.zst --from 1.37.0 --to 1.20.0 --json";

fn version(text: &str) -> Result<Version, MigrateError> {
    text.parse()
}

impl MigrateArgs {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        if convert::is_same_file(&self.input, &self.output) {
            return Err(Failure::usage("IN and OUT are the same file").hint("write to another name").into());
        }
        let plan = match self.from {
            Some(from) => Plan::between(from.as_str(), self.to.as_str())?,
            None => Plan::to(self.to.as_str())?,
        };
        let mut reader = source::open(&self.input, self.signal, None)?;
        // Before OUT is created, so that a file that is not readable at all leaves an existing OUT alone.
        let first = reader.next().transpose().map_err(source::failure)?;
        let mut sink = Sink::new(convert::create(&self.output, None)?, None);
        let mut report = MigrationReport::default();
        let migrated = self.migrate(plan, first, &mut reader, &mut sink, &mut report);
        let written = sink.finish()?;
        migrated?;
        self.print(&report, written)?;
        let groups = report.groups();
        if groups.migrated == 0 && groups.unversioned + groups.foreign > 0 {
            let all =
                "nothing was migrated: no resource and no scope of IN names a schema version that is known";
            return Err(Failure::usage(all).hint("say with --from VERSION which one it is of").into());
        }
        Ok(Exit::Done)
    }

    fn migrate(
        &self,
        plan: Plan,
        first: Option<Batch>,
        reader: &mut FileReader,
        sink: &mut Sink,
        report: &mut MigrationReport,
    ) -> anyhow::Result<()> {
        let mode = if self.keep_both { Mode::KeepBoth } else { Mode::Rename };
        let progress = Progress::new();
        for (messages, batch) in (1..).zip(first.map(Ok).into_iter().chain(reader)) {
            let (batch, part) = plan.apply(&batch.map_err(source::failure)?, mode, Collision::default());
            report.merge(&part);
            sink.take(batch)?;
            progress.show(|| format!("{} migrated", quantity::counted(messages, "message")));
        }
        progress.clear();
        Ok(())
    }

    fn print(&self, report: &MigrationReport, written: Written) -> anyhow::Result<()> {
        convert::say_left_out(&written);
        let text = if self.json {
            format!("{}\n", render::json(report, self.from, self.to, self.keep_both, &written))
        } else {
            render::text(report, self.to, &written)
        };
        if source::is_dash(&self.output) {
            say!("{}", text.trim_end());
        } else {
            stdout().write_all(text.as_bytes())?;
        }
        Ok(())
    }
}
