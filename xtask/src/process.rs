//! Child processes, shown before they run.

use std::process::Command;

use anyhow::{Context, bail};

/// `cargo` as the one that runs this xtask, in the workspace root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(crate::workspace::root());
    command
}

/// Runs to the end with our own input and output; a failure names the command.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    eprintln!("$ {}", show(command));
    let status = command.status().with_context(|| format!("could not start {}", show(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", show(command));
    }
    Ok(())
}

/// Runs silently and returns standard output; a failure carries standard error.
pub(crate) fn capture(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("could not start {}", show(command)))?;
    if !output.status.success() {
        bail!("{} ended with {}\n{}", show(command), output.status, String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("{} printed bytes that are not text", show(command)))
}

/// The command as one would type it: program without its folder, then the arguments.
fn show(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let mut text = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}
