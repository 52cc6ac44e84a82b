//! Messages, schema tables and descriptors from the `.proto` files that two pinned packages carry.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use prost::Message as _;
use prost_types::FileDescriptorSet;

use super::{Output, encode, root, schema};

const FILES: [&str; 5] = [
    "opentelemetry/proto/collector/trace/v1/trace_service.proto",
    "opentelemetry/proto/collector/metrics/v1/metrics_service.proto",
    "opentelemetry/proto/collector/logs/v1/logs_service.proto",
    "opentelemetry/proto/collector/profiles/v1development/profiles_service.proto",
    "error_details.proto",
];

/// Generates everything that comes out of the protocol's definition.
pub(super) fn generate(output: &Output) -> anyhow::Result<()> {
    let otlp = package("opentelemetry-proto")?.join("src/proto/opentelemetry-proto");
    let google = package("tonic-types")?.join("proto");
    let mut files = FILES.to_vec();
    files.push("status.proto");
    let mut set = protox::compile(files, [&otlp, &google]).context("cannot compile the .proto files")?;
    for file in &mut set.file {
        file.source_code_info = None;
    }

    let generated = root().join("otlp-core/src/generated");
    messages(output, &generated.join("proto"), &set)?;
    output.rust(&generated.join("schema.rs"), &schema::tables(&set)?)?;
    output.rust(&generated.join("encode.rs"), &encode::encoders(&set)?)?;
    set.file.retain(|file| file.package().starts_with("opentelemetry."));
    output.bytes(&generated.join("descriptors.bin"), &set.encode_to_vec())
}

fn messages(output: &Output, folder: &Path, set: &FileDescriptorSet) -> anyhow::Result<()> {
    let scratch = root().join("target/codegen-proto");
    if scratch.exists() {
        std::fs::remove_dir_all(&scratch)?;
    }
    std::fs::create_dir_all(&scratch)?;
    prost_build::Config::new()
        .out_dir(&scratch)
        .disable_comments(["."])
        .compile_well_known_types()
        .include_file("mod.rs")
        .compile_fds(set.clone())
        .context("prost-build failed")?;

    let mut made = Vec::new();
    for entry in std::fs::read_dir(&scratch)? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        output.rust(&path, &std::fs::read_to_string(entry.path())?)?;
        made.push(path);
    }
    output.no_others(folder, &made)
}

/// Source folder of a dependency, as the lock file pins it.
fn package(name: &str) -> anyhow::Result<PathBuf> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .context("cannot run cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["name"] == name)
        .and_then(|package| package["manifest_path"].as_str())
        .and_then(|manifest| Path::new(manifest).parent())
        .map(Path::to_path_buf)
        .with_context(|| format!("{name} is not a dependency of xtask"))
}
