//! A server at work, and its end.

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, task::JoinHandle};

use super::{ServerStats, stats::Counters};

/// A server that listens. Dropping it closes the ports and cuts off what is in work; [`shutdown`](Self::shutdown) lets that finish.
#[must_use = "dropping it stops the server"]
pub struct Running {
    pub(super) grpc: Option<SocketAddr>,
    pub(super) http: Option<SocketAddr>,
    pub(super) unix: Option<PathBuf>,
    #[cfg(feature = "tls")]
    pub(super) certificates: Option<Arc<super::reload::Certificates>>,
    pub(super) counters: Arc<Counters>,
    pub(super) stop: watch::Sender<bool>,
    pub(super) listeners: Mutex<Vec<JoinHandle<()>>>,
    #[cfg(feature = "grpc")]
    pub(super) reporter: tonic_health::server::HealthReporter,
}

impl Running {
    /// Where OTLP/gRPC is served, with the port that was taken.
    #[must_use]
    pub const fn grpc_addr(&self) -> Option<SocketAddr> {
        self.grpc
    }

    /// Where OTLP/HTTP is served, with the port that was taken.
    #[must_use]
    pub const fn http_addr(&self) -> Option<SocketAddr> {
        self.http
    }

    /// The unix socket that serves both.
    #[must_use]
    pub fn unix_path(&self) -> Option<&Path> {
        self.unix.as_deref()
    }

    /// Reads certificates, key and client authorities from their files now; gives whether something is new. New connections get the
    /// new ones, open ones go on.
    ///
    /// # Errors
    /// Files that cannot be read or used; the former certificates stay.
    #[cfg(feature = "tls")]
    pub async fn reload_certificates(&self) -> Result<bool, crate::TlsError> {
        match &self.certificates {
            Some(certificates) => certificates.reload(&self.counters).await,
            None => Ok(false),
        }
    }

    /// The counters as they stand now.
    #[must_use]
    pub fn stats(&self) -> ServerStats {
        self.counters.snapshot()
    }

    /// Closes the ports, tells clients to go (HTTP/2: GOAWAY), and lets the requests in work finish for at most `deadline`.
    /// Returns whether all of them did; the others are cut off, and their clients will send again. A second call has nothing left
    /// to do.
    pub async fn shutdown(&self, deadline: Duration) -> bool {
        self.stop.send_replace(true);
        #[cfg(feature = "grpc")]
        super::companion::stopping(&mut self.reporter.clone()).await;
        let mut listeners = Listeners(std::mem::take(&mut *self.listeners()));
        let ended = async {
            for listener in &mut listeners.0 {
                // A listener that panicked has ended too.
                let _ = listener.await;
            }
        };
        tokio::time::timeout(deadline, ended).await.is_ok()
    }

    fn listeners(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Accept loops, which end their connections when they are aborted.
struct Listeners(Vec<JoinHandle<()>>);

impl Drop for Listeners {
    fn drop(&mut self) {
        for listener in &self.0 {
            listener.abort();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(Listeners(std::mem::take(&mut *self.listeners())));
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("grpc", &self.grpc).field("http", &self.http).finish_non_exhaustive()
    }
}
