//! `cargo xtask bench`: the measurements of `benches/`, as a table, as JSON lines, and in the book.

mod growth;
pub(crate) mod machine;
mod rate;
mod table;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::args::Args;
use crate::process::{capture, cargo, run as run_command};
use crate::workspace::root;
use crate::{interop, reference, section};

const PAGE: &str = "docs/src/performance.md";
const QUICK_ROUNDS: &str = "9";
/// Works counted by callgrind, and the peer beside each.
const COUNTED: &[(&str, &str)] = &[
    ("parse", "prost decode"),
    ("walk", "prost decode"),
    ("write", "fill prost types, encode"),
    ("encode", "prost encode_to_vec"),
    ("split", "prost decode, split, encode"),
    ("regroup", "prost decode, group, encode"),
    ("filter", "prost decode, retain, encode"),
    ("json write", "serde_json"),
    ("json read", "serde_json"),
];

/// What one call measures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Rows against peers in one process.
    Rows,
    /// Forwarders as programs of their own; rows too.
    Forward,
    /// Latency of a steady stream, and the highest rate.
    Rate,
    /// Cost per item by the number of items.
    Growth,
    /// Instructions, counted by callgrind.
    Instructions,
    /// Rows against otel-arrow, whose tree takes long to build.
    Arrow,
}

/// Measures; all but `--quick` and `--only` write the page.
///
/// Without a flag: rows, forwarders, rate and growth. `--forward`, `--rate`, `--growth`, `--instructions` and `--arrow`
/// are one part alone.
pub(crate) fn run(mut args: Args) -> anyhow::Result<()> {
    let quick = args.flag("--quick");
    let parts: Vec<Part> = [
        ("--forward", Part::Forward),
        ("--rate", Part::Rate),
        ("--growth", Part::Growth),
        ("--instructions", Part::Instructions),
        ("--arrow", Part::Arrow),
    ]
    .into_iter()
    .filter_map(|(flag, part)| args.flag(flag).then_some(part))
    .collect();
    let json: Option<PathBuf> = args.value("--json")?;
    let only: Option<String> = args.value("--only")?;
    args.done()?;
    // A part of the rows is no page.
    let write = !quick && only.is_none();
    let parts = match (parts.is_empty(), write) {
        (false, _) => parts,
        (true, true) => vec![Part::Rows, Part::Forward, Part::Rate, Part::Growth],
        (true, false) => vec![Part::Rows],
    };
    let load = machine::load();
    let profile = match (parts.contains(&Part::Arrow), quick) {
        (true, _) if parts.len() > 1 => bail!("--arrow goes alone: it is another build"),
        (true, _) => "arrow",
        (false, true) => "quick",
        (false, false) => "release",
    };
    let programs = Programs::build(profile)?;
    let start = Instant::now();
    let mut output = String::new();
    let mut rows = Vec::new();
    for part in &parts {
        match part {
            Part::Rows | Part::Arrow => {
                let only = if *part == Part::Arrow { Some("arrow") } else { only.as_deref() };
                output.push_str(&programs.rows(quick, only)?);
                rows = lines(&output)?;
            }
            Part::Forward => {
                eprintln!("forwarding");
                let text = programs.forward()?;
                rows.extend(lines(&text)?);
                output.push_str(&text);
            }
            Part::Rate => {
                eprintln!("a steady stream, then faster ones");
                let text = programs.rate()?;
                finish(write, "rate", &rate::section(&lines(&text)?)?)?;
                output.push_str(&text);
            }
            Part::Growth => {
                eprintln!("growth from 100 to 1,000,000 items");
                let text = capture_output(Command::new(&programs.benches).arg("--growth"))?;
                finish(write, "growth", &growth::section(&lines(&text)?)?)?;
                output.push_str(&text);
            }
            Part::Instructions => {
                finish(write, "instructions", &count_instructions(&programs.benches)?)?;
            }
        }
    }
    if let Some(path) = json {
        std::fs::write(&path, &output).with_context(|| format!("could not write {}", path.display()))?;
    }
    if !rows.is_empty() {
        let table = table::markdown(&rows)?;
        let (name, command) = match parts[0] {
            Part::Arrow => ("arrow", "cargo xtask bench --arrow"),
            Part::Rows => ("table", "cargo xtask bench"),
            // Forwarders alone are rows for people.
            _ => ("", ""),
        };
        let head = machine::describe(&load, command)?;
        finish(write && !name.is_empty(), name, &format!("{head}\n\n{table}"))?;
    }
    eprintln!("measured for {} s", start.elapsed().as_secs());
    Ok(())
}

/// Shows a section, and puts it into the page.
fn finish(write: bool, name: &str, text: &str) -> anyhow::Result<()> {
    println!("{text}");
    if write { section::write(PAGE, name, text, None) } else { Ok(()) }
}

/// What is measured: programs of `benches/`, which has a workspace and a lock file of its own, and ours.
struct Programs {
    benches: PathBuf,
    proxy: PathBuf,
}

impl Programs {
    fn build(profile: &str) -> anyhow::Result<Self> {
        let folder = root().join("benches");
        let features = if profile == "arrow" { "transport,arrow" } else { "transport" };
        let mut build = cargo();
        build.current_dir(&folder).args(["build", "--locked", "--features", features, "--profile", profile]);
        run_command(&mut build)?;
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| folder.join("target"), PathBuf::from);
        let program =
            |name: &str| target.join(profile).join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        Ok(Self { benches: program("otlp-benches"), proxy: program("prost-proxy") })
    }

    /// JSON lines of the rows, first with the system's allocator.
    fn rows(&self, quick: bool, only: Option<&str>) -> anyhow::Result<String> {
        let mut output = String::new();
        for allocator in if quick { &["system"][..] } else { &["system", "mimalloc"] } {
            let mut command = Command::new(&self.benches);
            command.env("OTLP_BENCH_ALLOCATOR", allocator);
            if quick {
                command.args(["--rounds", QUICK_ROUNDS]);
            }
            if let Some(only) = only {
                command.args(["--only", only]);
            }
            eprintln!("measuring, allocator: {allocator}");
            output.push_str(&capture_output(&mut command)?);
        }
        Ok(output)
    }

    fn forward(&self) -> anyhow::Result<String> {
        let mut command = Command::new(&self.benches);
        command.arg("--forward").arg("--relay").arg(reference::build(true)?).arg("--proxy").arg(&self.proxy);
        match interop::rotel() {
            Ok(rotel) => _ = command.arg("--rotel").arg(rotel),
            Err(error) => eprintln!("skipped: rotel ({error:#})"),
        }
        capture_output(&mut command)
    }

    fn rate(&self) -> anyhow::Result<String> {
        capture_output(Command::new(&self.benches).arg("--rate").arg("--relay").arg(reference::build(true)?))
    }
}

/// Standard output; what the program says meanwhile is shown.
fn capture_output(command: &mut Command) -> anyhow::Result<String> {
    capture(command.stderr(Stdio::inherit()))
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
        // Captures are not counted, and reading them under valgrind takes half a minute.
        .env("OTLP_DATA", "none")
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
