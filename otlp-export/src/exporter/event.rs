//! What hooks are told.

use std::{fmt, panic::AssertUnwindSafe, sync::Arc};

use otlp_core::{Batch, Signal};

use crate::{Clock, DropReason, Failure};

/// Items that were given up: what the hook of [`crate::ExporterBuilder::on_drop`] is told. `Display` gives one line.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Dropped {
    /// The destination's name.
    pub destination: Arc<str>,
    /// The items' signal.
    pub signal: Signal,
    /// How many, at least 1.
    pub items: u64,
    /// Why.
    pub reason: DropReason,
    /// What the last attempt met with, if there was one.
    pub failure: Option<Failure>,
    /// Of a single item that is too large: the name of the span or metric, the event name or the first words of the log record.
    /// At most 200 characters, none of them a control character.
    pub item_name: Option<String>,
}

/// A server took a batch but for some items, or with a warning: what the hook of [`crate::ExporterBuilder::on_partial`] is told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PartialSuccess {
    /// The destination's name.
    pub destination: Arc<str>,
    /// The items' signal.
    pub signal: Signal,
    /// Items of the request.
    pub items: u64,
    /// Items that the server refused; 0 for a warning.
    pub rejected: u64,
    /// The server's words.
    pub message: String,
}

/// A destination does not answer any more, or answers again: what the hook of [`crate::ExporterBuilder::on_availability`] is told.
/// `Display` gives one line.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Availability {
    /// The destination's name.
    pub destination: Arc<str>,
    /// What the last attempt met with; `None`: it answers again.
    pub failure: Option<Failure>,
}

impl fmt::Display for Availability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failure {
            Some(failure) => write!(f, "{}: {failure}; trying again", self.destination),
            None => write!(f, "{}: answers again", self.destination),
        }
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { destination, signal, items, reason, failure, item_name } = self;
        write!(f, "{destination}: dropped {items} {}, {reason}", signal.item_name())?;
        if let Some(name) = item_name {
            write!(f, " ({name:?})")?;
        }
        if let Some(failure) = failure {
            write!(f, ": {failure}")?;
        }
        Ok(())
    }
}

impl fmt::Display for PartialSuccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { destination, signal, items, rejected, message } = self;
        write!(f, "{destination}: {rejected} of {items} {} rejected: {message}", signal.item_name())
    }
}

type Hook<E> = Arc<dyn Fn(&E) + Send + Sync>;

/// The program's hooks.
#[derive(Clone, Default)]
pub(super) struct Hooks {
    pub(super) dropped: Option<Hook<Dropped>>,
    pub(super) partial: Option<Hook<PartialSuccess>>,
    pub(super) availability: Option<Hook<Availability>>,
    /// Time for the waits between attempts; a test's, perhaps.
    pub(super) clock: Clock,
}

impl Hooks {
    pub(super) fn dropped(&self, event: impl FnOnce() -> Dropped) {
        call(self.dropped.as_ref(), event);
    }

    pub(super) fn partial(&self, event: impl FnOnce() -> PartialSuccess) {
        call(self.partial.as_ref(), event);
    }

    pub(super) fn availability(&self, event: impl FnOnce() -> Availability) {
        call(self.availability.as_ref(), event);
    }
}

/// A hook that panics harms neither the worker nor the ledger; the panic's message has gone to the panic hook by then.
fn call<E>(hook: Option<&Hook<E>>, event: impl FnOnce() -> E) {
    if let Some(hook) = hook {
        let event = event();
        let _ = std::panic::catch_unwind(AssertUnwindSafe(|| hook(&event)));
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("dropped", &self.dropped.is_some())
            .field("partial", &self.partial.is_some())
            .field("availability", &self.availability.is_some())
            .finish()
    }
}

/// Enough to find the item by.
const NAME_CHARS: usize = 200;

/// What to call the only item of a batch by; `None` if it has no name.
pub(super) fn name_of_item(batch: &Batch) -> Option<String> {
    let name: String = match batch.signal() {
        Signal::Traces => batch.traces()?.spans().next()?.name().to_owned(),
        Signal::Metrics => batch.metrics()?.metrics().next()?.name().to_owned(),
        Signal::Logs => {
            let logs = batch.logs()?;
            let record = logs.log_records().next()?;
            match record.event_name() {
                "" => record.body()?.as_str()?.to_owned(),
                name => name.to_owned(),
            }
        }
        Signal::Profiles => return None,
    };
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let name: String = name.chars().take(NAME_CHARS).map(clean).collect();
    (!name.is_empty()).then_some(name)
}
