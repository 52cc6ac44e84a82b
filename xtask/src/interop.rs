//! `cargo xtask interop`: programs that others wrote against the `otlp` command. This file installs them; what is run
//! and compared stands in `xtask/interop/main.py`, because the independent decoder is Python's.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::args::Args;
use crate::process::run as run_command;
use crate::{reference, section, workspace};

/// The page and the part of it that `--write` fills.
const PAGE: &str = "docs/src/interop.md";
const SECTION: &str = "matrix";
/// The part that has a page and a section of its own, and can be written alone.
const ALONE: (&str, &str, &str) = ("conformance", "docs/src/conformance.md", "peers");

/// Builds the command, installs the peers, runs the parts named (or all), prints the tables.
pub(crate) fn run(mut args: Args) -> anyhow::Result<()> {
    let root = workspace::root();
    let write = args.flag("--write");
    let release = args.flag("--release");
    let data = args.value::<PathBuf>("--data")?.unwrap_or_else(|| root.join("../shared/data"));
    let given = args.value::<PathBuf>("--otlp")?;
    let parts = args.finish()?;
    let alone = parts == [ALONE.0];
    if write && !parts.is_empty() && !alone {
        bail!("--write takes the whole matrix or {}, not {}", ALONE.0, parts.join(" "));
    }
    let otlp = match given {
        Some(path) => path,
        None => reference::build(release)?,
    };
    let home = root.join("target/interop");
    let python = python(&root, &home)?;
    let node = node(&root, &home)?;
    let result = home.join("result.md");
    let mut main = Command::new(python);
    // Compiled Python beside the sources would show up in git.
    main.env("PYTHONDONTWRITEBYTECODE", "1").current_dir(&root).arg("xtask/interop/main.py");
    main.arg("--otlp").arg(otlp).arg("--data").arg(data).arg("--node").arg(node);
    main.arg("--work").arg(home.join("run")).arg("--result").arg(&result).args(parts);
    run_command(&mut main)?;
    if write {
        let (page, section) = if alone { (ALONE.1, ALONE.2) } else { (PAGE, SECTION) };
        section::write(page, section, &std::fs::read_to_string(&result)?, None)?;
    }
    Ok(())
}

/// The forwarder rotel, installed with the others.
pub(crate) fn rotel() -> anyhow::Result<PathBuf> {
    let root = workspace::root();
    python(&root, &root.join("target/interop"))?;
    let packages =
        std::fs::read_dir(root.join("target/interop/venv/lib")).context("the environment's lib")?;
    packages
        .filter_map(|folder| Some(folder.ok()?.path().join("site-packages/rotel/rotel-agent")))
        .find(|program| program.is_file())
        .context("the package rotel has no rotel-agent")
}

/// A virtual environment with the packages of `requirements.txt`; its interpreter.
fn python(root: &Path, home: &Path) -> anyhow::Result<PathBuf> {
    let venv = home.join("venv");
    let python = venv.join("bin/python");
    let wanted = root.join("xtask/interop/requirements.txt");
    if !is_current(&wanted, &venv) {
        let system = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
        run_command(Command::new(system).args(["-m", "venv"]).arg(&venv))?;
        run_command(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(&wanted))?;
        stamp(&wanted, &venv)?;
    }
    Ok(python)
}

/// A copy of the Node project with its packages; its folder.
fn node(root: &Path, home: &Path) -> anyhow::Result<PathBuf> {
    let folder = home.join("node");
    let source = root.join("xtask/interop/node");
    std::fs::create_dir_all(&folder)?;
    for name in ["package.json", "send.mjs"] {
        std::fs::copy(source.join(name), folder.join(name))
            .with_context(|| format!("could not copy {name}"))?;
    }
    let wanted = source.join("package.json");
    if !is_current(&wanted, &folder) {
        // No lock file: it would carry the address of whatever mirror this machine uses. Versions are pinned by hand.
        let flags =
            ["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
        run_command(Command::new("npm").args(flags).current_dir(&folder))?;
        stamp(&wanted, &folder)?;
    }
    Ok(folder)
}

/// Whether `folder` was installed from this very list.
fn is_current(wanted: &Path, folder: &Path) -> bool {
    match (std::fs::read(wanted), std::fs::read(folder.join("installed-from"))) {
        (Ok(wanted), Ok(installed)) => wanted == installed,
        _ => false,
    }
}

fn stamp(wanted: &Path, folder: &Path) -> anyhow::Result<()> {
    std::fs::copy(wanted, folder.join("installed-from")).context("could not note what was installed")?;
    Ok(())
}
