//! Traces: spans in scopes in resources.

mod kind;
mod view;
mod writer;

pub use kind::{SpanKind, StatusCode};
pub use view::{EventView, LinkView, ResourceSpansView, ScopeSpansView, SpanView, StatusView, TracesView};
pub use writer::{EventWriter, LinkWriter, ResourceSpansWriter, ScopeSpansWriter, SpanWriter, TracesWriter};
