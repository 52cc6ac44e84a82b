//! The `otlp` command.
fn main() {}
