//! Certificates that change while the server runs.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio_rustls::TlsAcceptor;

use super::stats::Counters;
use crate::{
    ServerTls, TlsError,
    tls::server::{Material, set_up},
};

/// The TLS settings in force, and where they come from.
pub(super) struct Certificates {
    settings: ServerTls,
    current: Mutex<Current>,
}

struct Current {
    acceptor: TlsAcceptor,
    /// What the files held, to see a change whatever their times say.
    material: Material,
}

impl Certificates {
    pub(super) fn new(settings: ServerTls) -> Result<Arc<Self>, TlsError> {
        let material = settings.read()?;
        let acceptor = set_up(&material)?.into();
        Ok(Arc::new(Self { settings, current: Mutex::new(Current { acceptor, material }) }))
    }

    /// For the next connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).acceptor.clone()
    }

    /// How often the files are looked at; `None` if there are none, or nobody wants it.
    pub(super) const fn interval(&self) -> Option<Duration> {
        self.settings.interval()
    }

    /// Reads the files again; gives whether something is new. What cannot be used changes nothing.
    pub(super) async fn reload(self: &Arc<Self>, counters: &Counters) -> Result<bool, TlsError> {
        let this = Arc::clone(self);
        let outcome = match tokio::task::spawn_blocking(move || this.read()).await {
            Ok(outcome) => outcome,
            // The runtime is going away.
            Err(_) => Ok(false),
        };
        match &outcome {
            Ok(true) => counters.certificates_reloaded(),
            Ok(false) => {}
            Err(_) => counters.certificates_failed(),
        }
        outcome
    }

    fn read(&self) -> Result<bool, TlsError> {
        let material = self.settings.read()?;
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.material == material {
            return Ok(false);
        }
        current.acceptor = set_up(&material)?.into();
        current.material = material;
        Ok(true)
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Looks at the files now and then, for as long as the task runs. What fails is counted; the next look may be luckier, because
/// certificate and key are seldom replaced in one moment.
pub(super) async fn watch(certificates: Arc<Certificates>, counters: Arc<Counters>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        let _ = certificates.reload(&counters).await;
    }
}
