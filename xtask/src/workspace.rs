//! What the verbs know about the workspace: its folder, its members, its files.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde_json::Value;

use crate::process::{capture, cargo};

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    // Cargo sets the variable when it runs us; the compile-time value serves a binary that is started by hand.
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map_or_else(|| here.clone(), Path::to_path_buf)
}

/// A package of the workspace.
pub(crate) struct Member {
    /// The package's name, which is also its folder's.
    pub(crate) name: String,
    /// Names of the features, sorted, `default` included.
    pub(crate) features: Vec<String>,
    /// False if the manifest says `publish = false`.
    pub(crate) published: bool,
}

/// The members, in the order of the root manifest.
pub(crate) fn members() -> anyhow::Result<Vec<Member>> {
    let text = capture(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata")?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    packages.iter().map(member).collect()
}

fn member(package: &Value) -> anyhow::Result<Member> {
    let name = package["name"].as_str().context("a package without a name")?.to_owned();
    let mut features: Vec<String> =
        package["features"].as_object().map(|table| table.keys().cloned().collect()).unwrap_or_default();
    features.sort();
    // `publish = false` is an empty list of registries in the metadata; null means any.
    let published = package["publish"].as_array().is_none_or(|list| !list.is_empty());
    Ok(Member { name, features, published })
}

/// Files that git tracks or would track, relative to the root, with `/` as the separator.
pub(crate) fn files() -> anyhow::Result<Vec<String>> {
    let mut git = Command::new("git");
    git.current_dir(root()).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let text = capture(&mut git)?;
    let mut files: Vec<String> = text
        .split('\0')
        // A file deleted but not yet committed is still in the index.
        .filter(|name| !name.is_empty() && root().join(name).is_file())
        .map(str::to_owned)
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}
