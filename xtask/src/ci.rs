//! `cargo xtask ci`: what CI runs. The steps stand in `.ci/run`, which has to work when xtask does not build.

use std::process::Command;

use crate::args::Args;
use crate::process::run as run_command;
use crate::workspace::root;

/// Runs `.ci/run`.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    args.done()?;
    run_command(Command::new("bash").arg(".ci/run").current_dir(root()))
}
