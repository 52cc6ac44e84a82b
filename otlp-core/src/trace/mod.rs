//! Traces: spans in scopes in resources.

mod kind;
mod view;

pub use kind::{SpanKind, StatusCode};
pub use view::{EventView, LinkView, ResourceSpansView, ScopeSpansView, SpanView, StatusView, TracesView};
