//! `Event`: what the builders of all events share.

use crate::{Attributes, Stability};

/// An event of the conventions, as a builder: a log record with an event name.
///
/// ```
/// use otlp_semconv::{Event as _, exception};
///
/// let event = exception::event::Exception::new().exception_type("Timeout").message("no answer in 3 s");
/// # let _ = event;
/// assert_eq!(exception::event::Exception::NAME, "exception");
/// ```
///
/// ```compile_fail,E0061
/// otlp_semconv::session::event::Start::new();
/// ```
pub trait Event: Attributes {
    /// The event's name.
    const NAME: &'static str;
    /// How far the definition has come.
    const STABILITY: Stability;

    /// Begins a log record in a scope, with the event's name and all attributes.
    #[cfg(feature = "write")]
    #[inline(always)]
    fn begin<'w>(
        &self,
        scope: &'w mut otlp_core::logs::ScopeLogsWriter<'_>,
    ) -> otlp_core::logs::LogRecordWriter<'w>
    where
        Self: Sized,
    {
        crate::write::begin_event(self, scope)
    }
}
