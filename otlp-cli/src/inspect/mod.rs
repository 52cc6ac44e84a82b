//! `otlp inspect`: what is in telemetry files.

mod count;
mod gather;
mod render;
mod summary;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use clap::Args;
use otlp::Signal;

use self::summary::{FileSummary, Report};
use crate::{
    exit::Exit,
    progress::Progress,
    quantity, source,
    terminal::{say, stdout},
};

/// Show what is in telemetry files: items, resources, services, scopes, names, attribute keys, time range, sizes.
///
/// All files together are one summary for each signal. A message that cannot be read is said on stderr and left out; the exit
/// code is then 1.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InspectArgs {
    /// Telemetry files; - is stdin.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Which signal the files hold, where name and content do not tell.
    #[arg(long, value_name = "SIGNAL")]
    signal: Option<Signal>,

    /// Print one JSON object, with all names and keys rather than the most frequent.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  otlp inspect traces.jsonl
  otlp inspect telemetry/*.frames --json";

impl InspectArgs {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        let mut report = Report::default();
        let mut unread = 0;
        for file in &self.files {
            unread += self.read(file, &mut report)?;
        }
        if self.json {
            writeln!(stdout(), "{}", report.to_json())?;
        } else {
            render::write(&report, &mut stdout())?;
        }
        Ok(if unread == 0 { Exit::Done } else { Exit::Failed })
    }

    /// Adds one file to the report; gives the number of errors.
    fn read(&self, path: &Path, report: &mut Report) -> anyhow::Result<u64> {
        let mut reader = source::open(path, self.signal, None)?;
        let progress = Progress::new();
        let mut file = FileSummary::default();
        let mut unread = 0;
        for batch in reader.by_ref() {
            match batch {
                Ok(batch) => {
                    file.messages += 1;
                    file.items += batch.items() as u64;
                    report.add(&batch);
                }
                // Nothing of this file is known: its signal or its format.
                Err(error) if file.messages == 0 => {
                    progress.clear();
                    return Err(source::failure(error));
                }
                Err(error) => {
                    unread += 1;
                    say!("{error}");
                }
            }
            progress.show(|| format!("{}: {}", path.display(), quantity::counted(file.messages, "message")));
        }
        progress.clear();
        file.content_bytes = reader.offset();
        file.name = if source::is_dash(path) { source::STDIN.to_owned() } else { path.display().to_string() };
        file.bytes = fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len());
        file.signal = reader.signal();
        file.format = reader.format().as_str();
        file.codec = reader.codec().as_str();
        report.files.push(file);
        Ok(unread)
    }
}
