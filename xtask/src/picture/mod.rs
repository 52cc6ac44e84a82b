//! `cargo xtask picture`: what `otlp demo` prints on a terminal, as an SVG for the README and the book.

mod ansi;
mod svg;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::args::Args;
use crate::process::capture;
use crate::{reference, workspace};

/// Where the picture goes.
const FILE: &str = "docs/src/demo.svg";

/// Runs the demo and draws what it printed on stdout; `--lines N` keeps the first N lines.
pub(crate) fn run(mut args: Args) -> anyhow::Result<()> {
    let keep = args.value("--lines")?.unwrap_or(usize::MAX);
    let release = args.flag("--release");
    let given = args.value::<PathBuf>("--otlp")?;
    args.done()?;
    let otlp = given.map_or_else(|| reference::build(release), Ok)?;
    let mut demo = Command::new(otlp);
    demo.args(["demo", "--color", "always"]).stdin(Stdio::null()).env_remove("NO_COLOR");
    let text = capture(&mut demo)?;
    let lines: Vec<Vec<ansi::Run>> = text.trim_end().lines().take(keep).map(ansi::runs).collect();
    if lines.len() < 5 {
        bail!("the demo printed only {} lines", lines.len());
    }
    std::fs::write(workspace::root().join(FILE), svg::draw("cargo run --bin otlp -- demo", &lines))
        .with_context(|| format!("could not write {FILE}"))?;
    println!("wrote {FILE}, {} lines", lines.len());
    Ok(())
}
