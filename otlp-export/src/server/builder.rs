//! Configuration and start of a server.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock},
};

use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
};

use super::{
    Receiver, Running, ServerError, ServerLimits, Strictness,
    auth::Bearer,
    budget::Budget,
    connection::Port,
    core::Core,
    cors::Cors,
    listener::{Security, Socket, listen},
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
            unix: None,
            limits: ServerLimits::default(),
            strictness: Strictness::default(),
            #[cfg(feature = "tracezip")]
            tracezip: true,
            bearer: None,
            cors: None,
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
    unix: Option<PathBuf>,
    limits: ServerLimits,
    strictness: Strictness,
    #[cfg(feature = "tracezip")]
    tracezip: bool,
    bearer: Option<Bearer>,
    cors: Option<Cors>,
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

    /// Serves both on a unix socket, besides or instead of the ports; never encrypted. A socket file that a dead server left is
    /// replaced, and the file goes when the server stops listening. Who may connect is what the file's and directory's
    /// permissions say: the process's umask decides about the file.
    #[cfg(unix)]
    pub fn unix(mut self, path: impl Into<PathBuf>) -> Self {
        self.unix = Some(path.into());
        self
    }

    /// What happens to requests with bad text, too deep nesting, or ids of a wrong length. Default: they are refused.
    pub fn strictness(mut self, strictness: Strictness) -> Self {
        self.strictness = strictness;
        self
    }

    /// Takes tracezip: over HTTP as a content coding, which all answers then advertise (`Accept-Encoding`), over gRPC as the service
    /// `otlp.tracezip.v1.TracezipService`. Limits, strictness and verdicts are those of any request. Default: yes.
    #[cfg(feature = "tracezip")]
    pub fn tracezip(mut self, takes: bool) -> Self {
        self.tracezip = takes;
        self
    }

    /// Lets pages of these origins (`https://shop.example`, as browsers send them) send over OTLP/HTTP: answers preflights and marks
    /// answers, as cross-origin resource sharing wants it. Default: none.
    ///
    /// This is about browsers, which keep other pages' requests back; it is no check of who sends.
    pub fn cors<O: Into<String>>(mut self, origins: impl IntoIterator<Item = O>) -> Self {
        self.cors = Some(Cors::new(origins.into_iter().map(Into::into).collect()));
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

    /// Encrypts all ports; a unix socket stays as it is.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Listens, on the runtime that the call is made in.
    ///
    /// # Errors
    /// No address, no runtime, an address that is taken, or certificates that cannot be used.
    pub async fn start(mut self) -> Result<Running, ServerError> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(ServerError::NoRuntime);
        }
        let security = self.security()?;
        let bound = self.bind().await?;
        #[cfg(feature = "grpc")]
        let reporter = tonic_health::server::HealthReporter::new();
        let counters = Arc::new(Counters::default());
        let (stop, stopped) = watch::channel(false);
        let core = Arc::new(Core {
            receiver: self.receiver,
            budget: Budget::new(self.limits.max_in_flight_bytes()),
            #[cfg(all(feature = "grpc", feature = "tracezip"))]
            streams: Arc::new(Semaphore::new(self.limits.max_tracezip_streams().min(Semaphore::MAX_PERMITS))),
            #[cfg(all(feature = "grpc", feature = "tracezip"))]
            stopping: stopped.clone(),
            decoding: Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from)),
            limits: self.limits,
            strictness: self.strictness,
            #[cfg(feature = "tracezip")]
            tracezip: self.tracezip,
            #[cfg(not(feature = "tracezip"))]
            tracezip: false,
            cors: self.cors,
            bearer: self.bearer,
            counters: Arc::clone(&counters),
            grpc: OnceLock::new(),
            http: OnceLock::new(),
            #[cfg(feature = "grpc")]
            companions: super::companion::Companions::new(&reporter)?,
        });
        for (_, port) in &bound {
            let Some(address) = port.address else { continue };
            if port.grpc {
                core.grpc.get_or_init(|| address);
            }
            if port.http {
                core.http.get_or_init(|| address);
            }
        }
        #[cfg(feature = "grpc")]
        super::companion::serving(&reporter).await;
        let listeners: Vec<_> = bound
            .into_iter()
            .map(|(socket, port)| {
                let core = Arc::clone(&core);
                tokio::spawn(listen(core, socket, port, security.clone(), stopped.clone()))
            })
            .collect();
        #[cfg(feature = "tls")]
        let certificates = match security {
            Security::Tls(certificates) => Some(certificates),
            Security::Plain => None,
        };
        #[cfg(feature = "tls")]
        let listeners = {
            let watch = certificates.as_ref().and_then(|certificates| {
                let interval = certificates.interval()?;
                let mut stopped = stopped.clone();
                let watch = super::reload::watch(Arc::clone(certificates), Arc::clone(&counters), interval);
                Some(tokio::spawn(async move {
                    tokio::select! {
                        () = watch => {}
                        _ = stopped.changed() => {}
                    }
                }))
            });
            listeners.into_iter().chain(watch).collect::<Vec<_>>()
        };
        Ok(Running {
            grpc: core.grpc.get().copied(),
            http: core.http.get().copied(),
            unix: self.unix,
            #[cfg(feature = "tls")]
            certificates,
            counters,
            stop,
            listeners: Mutex::new(listeners),
            #[cfg(feature = "grpc")]
            reporter,
        })
    }

    #[cfg(feature = "tls")]
    fn security(&mut self) -> Result<Security, ServerError> {
        match self.tls.take() {
            Some(tls) => Ok(Security::Tls(super::reload::Certificates::new(tls)?)),
            None => Ok(Security::Plain),
        }
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unnecessary_wraps, clippy::unused_self, reason = "the same call as with TLS")]
    fn security(&mut self) -> Result<Security, ServerError> {
        Ok(Security::Plain)
    }

    /// The listeners, with what each serves.
    async fn bind(&self) -> Result<Vec<(Socket, Port)>, ServerError> {
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
            bound.push((Socket::Tcp(listener), Port { address: Some(address), grpc, http }));
        }
        #[cfg(unix)]
        if let Some(path) = &self.unix {
            let failed = |source| ServerError::Unix { path: path.clone(), source };
            let socket = super::unix::bind(path).map_err(failed)?;
            let port = Port { address: None, grpc: cfg!(feature = "grpc"), http: true };
            bound.push((Socket::Unix(socket), port));
        }
        if bound.is_empty() {
            return Err(ServerError::NoAddress);
        }
        Ok(bound)
    }
}
