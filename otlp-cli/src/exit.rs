//! Exit codes and the one way an error reaches the user.

use std::{
    fmt,
    io::{self, Write as _},
    process::ExitCode,
};

use anstyle::{AnsiColor, Style};

use crate::terminal;

/// How the process ends. The numbers are part of the command's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Everything that was asked for is done.
    Done = 0,
    /// Findings, a mismatch, or any failure that has no code of its own: unusable input, a full disk.
    Failed = 1,
    /// A wrong command line.
    Usage = 2,
    /// The endpoint could not be reached.
    Unreachable = 3,
    /// The server rejected something for good.
    Rejected = 4,
    /// The server took less than it was given.
    Partial = 5,
    /// What was waited for did not come in time.
    TimedOut = 6,
    /// Ctrl-C.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error that knows its exit code and what to try next. Travels inside [`anyhow::Error`]; a plain error is
/// [`Exit::Failed`] without a hint.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// An error with its exit code.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None }
    }

    /// A wrong command line that clap cannot see.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// What to try next, as an imperative sentence without a full stop.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Prints the error with its causes on one line, the hint on the next, and gives the exit code.
///
/// A reader of our stdout that has gone away (`otlp inspect FILE | head -1`) is no error: nothing is printed, the code is 0.
pub(crate) fn report(error: &anyhow::Error) -> Exit {
    if error.chain().any(is_closed_pipe) {
        return Exit::Done;
    }
    let failure = error.downcast_ref::<Failure>();
    let mut err = terminal::stderr();
    let red = Style::new().fg_color(Some(AnsiColor::Red.into())).bold();
    let cyan = Style::new().fg_color(Some(AnsiColor::Cyan.into())).bold();
    // Nothing is left to do when stderr is closed too.
    let _ = writeln!(err, "{red}error:{red:#} {}", terminal::printable(&one_line(error)));
    if let Some(hint) = failure.and_then(|failure| failure.hint.as_ref()) {
        let _ = writeln!(err, "{cyan}hint:{cyan:#} {}", terminal::printable(hint));
    }
    failure.map_or(Exit::Failed, |failure| failure.exit)
}

fn is_closed_pipe(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// The error and its causes, leaving out what an outer message already says.
fn one_line(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_knows_its_code_under_further_context() {
        let error = anyhow::Error::from(Failure::usage("no signal").hint("give --signal"))
            .context("cannot read x.pb");
        assert_eq!(report(&error), Exit::Usage);
        assert_eq!(one_line(&error), "cannot read x.pb: no signal");
        assert_eq!(report(&anyhow::anyhow!("disk full")), Exit::Failed);
    }

    #[test]
    fn a_closed_pipe_is_no_error() {
        let closed = io::Error::from(io::ErrorKind::BrokenPipe);
        assert_eq!(report(&anyhow::Error::from(closed).context("cannot write")), Exit::Done);
    }

    #[test]
    fn causes_are_said_once() {
        let inner = io::Error::other("no space");
        let error = anyhow::Error::from(inner).context("cannot write a.jsonl: no space");
        assert_eq!(one_line(&error), "cannot write a.jsonl: no space");
    }
}
