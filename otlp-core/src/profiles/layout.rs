//! Layouts of profiles from before protocol version 1.10, recognised in raw bytes.

/// The older layout that these bytes are in, by the protocol versions that wrote it; `None` for the current one.
pub(crate) fn older(_bytes: &[u8]) -> Option<&'static str> {
    None
}
