//! `cargo xtask nextest`: the tests in parallel, one process each. Doc tests need `cargo test --doc`.

use crate::args::Args;
use crate::process::run as run_command;
use crate::tool;

/// Hands every argument on to `cargo nextest run`; without any, runs the whole workspace.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let mut words = args.into_words();
    if words.is_empty() {
        words.push("--workspace".to_owned());
    }
    run_command(tool::NEXTEST.command()?.args(["nextest", "run"]).args(words))
}
