//! `cargo xtask deny`: licences, bans, sources and, if asked, advisories, by the rules of `deny.toml`.

use crate::args::Args;
use crate::process::run as run_command;
use crate::tool;

/// Runs cargo-deny over the workspace. `--advisories` adds the check that needs the advisory database from the network.
pub(crate) fn run(mut args: Args) -> anyhow::Result<()> {
    let advisories = args.flag("--advisories");
    args.done()?;
    let mut deny = tool::DENY.command()?;
    deny.args(["--workspace", "check", "bans", "licenses", "sources"]);
    if advisories {
        deny.arg("advisories");
    }
    run_command(&mut deny)
}
