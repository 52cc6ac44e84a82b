//! `cargo xtask bench`: the measurements of `benches/`, as a table, as JSON lines, and in the book.

mod growth;
mod machine;
mod table;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::args::Args;
use crate::process::{capture, cargo, run as run_command};
use crate::section;
use crate::workspace::root;

const PAGE: &str = "docs/src/performance.md";
const QUICK_ROUNDS: &str = "9";
/// Works counted by callgrind, and the peer beside each.
const COUNTED: &[(&str, &str)] = &[
    ("parse", "prost decode"),
    ("walk", "prost decode"),
    ("write", "fill prost types, encode"),
    ("split", "prost decode, split, encode"),
];

/// Compares (the default), counts instructions, or shows how the cost grows; all but `--quick` write the page.
pub(crate) fn run(mut args: Args) -> anyhow::Result<()> {
    let quick = args.flag("--quick");
    let instructions = args.flag("--instructions");
    let growth = args.flag("--growth");
    let json: Option<PathBuf> = args.value("--json")?;
    let only: Option<String> = args.value("--only")?;
    args.done()?;
    // A part of the rows is no page.
    let write = !quick && only.is_none();
    let program = build(quick)?;
    if instructions {
        let table = count_instructions(&program)?;
        println!("{table}");
        return if write { section::write(PAGE, "instructions", &table, None) } else { Ok(()) };
    }
    if growth {
        let rows = lines(&capture(Command::new(&program).arg("--growth"))?)?;
        let text = growth::section(&rows)?;
        println!("{text}");
        return if write { section::write(PAGE, "growth", &text, None) } else { Ok(()) };
    }

    let mut rows = Vec::new();
    let mut text = String::new();
    let load = machine::load();
    for allocator in if quick { &["system"][..] } else { &["system", "mimalloc"] } {
        let mut command = Command::new(&program);
        command.env("OTLP_BENCH_ALLOCATOR", allocator);
        if quick {
            command.args(["--rounds", QUICK_ROUNDS]);
        }
        if let Some(only) = &only {
            command.args(["--only", only]);
        }
        eprintln!("measuring, allocator: {allocator}");
        let output = capture(&mut command)?;
        rows.extend(lines(&output)?);
        text.push_str(&output);
    }
    if let Some(path) = json {
        std::fs::write(&path, text).with_context(|| format!("could not write {}", path.display()))?;
    }
    let table = table::markdown(&rows)?;
    println!("{table}");
    if write {
        let head = machine::describe(&load)?;
        section::write(PAGE, "table", &format!("{head}\n\n{table}"), None)?;
    }
    Ok(())
}

/// Builds the program of `benches/`, which has a workspace and a lock file of its own.
fn build(quick: bool) -> anyhow::Result<PathBuf> {
    let folder = root().join("benches");
    let profile = if quick { "quick" } else { "release" };
    let mut build = cargo();
    build.current_dir(&folder).args(["build", "--locked", "--features", "transport", "--profile", profile]);
    run_command(&mut build)?;
    Ok(folder.join("target").join(profile).join("otlp-benches"))
}

fn lines(output: &str) -> anyhow::Result<Vec<Value>> {
    output
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("not JSON: {line}")))
        .collect()
}

/// A table of instructions per item, our side and a peer's.
fn count_instructions(program: &std::path::Path) -> anyhow::Result<String> {
    let mut table = String::from(
        "| work | against | instructions per item, ours | the peer's | ratio |\n|---|---|--:|--:|--:|\n",
    );
    for (work, peer) in COUNTED {
        let ours = instructions(program, work, None)?;
        let theirs = instructions(program, work, Some(peer))?;
        table.push_str(&format!("| {work} | {peer} | {ours:.0} | {theirs:.0} | {:.2} |\n", theirs / ours));
    }
    Ok(table)
}

/// Instructions per item that callgrind counts in one run of one side.
fn instructions(program: &std::path::Path, work: &str, peer: Option<&str>) -> anyhow::Result<f64> {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*contest*measured*"])
        .args(["--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--once", work]);
    if let Some(peer) = peer {
        command.args(["--peer", peer]);
    }
    eprintln!("counting {work}, {}", peer.unwrap_or("ours"));
    let output = command.output().context("could not start valgrind; it counts the instructions")?;
    let log = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("valgrind ended with {}\n{log}", output.status);
    }
    let items: f64 = String::from_utf8_lossy(&output.stdout).trim().parse().context("number of items")?;
    let counted = log.lines().find_map(|line| line.split_once("Collected : ")).context("valgrind's count")?.1;
    let counted: f64 = counted.trim().parse().context("valgrind's count")?;
    Ok(counted / items)
}
