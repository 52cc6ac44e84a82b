//! `cargo xtask soak`: the relay under faults for a long time. CI runs the same test for seconds.

use std::time::Instant;

use anyhow::{Context, bail};

use crate::args::Args;
use crate::bench::machine;
use crate::process::{cargo, run as run_command};
use crate::{section, workspace};

/// Minutes unless `--minutes` says otherwise.
const MINUTES: f64 = 30.0;
const PAGE: &str = "docs/src/relay.md";

/// Builds with optimisation, runs, shows the table; `--write` puts it into the page.
pub(crate) fn run(mut args: Args) -> anyhow::Result<()> {
    let minutes = args.value("--minutes")?.unwrap_or(MINUTES);
    let write = args.flag("--write");
    args.done()?;
    if !(0.1..=1440.0).contains(&minutes) {
        bail!("--minutes is 0.1 to 1440");
    }
    let result = workspace::root().join("target/soak.md");
    let load = machine::load();
    let began = Instant::now();
    let mut test = cargo();
    test.args(["test", "--release", "-p", "otlp-cli", "--test", "ordeal", "--", "--nocapture", "soak"]);
    test.env("OTLP_SOAK_SECONDS", format!("{:.0}", minutes * 60.0)).env("OTLP_SOAK_TABLE", &result);
    run_command(&mut test)?;
    eprintln!("took {} s", began.elapsed().as_secs());
    if write {
        let table = std::fs::read_to_string(&result).context("the soak left no table")?;
        let head = machine::describe(&load, "cargo xtask soak")?;
        section::write(PAGE, "soak", &format!("{head}\n\n{table}"), None)?;
    }
    Ok(())
}
