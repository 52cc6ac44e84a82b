//! What a registry may cost.

/// Limits on what is read; a registry beyond one of them is refused with an error that names the limit.
///
/// The whole OpenTelemetry model has about 250 files, 1.3 MB, 100,000 nodes and 10,000 uses of attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Files of one registry. Default 10,000.
    pub files: usize,
    /// Bytes of all files together. Default 64 MiB.
    pub bytes: usize,
    /// YAML nodes (keys, values, lists, maps) of all files together, those behind aliases counted each time.
    /// Default 1,000,000.
    pub nodes: usize,
    /// Nesting of YAML, and of folders. Default 64.
    pub depth: usize,
    /// Length of a chain of `extends`, `ref` and `ref_group`, and of registries that stand on each other. Default 32.
    pub chain: usize,
    /// Uses of attributes by all signals and groups together, inherited ones counted each time. Default 1,000,000.
    pub uses: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { files: 10_000, bytes: 64 << 20, nodes: 1_000_000, depth: 64, chain: 32, uses: 1_000_000 }
    }
}
