//! Telemetry files as the commands take them: a path, or `-` for stdin.

use std::{io, path::Path};

use otlp::{
    Signal,
    file::{FileError, FileReader, ReadOptions},
};

use crate::{
    arg::Format,
    exit::{Exit, Failure},
};

/// The name that stands in messages about stdin.
pub(crate) const STDIN: &str = "<stdin>";

/// Whether a path means stdin or stdout.
pub(crate) fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Opens a file or stdin; what is not given is found out from name and content.
pub(crate) fn open(
    path: &Path,
    signal: Option<Signal>,
    format: Option<Format>,
) -> anyhow::Result<FileReader> {
    let options = ReadOptions::default()
        .with_signal(signal)
        .with_format(format.map(|format| format.format))
        .with_codec(format.and_then(|format| format.codec));
    let opened = if is_dash(path) {
        FileReader::from_reader(STDIN, io::stdin(), &options)
    } else {
        FileReader::open(path, &options)
    };
    opened.map_err(failure)
}

/// A file error with its exit code: what a flag of the command line would cure is wrong usage.
pub(crate) fn failure(error: FileError) -> anyhow::Error {
    let exit = match &error {
        FileError::UnknownSignal { .. }
        | FileError::SignalConflict { .. }
        | FileError::UnknownFormat { .. }
        | FileError::PprofName { .. } => Exit::Usage,
        _ => Exit::Failed,
    };
    let mut failure = Failure::new(exit, error.to_string());
    if let FileError::Open { file, source } = &error
        && source.kind() == io::ErrorKind::NotFound
        && file.starts_with('-')
    {
        failure = failure.hint("use - alone for stdin or stdout");
    }
    // The error stays the cause: `exit::report` looks for a closed pipe in it.
    anyhow::Error::from(error).context(failure)
}
