//! `cargo xtask deny`: licences, advisories, bans and sources, by the rules of `deny.toml`.

use crate::args::Args;
use crate::process::run as run_command;
use crate::tool;

/// Runs cargo-deny over the workspace.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    args.done()?;
    run_command(tool::DENY.command()?.args(["--workspace", "check", "bans", "licenses", "sources"]))
}
