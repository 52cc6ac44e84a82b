//! Telemetry about sending telemetry: the exporter's own threads make none.

use std::cell::Cell;

thread_local! {
    /// Number of the exporter that this thread works for; 0 for all other threads.
    static EXPORTER: Cell<u64> = const { Cell::new(0) };
}

/// Whether this thread belongs to an exporter. Bridges that turn a program's own events (of `tracing`, `log`, allocators...) into
/// telemetry must stay silent here: what they would record about sending would be sent in turn, for ever.
///
/// Such threads have no `tracing` subscriber either: the default of these threads is `NoSubscriber`.
#[must_use]
pub fn is_suppressed() -> bool {
    current() != 0
}

/// The exporter that this thread works for; 0 on all others, and while the thread ends.
pub(super) fn current() -> u64 {
    EXPORTER.try_with(Cell::get).unwrap_or(0)
}

/// Runs `work` as if on one of the exporter's threads: it must not wait for them.
#[cfg(feature = "disk-queue")]
pub(super) fn on_behalf_of(exporter: u64, work: impl FnOnce()) {
    let before = EXPORTER.replace(exporter);
    work();
    EXPORTER.set(before);
}

/// Makes this thread, as long as it runs, one of the exporter's.
pub(super) fn enter(exporter: u64) {
    EXPORTER.set(exporter);
    #[cfg(any(feature = "grpc", feature = "server"))]
    silence();
}

/// hyper's, h2's and tonic's events go nowhere.
#[cfg(any(feature = "grpc", feature = "server"))]
fn silence() {
    use std::cell::RefCell;

    thread_local! {
        static GUARD: RefCell<Option<tracing::subscriber::DefaultGuard>> = const { RefCell::new(None) };
    }
    GUARD.set(Some(tracing::subscriber::set_default(tracing::subscriber::NoSubscriber::new())));
}
