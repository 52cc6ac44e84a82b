//! How lenient the reader is beyond what the specification asks.

/// Settings of [`read`](super::read()).
///
/// ```
/// use otlp_core::{Limits, Signal, json::{self, JsonOptions}};
/// let text = br#"{"resource_spans":[{}]}"#;
/// // By the specification `resource_spans` is an unknown key.
/// let strict = json::read(Signal::Traces, text, &JsonOptions::default(), &Limits::default())?;
/// assert!(strict.bytes().is_empty());
/// let options = JsonOptions::default().with_snake_case(true);
/// assert_eq!(json::read(Signal::Traces, text, &options, &Limits::default())?.bytes(), &b"\x0a\x00"[..]);
/// # Ok::<(), json::JsonError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JsonOptions {
    snake_case: bool,
}

impl JsonOptions {
    /// Whether keys may also stand as in the `.proto` files: `start_time_unix_nano`. Off by default: OTLP/JSON has
    /// lowerCamelCase keys only, and all others are unknown.
    pub const fn snake_case(&self) -> bool {
        self.snake_case
    }

    /// Sets [`snake_case`](Self::snake_case).
    #[must_use]
    pub const fn with_snake_case(mut self, accept: bool) -> Self {
        self.snake_case = accept;
        self
    }
}
