//! `cargo xtask kill`: the kill test of the relay with many seeds. CI runs the same test with 25.

use std::process::Command;

use crate::args::Args;
use crate::process::run as run_command;

/// Runs unless `--seeds` says otherwise.
const SEEDS: u64 = 1000;

/// Builds with optimisation, then kills.
pub(crate) fn run(mut args: Args) -> anyhow::Result<()> {
    let seeds = args.value("--seeds")?.unwrap_or(SEEDS);
    let first = args.value("--first")?.unwrap_or(1_u64);
    args.finish()?;
    let mut test = Command::new(env!("CARGO"));
    test.args([
        "test",
        "--release",
        "-p",
        "otlp-cli",
        "--test",
        "ordeal",
        "--",
        "--nocapture",
        "kill",
        "disk",
    ]);
    test.env("OTLP_TORN_STEP", "1")
        .env("OTLP_KILL_SEEDS", seeds.to_string())
        .env("OTLP_KILL_FIRST", first.to_string());
    run_command(&mut test)
}
