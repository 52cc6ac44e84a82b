//! Code of the peers that generate from the protocol's definition: buffa from otlp-core's checked-in descriptors, pb-rs
//! from the `.proto` files that the `opentelemetry-proto` package carries. Neither needs `protoc`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

const DESCRIPTORS: &str = "../otlp-core/src/generated/descriptors.bin";

const FILES: [&str; 8] = [
    "opentelemetry/proto/common/v1/common.proto",
    "opentelemetry/proto/resource/v1/resource.proto",
    "opentelemetry/proto/trace/v1/trace.proto",
    "opentelemetry/proto/metrics/v1/metrics.proto",
    "opentelemetry/proto/logs/v1/logs.proto",
    "opentelemetry/proto/collector/trace/v1/trace_service.proto",
    "opentelemetry/proto/collector/metrics/v1/metrics_service.proto",
    "opentelemetry/proto/collector/logs/v1/logs_service.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={DESCRIPTORS}");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    buffa(&out.join("buffa"))?;
    quick_protobuf(&out.join("quick"))
}

fn fresh(folder: &Path) -> std::io::Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)
}

fn buffa(folder: &Path) -> Result<(), Box<dyn Error>> {
    fresh(folder)?;
    buffa_build::Config::new()
        .descriptor_set(DESCRIPTORS)
        .files(&FILES)
        .out_dir(folder)
        .include_file("mod.rs")
        .generate_views(true)
        .lazy_views(true)
        .compile()
}

fn quick_protobuf(folder: &Path) -> Result<(), Box<dyn Error>> {
    fresh(folder)?;
    let include = package("opentelemetry-proto")?.join("src/proto/opentelemetry-proto");
    let files: Vec<PathBuf> = FILES.iter().map(|file| include.join(file)).collect();
    let config = pb_rs::ConfigBuilder::new(&files, None, Some(&folder.to_path_buf()), &[include])
        .map_err(|error| error.to_string())?
        .build();
    Ok(pb_rs::types::FileDescriptor::run(&config).map_err(|error| error.to_string())?)
}

/// Source folder of a dependency, as the lock file pins it.
fn package(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let output = Command::new(std::env::var_os("CARGO").ok_or("CARGO is not set")?)
        .args(["metadata", "--format-version=1"])
        .output()?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let manifest = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["name"] == name)
        .and_then(|package| package["manifest_path"].as_str())
        .ok_or_else(|| format!("{name} is not a dependency"))?;
    Ok(Path::new(manifest).parent().ok_or("a manifest without a folder")?.to_path_buf())
}
