//! Noticing that this process is a forked child, at the cost of one read from memory.
//!
//! A child of `fork` has only the thread that forked: the exporter's worker is gone, and its locks may be held for ever. Asking
//! for the process id would tell, but costs a system call for each batch (glibc keeps no copy of it since 2.25).

use std::sync::{
    Once,
    atomic::{AtomicU64, Ordering},
};

/// How many forks lie between this process and the first that looked.
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// Which process this is: changes in a forked child, and only there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation(u64);

impl Generation {
    /// That of the process that calls. From here on forks are counted.
    pub(crate) fn of_this_process() -> Self {
        watch();
        Self::now()
    }

    /// Whether the caller is a forked child of the process that this was taken in.
    #[inline]
    pub(crate) fn is_other_process(self) -> bool {
        self != Self::now()
    }

    #[inline]
    fn now() -> Self {
        Self(GENERATION.load(Ordering::Relaxed))
    }
}

#[cfg(unix)]
extern "C" fn count() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// Has the C library call [`count`] in each child. `vfork`, `posix_spawn` and raw `clone` do not; their children run another
/// program at once or belong to someone who knows that threads are gone.
fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        #[cfg(unix)]
        {
            // SAFETY: `count` is a plain function for the whole life of the program and does nothing that is not allowed between
            // fork and exec: it changes one atomic. A failure (no memory for the list) leaves forks unnoticed, as without us.
            let _ = unsafe { libc::pthread_atfork(None, None, Some(count)) };
        }
    });
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use otlp_core::{Batch, Signal, logs::LogsWriter};

    use crate::{Client, Destination, Exporter, RejectReason};

    fn exporter() -> Exporter {
        let client = Client::builder().endpoint("http://127.0.0.1:9");
        let destination = Destination::new("nowhere", client);
        let builder = Exporter::builder().destination(destination).shutdown_on_drop(Duration::ZERO);
        builder.start().expect("a thread")
    }

    fn record() -> Batch {
        let mut writer = LogsWriter::new();
        writer.resource(|_| {}).scope("", "").record().body("hello");
        writer.finish()
    }

    /// What the child does; its exit code is the line that went wrong, or 0.
    fn child(exporter: Exporter) -> i32 {
        let Err(rejected) = exporter.send(record()) else { return line!() as i32 };
        if rejected.refusals().collect::<Vec<_>>() != [("nowhere", RejectReason::Forked)] {
            return line!() as i32;
        }
        if exporter.resend(rejected).is_ok() || !exporter.ledger().report().is_forked() {
            return line!() as i32;
        }
        let minute = Duration::from_secs(60);
        if !exporter.flush_blocking(minute).is_forked() || !exporter.shutdown_blocking(minute).is_forked() {
            return line!() as i32;
        }
        drop(exporter);
        // One of its own works.
        let own = self::exporter();
        if own.send(record()).is_err() {
            return line!() as i32;
        }
        let report = own.shutdown_blocking(Duration::ZERO);
        if report.signal(Signal::Logs).submitted != 1 { line!() as i32 } else { 0 }
    }

    #[test]
    fn a_forked_child_is_refused_and_may_start_its_own() {
        let exporter = exporter();
        // The worker and senders are busy with the locks while we fork.
        let busy = exporter.clone();
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let stopped = std::sync::Arc::clone(&stop);
        let sender = std::thread::spawn(move || {
            while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
                let _ = busy.send(record());
            }
        });
        for _ in 0..20 {
            let copy = exporter.clone();
            // SAFETY: the child runs `child` and leaves by `_exit`; it takes no lock of the parent's (that is what the test is about),
            // and glibc makes allocation safe in a forked child.
            let pid = unsafe { libc::fork() };
            assert!(pid >= 0);
            if pid == 0 {
                let code = child(copy);
                // SAFETY: ends the child without running what the parent registered.
                unsafe { libc::_exit(code.min(255)) };
            }
            let mut status = 0;
            // SAFETY: waits for the child made above and writes its status to a local.
            let waited = unsafe { libc::waitpid(pid, &raw mut status, 0) };
            assert_eq!(waited, pid);
            assert!(libc::WIFEXITED(status), "{status}");
            assert_eq!(libc::WEXITSTATUS(status), 0, "the child's line that went wrong");
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        sender.join().unwrap();
        let report = exporter.shutdown_blocking(Duration::ZERO);
        assert!(report.is_balanced() && !report.is_forked(), "{report}");
    }
}
