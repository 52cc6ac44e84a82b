//! The semantic conventions: `cargo xtask codegen semconv [--model DIR] [--version V] [--live DIR] [--live-version V]`.
//!
//! Everything is made of facts in the model (names, types, values, levels, links), nothing of its prose.

mod attribute;
mod builder;
mod facade;
mod gate;
mod identifier;
mod index;
mod schemas;
mod signal;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use otlp_semconv::registry::Registry;
use otlp_semconv::resolve::Resolver;

use super::Output;
use crate::args::Args;
use crate::workspace::root;

/// The release that the checked-in code is of.
const VERSION: &str = "1.44.0";

/// The last release in which the conventions that moved to registries of their own were live, and where they were.
const LIVE_VERSION: &str = "1.41.1";
const LIVE_FOLDERS: [&str; 3] = ["gen-ai", "mcp", "openai"];

/// Where the model is.
pub(super) struct Source {
    model: PathBuf,
    version: String,
    live: PathBuf,
    live_version: String,
}

impl Source {
    /// Takes the flags out that say it.
    pub(super) fn take(args: &mut Args) -> anyhow::Result<Self> {
        let version = args.value("--version")?.unwrap_or_else(|| VERSION.to_owned());
        let live_version = args.value("--live-version")?.unwrap_or_else(|| LIVE_VERSION.to_owned());
        let model = args.value("--model")?.unwrap_or_else(|| released(&version));
        let live = args.value("--live")?.unwrap_or_else(|| released(&live_version));
        Ok(Self { model, version, live, live_version })
    }
}

/// Where a release of the conventions is expected.
fn released(version: &str) -> PathBuf {
    root().join("../shared/upstream").join(format!("semantic-conventions-{version}"))
}

/// Generates everything that comes out of the conventions.
pub(super) fn generate(output: &Output, source: &Source) -> anyhow::Result<()> {
    if !source.model.exists() {
        ensure!(output.check, "no model at {}; give --model DIR", source.model.display());
        println!("no model of the semantic conventions at {}: not compared", source.model.display());
        return Ok(());
    }
    let registry = registry(source)?;
    let generated = root().join("otlp-semconv/src/generated");
    output.bytes(&generated.join("registry.txt"), registry.to_compact().as_bytes())?;
    let beside = |dir: &Path| dir.join("schemas").join(&source.version);
    let schema = match beside(&source.model) {
        inside if inside.is_file() => inside,
        _ => beside(&source.model.join("..")),
    };
    if schema.is_file() {
        let code = schemas::source(&schema, &source.version, &main(source)?)?;
        output.rust(&generated.join("schemas.rs"), &code)?;
    } else {
        println!("no schema file at {}: the migration's steps stay as they are", schema.display());
    }
    facade::generate(output, &registry, &generated)
}

/// The schema URL of a release.
fn url(version: &str) -> String {
    format!("https://opentelemetry.io/schemas/{version}")
}

/// The main release.
fn main(source: &Source) -> anyhow::Result<Registry> {
    let model = folder(&source.model);
    let main = Resolver::new().schema_url(url(&source.version)).load(&model)?;
    ensure!(
        main.version() == source.version,
        "{} is of version {}, not {}",
        model.display(),
        main.version(),
        source.version
    );
    Ok(main)
}

/// The main release, and on it the live definitions of what moved away.
fn registry(source: &Source) -> anyhow::Result<Registry> {
    let main = main(source)?;
    let model = folder(&source.model);
    let mut files = Vec::new();
    for name in LIVE_FOLDERS.map(Path::new) {
        // Releases before the move have them alive themselves.
        let mut own = Vec::new();
        if model.join(name).is_dir() {
            read(&model, name, &mut own)?;
        }
        if own.is_empty() {
            read(&folder(&source.live), name, &mut files)?;
        }
    }
    if files.is_empty() {
        return Ok(main);
    }
    files.sort();
    let files = files.iter().map(|(name, text)| (&**name, &**text));
    let live = Resolver::new().schema_url(url(&source.live_version)).on(&main).files(files)?;
    Ok(live.with_main_source(&url(&source.version)))
}

/// `DIR` itself, or the folder `model` in it.
fn folder(dir: &Path) -> PathBuf {
    let inner = dir.join("model");
    if inner.is_dir() { inner } else { dir.to_owned() }
}

/// All YAML files of a folder, with their names.
fn read(root: &Path, folder: &Path, into: &mut Vec<(String, String)>) -> anyhow::Result<()> {
    let path = root.join(folder);
    for entry in path.read_dir().with_context(|| format!("cannot read {}", path.display()))? {
        let entry = entry?;
        let name = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            // What was deprecated even then is told by the main release.
            if entry.file_name() != "deprecated" {
                read(root, &name, into)?;
            }
        } else if name.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            into.push((name.display().to_string(), std::fs::read_to_string(entry.path())?));
        }
    }
    Ok(())
}
