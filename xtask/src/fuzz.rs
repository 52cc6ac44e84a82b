//! `cargo xtask fuzz`: the targets of `fuzz/`, each for a bounded time.

use std::process::Command;

use anyhow::bail;

use crate::args::Args;
use crate::process::{capture, run as run_command};
use crate::tool;
use crate::workspace::root;

/// Seconds for each target unless `--seconds` says otherwise.
const SECONDS: u64 = 60;

/// Runs one target, or all of them one after another.
pub(crate) fn run(mut args: Args) -> anyhow::Result<()> {
    let seconds = args.value("--seconds")?.unwrap_or(SECONDS);
    let words = args.finish()?;
    let known = targets()?;
    let wanted: Vec<&String> = match words.first().map(String::as_str) {
        None => {
            println!("targets: {}", known.join(" "));
            return Ok(());
        }
        Some("all") => known.iter().collect(),
        Some(_) => words.iter().collect(),
    };
    for target in wanted {
        if !known.contains(target) {
            bail!("no fuzz target `{target}`; there are: {}", known.join(" "));
        }
        let mut fuzz = cargo_fuzz()?;
        fuzz.args(["run", target, "--"]);
        fuzz.arg(format!("-max_total_time={seconds}")).arg("-rss_limit_mb=4096").arg("-timeout=20");
        run_command(&mut fuzz)?;
    }
    Ok(())
}

fn targets() -> anyhow::Result<Vec<String>> {
    if !root().join("fuzz/Cargo.toml").is_file() {
        bail!("there is no fuzz/ folder");
    }
    let list = capture(cargo_fuzz()?.arg("list"))?;
    Ok(list.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect())
}

/// cargo-fuzz needs sanitizer flags that only nightly takes.
fn cargo_fuzz() -> anyhow::Result<Command> {
    let mut command = tool::FUZZ.command()?;
    // Cargo sets CARGO and RUSTUP_TOOLCHAIN for us; both would tie the child to the stable toolchain.
    command.env_remove("CARGO").env("RUSTUP_TOOLCHAIN", "nightly").arg("fuzz");
    Ok(command)
}
