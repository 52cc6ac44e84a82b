//! Configuration and start of a server.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock},
};

use tokio::{net::TcpListener, sync::watch};

use super::{
    Receiver, Running, ServerError, ServerLimits,
    auth::Bearer,
    budget::Budget,
    connection::Port,
    core::Core,
    listener::{Security, listen},
    stats::Counters,
};
#[cfg(feature = "tls")]
use crate::ServerTls;

/// A server for OTLP/gRPC and OTLP/HTTP.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use otlp_core::Batch;
/// use otlp_export::{Peer, Server, Verdict};
///
/// let running = Server::builder(|batch: Batch, peer: &Peer| {
///     println!("{} {} from {}", batch.items(), batch.signal().item_name(), peer.address());
///     Verdict::Accepted
/// })
/// .http("127.0.0.1:0".parse()?)
/// .start()
/// .await?;
/// println!("listening on {:?}", running.http_addr());
/// assert!(running.shutdown(std::time::Duration::from_secs(5)).await);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub enum Server {}

impl Server {
    /// A server that gives what it receives to `receiver`. Nothing is listened on before an address is set.
    pub fn builder<R: Receiver>(receiver: R) -> ServerBuilder<R> {
        ServerBuilder {
            receiver,
            grpc: None,
            http: None,
            shared: false,
            limits: ServerLimits::default(),
            bearer: None,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }
}

/// What a [`Server`] is to be.
#[derive(Debug)]
#[must_use = "a server starts with `start`"]
pub struct ServerBuilder<R> {
    receiver: R,
    grpc: Option<SocketAddr>,
    http: Option<SocketAddr>,
    shared: bool,
    limits: ServerLimits,
    bearer: Option<Bearer>,
    #[cfg(feature = "tls")]
    tls: Option<ServerTls>,
}

impl<R: Receiver> ServerBuilder<R> {
    /// Serves OTLP/gRPC here; 4317 is the usual port, 0 takes a free one. The same address as [`http`](Self::http), with a port
    /// that is not 0, makes one port for both.
    #[cfg(feature = "grpc")]
    pub fn grpc(mut self, address: SocketAddr) -> Self {
        self.grpc = Some(address);
        self
    }

    /// Serves OTLP/HTTP here, protobuf and JSON; 4318 is the usual port, 0 takes a free one.
    pub fn http(mut self, address: SocketAddr) -> Self {
        self.http = Some(address);
        self
    }

    /// Serves both on one port (rule H15), told apart by `Content-Type`.
    #[cfg(feature = "grpc")]
    pub fn grpc_and_http(mut self, address: SocketAddr) -> Self {
        self.grpc = Some(address);
        self.http = Some(address);
        self.shared = true;
        self
    }

    /// Sizes, times and counts.
    pub fn limits(mut self, limits: ServerLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Requires `Authorization: Bearer <token>` with every request but health checks.
    pub fn bearer(mut self, token: impl Into<String>) -> Self {
        self.bearer = Some(Bearer::new(token.into()));
        self
    }

    /// Encrypts all ports.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Listens, on the runtime that the call is made in.
    ///
    /// # Errors
    /// No address, no runtime, an address that is taken, or certificates that cannot be used.
    pub async fn start(self) -> Result<Running, ServerError> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(ServerError::NoRuntime);
        }
        let security = self.security()?;
        let bound = self.bind().await?;
        #[cfg(feature = "grpc")]
        let reporter = tonic_health::server::HealthReporter::new();
        let counters = Arc::new(Counters::default());
        let core = Arc::new(Core {
            receiver: self.receiver,
            budget: Budget::new(self.limits.max_in_flight_bytes()),
            limits: self.limits,
            bearer: self.bearer,
            counters: Arc::clone(&counters),
            grpc: OnceLock::new(),
            http: OnceLock::new(),
            #[cfg(feature = "grpc")]
            companions: super::companion::Companions::new(&reporter)?,
        });
        for (_, port) in &bound {
            let address = port.address;
            if port.grpc {
                core.grpc.get_or_init(|| address);
            }
            if port.http {
                core.http.get_or_init(|| address);
            }
        }
        #[cfg(feature = "grpc")]
        super::companion::serving(&reporter).await;
        let (stop, stopped) = watch::channel(false);
        let listeners = bound
            .into_iter()
            .map(|(listener, port)| {
                let core = Arc::clone(&core);
                tokio::spawn(listen(core, listener, port, security.clone(), stopped.clone()))
            })
            .collect();
        Ok(Running {
            grpc: core.grpc.get().copied(),
            http: core.http.get().copied(),
            counters,
            stop,
            listeners: Mutex::new(listeners),
            #[cfg(feature = "grpc")]
            reporter,
        })
    }

    #[cfg(feature = "tls")]
    fn security(&self) -> Result<Security, ServerError> {
        match &self.tls {
            Some(tls) => Ok(Security::Tls(crate::tls::server::config(tls)?.into())),
            None => Ok(Security::Plain),
        }
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unnecessary_wraps, clippy::unused_self, reason = "the same call as with TLS")]
    fn security(&self) -> Result<Security, ServerError> {
        Ok(Security::Plain)
    }

    /// The listeners, with what each serves.
    async fn bind(&self) -> Result<Vec<(TcpListener, Port)>, ServerError> {
        let one = match (self.grpc, self.http) {
            (Some(grpc), Some(http)) => self.shared || (grpc == http && grpc.port() != 0),
            _ => false,
        };
        let wanted = if one {
            vec![(self.http, true, true, "OTLP/gRPC and OTLP/HTTP")]
        } else {
            vec![(self.grpc, true, false, "OTLP/gRPC"), (self.http, false, true, "OTLP/HTTP")]
        };
        let mut bound = Vec::new();
        for (address, grpc, http, protocol) in wanted {
            let Some(address) = address else { continue };
            let failed = |source| ServerError::Bind { address, protocol, source };
            let listener = TcpListener::bind(address).await.map_err(failed)?;
            let address = listener.local_addr().map_err(failed)?;
            bound.push((listener, Port { address, grpc, http }));
        }
        if bound.is_empty() {
            return Err(ServerError::NoAddress);
        }
        Ok(bound)
    }
}
