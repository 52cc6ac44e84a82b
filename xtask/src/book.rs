//! `cargo xtask book`: the book in `docs/`, built into `target/book`.

use anyhow::bail;

use crate::args::Args;
use crate::process::run as run_command;
use crate::tool;

/// `build` (the default) or `serve`, which opens a page on loopback and rebuilds on change.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let words = args.finish()?;
    let verb = words.first().map_or("build", String::as_str);
    if !matches!(verb, "build" | "serve") || words.len() > 1 {
        bail!("usage: cargo xtask book [build|serve]");
    }
    run_command(tool::MDBOOK.command()?.args([verb, "docs"]))
}
