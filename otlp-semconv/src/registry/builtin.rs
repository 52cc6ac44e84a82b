//! The registry that comes with the crate.

use std::sync::OnceLock;

use super::Registry;

static TEXT: &str = include_str!("../generated/registry.txt");
static BUILTIN: OnceLock<Registry> = OnceLock::new();

impl Registry {
    /// The OpenTelemetry conventions this crate was generated from ([`version`](Self::version)), facts only. The
    /// definitions of GenAI, MCP and OpenAI are the last live ones from before they moved to a registry of their own.
    ///
    /// Decoded at the first call, from text inside the program: no file, no network.
    pub fn builtin() -> &'static Self {
        BUILTIN.get_or_init(|| match Self::from_compact(TEXT) {
            Ok(registry) => registry,
            Err(error) => unreachable!("generated and tested: {error}"),
        })
    }
}
