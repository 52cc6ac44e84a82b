//! A small page for those that run a program: is it alive, is it ready, what has it counted.
//!
//! `GET /healthz` is 200 as long as the process answers, `GET /readyz` 200 or 503 with the reason, `GET /metrics` the Prometheus
//! text format. Nothing can be changed through it.

mod metrics;
mod serve;

use std::{net::SocketAddr, sync::Arc};

pub use metrics::{MetricKind, MetricsPage};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::ServerError;

/// What an [`Admin`] endpoint shows.
pub trait Status: Send + Sync + 'static {
    /// Whether the program can take work.
    ///
    /// # Errors
    /// A sentence that says why it cannot.
    fn ready(&self) -> Result<(), String>;

    /// Writes what has been counted. Called for each request.
    fn metrics(&self, page: &mut MetricsPage);
}

/// An admin endpoint that listens; dropping it closes it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use otlp_export::admin::{Admin, MetricKind, MetricsPage, Status};
///
/// struct Always;
/// impl Status for Always {
///     fn ready(&self) -> Result<(), String> {
///         Ok(())
///     }
///     fn metrics(&self, page: &mut MetricsPage) {
///         page.family("up", MetricKind::Gauge, "1 while the program runs.").sample(&[], 1);
///     }
/// }
/// let admin = Admin::start("127.0.0.1:0".parse()?, Always).await?;
/// println!("http://{}/metrics", admin.addr());
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "dropping it closes the endpoint"]
pub struct Admin {
    address: SocketAddr,
    listener: JoinHandle<()>,
}

impl Admin {
    /// Listens on the runtime that the call is made in; port 0 takes a free one.
    ///
    /// # Errors
    /// No runtime, or an address that is taken.
    pub async fn start(address: SocketAddr, status: impl Status) -> Result<Self, ServerError> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(ServerError::NoRuntime);
        }
        let failed = |source| ServerError::Bind { address, protocol: "the admin endpoint", source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let listener = tokio::spawn(serve::listen(listener, Arc::new(status)));
        Ok(Self { address, listener })
    }

    /// Where it listens, with the port that was taken.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        self.listener.abort();
    }
}
