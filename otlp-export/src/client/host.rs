//! The connections to one endpoint.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use http::{Request, Response};
use hyper::body::Incoming;

use super::{
    Balance,
    body::RequestBody,
    connect_error::ConnectError,
    connection::{Connection, SendError, Sender},
    proxy::{self, tunnel},
    race::race,
    resolve::Resolver,
    stream::{Io, Stream},
};
use crate::endpoint::Endpoint;
#[cfg(feature = "tls")]
use crate::tls::reload::Reloading;

/// How long an address or an endpoint that failed is passed over, as long as there are others.
const PENALTY: Duration = Duration::from_secs(10);

/// An idle connection is not used again after this: middle boxes forget them silently.
const IDLE: Duration = Duration::from_secs(90);

/// What the connections of a client have in common.
pub(super) struct Settings {
    pub(super) balance: Balance,
    pub(super) resolver: Resolver,
    /// HTTP/2 without asking (gRPC).
    pub(super) http2: bool,
    /// Zero is no limit.
    pub(super) max_age: Duration,
    /// Of a whole send; zero is no limit.
    pub(super) timeout: Duration,
    /// For `https` endpoints.
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Reloading>,
    /// For `https` proxies.
    #[cfg(feature = "tls")]
    pub(super) proxy_tls: Option<Reloading>,
}

pub(super) struct Host {
    endpoint: Endpoint,
    proxy: Option<proxy::Way>,
    settings: Arc<Settings>,
    state: Mutex<State>,
    /// Where one connection serves all requests, those that come while it is made wait for it.
    connecting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    /// As they were found the last time.
    addresses: Vec<SocketAddr>,
    /// Addresses that failed, and until when they are passed over.
    down: HashMap<SocketAddr, Instant>,
    /// Until when the whole endpoint is passed over.
    all_down: Option<Instant>,
    /// Idle ones, and those that requests share.
    connections: Vec<Connection>,
    next_id: u64,
}

/// Why one endpoint gave no answer.
pub(super) enum RequestError {
    /// Nothing was sent: the next endpoint may be tried.
    Connect(ConnectError),
    Send(hyper::Error),
}

impl Host {
    pub(super) fn new(endpoint: Endpoint, proxy: Option<proxy::Way>, settings: Arc<Settings>) -> Self {
        let connecting = tokio::sync::Mutex::new(());
        Self { endpoint, proxy, settings, state: Mutex::default(), connecting }
    }

    pub(super) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The age at which a connection gets no more requests; zero is no limit.
    #[cfg(all(feature = "tracezip", feature = "grpc"))]
    pub(super) fn max_age(&self) -> Duration {
        self.settings.max_age
    }

    /// How many addresses there are to share requests among, and whether all is passed over.
    pub(super) fn standing(&self) -> (usize, bool) {
        let state = self.state();
        (state.addresses.len().max(1), state.all_down.is_some_and(|until| until > Instant::now()))
    }

    pub(super) fn pass_over(&self) {
        self.state().all_down = Some(Instant::now() + PENALTY);
    }

    /// One request; `make` makes it for the version of HTTP. `turn` chooses among the addresses, `limit` is for the way there.
    pub(super) async fn request(
        self: &Arc<Self>,
        turn: usize,
        limit: Option<Duration>,
        make: impl Fn(bool) -> Request<RequestBody>,
    ) -> Result<(Response<Incoming>, Lease), RequestError> {
        loop {
            let leasing = self.lease(turn);
            let leased = match limit {
                None => leasing.await,
                Some(limit) => tokio::time::timeout(limit, leasing)
                    .await
                    .unwrap_or_else(|_| Err(ConnectError::Slow(limit.as_millis()))),
            };
            let (mut lease, fresh) = leased.map_err(RequestError::Connect)?;
            let Some(connection) = &mut lease.connection else { continue };
            if !fresh && !connection.sender.settle().await {
                lease.end();
                continue;
            }
            let request = make(connection.sender.is_http2());
            match connection.sender.send(request).await {
                Ok(response) => return Ok((response, lease)),
                // It ended while nobody used it.
                Err(SendError { unsent: true, .. }) if !fresh => lease.end(),
                Err(error) => return Err(RequestError::Send(error.cause)),
            }
        }
    }

    /// A connection, and whether it was made just now.
    async fn lease(self: &Arc<Self>, turn: usize) -> Result<(Lease, bool), ConnectError> {
        if let Some(lease) = self.known(turn) {
            return Ok((lease, false));
        }
        let shared = self.settings.http2 || (self.endpoint.is_tls() && cfg!(feature = "grpc"));
        let _turn = if shared { Some(self.connecting.lock().await) } else { None };
        if shared && let Some(lease) = self.known(turn) {
            return Ok((lease, false));
        }
        let (sender, address) = self.connect(turn).await?;
        let now = Instant::now();
        let mut state = self.state();
        let id = state.next_id;
        state.next_id += 1;
        let connection = |sender| Connection { id, sender, address, born: now, used: now };
        if let Some(shared) = sender.share() {
            state.connections.push(connection(shared));
        }
        drop(state);
        Ok((Lease { host: Arc::clone(self), connection: Some(connection(sender)) }, true))
    }

    /// A connection that is there already.
    fn known(self: &Arc<Self>, turn: usize) -> Option<Lease> {
        let now = Instant::now();
        let max_age = self.settings.max_age;
        let mut state = self.state();
        state.connections.retain(|connection| {
            !connection.sender.is_closed()
                && now.duration_since(connection.used) < IDLE
                && (max_age.is_zero() || now.duration_since(connection.born) < max_age)
        });
        let wanted = if self.settings.balance == Balance::RoundRobin { state.turn(turn, now) } else { None };
        // The one used last: the others may grow old in peace.
        let at = state
            .connections
            .iter()
            .rposition(|connection| wanted.is_none() || connection.address == wanted)?;
        let connection = match state.connections[at].sender.share() {
            Some(sender) => {
                let known = &mut state.connections[at];
                known.used = now;
                Connection { sender, id: known.id, address: known.address, born: known.born, used: now }
            }
            None => state.connections.remove(at),
        };
        drop(state);
        Some(Lease { host: Arc::clone(self), connection: Some(connection) })
    }

    async fn connect(&self, turn: usize) -> Result<(Sender, Option<SocketAddr>), ConnectError> {
        #[cfg(unix)]
        if let Some(path) = self.endpoint.socket() {
            let stream = tokio::net::UnixStream::connect(path)
                .await
                .map_err(|source| ConnectError::Socket { path: path.to_owned(), source })?;
            return Ok((Sender::start(Stream::new(Box::new(stream), self.settings.http2)).await?, None));
        }
        let (io, address) = match &self.proxy {
            None => self.reach(self.endpoint.host(), self.endpoint.port(), turn).await?,
            Some(way) => {
                let blame = |error| ConnectError::Proxy { proxy: way.shown.clone(), source: Box::new(error) };
                self.reach(way.endpoint.host(), way.port, turn).await.map_err(blame)?
            }
        };
        // Who does not get through TLS, or stalls, is passed over for a while.
        let mut suspect = Suspect { host: self, address: Some(address) };
        let io = match &self.proxy {
            None => io,
            Some(way) => {
                let blame = |error| ConnectError::Proxy { proxy: way.shown.clone(), source: Box::new(error) };
                let io = if way.endpoint.is_tls() {
                    self.proxy_tls(way.endpoint.host(), io).await.map_err(blame)?
                } else {
                    io
                };
                tunnel(io, way, &self.endpoint).await.map_err(blame)?
            }
        };
        let stream =
            if self.endpoint.is_tls() { self.tls(io).await? } else { Stream::new(io, self.settings.http2) };
        let sender = Sender::start(stream).await?;
        suspect.address = None;
        Ok((sender, Some(address)))
    }

    /// TCP to one of the host's addresses, which are looked up each time.
    async fn reach(
        &self,
        host: &str,
        port: u16,
        turn: usize,
    ) -> Result<(Box<dyn Io>, SocketAddr), ConnectError> {
        let mut addresses = self
            .settings
            .resolver
            .resolve(host, port)
            .await
            .map_err(|source| ConnectError::Resolve { host: host.to_owned(), source })?;
        {
            let now = Instant::now();
            let mut state = self.state();
            if self.settings.balance == Balance::RoundRobin {
                // Resolvers rotate them.
                addresses.sort_unstable();
            }
            state.down.retain(|address, until| *until > now && addresses.contains(address));
            state.addresses.clone_from(&addresses);
            let first = turn % addresses.len();
            addresses.rotate_left(first);
            addresses.sort_by_key(|address| state.down.contains_key(address));
        }
        let race = race(&addresses).await;
        race.behind.iter().for_each(|address| self.failed(Some(*address)));
        let (stream, address) = race.won.map_err(ConnectError::Tcp)?;
        Ok((Box::new(stream), address))
    }

    #[cfg(feature = "tls")]
    async fn tls(&self, io: Box<dyn Io>) -> Result<Stream, ConnectError> {
        let (stream, http2) = encrypt(self.settings.tls.as_ref(), self.endpoint.host(), io).await?;
        Ok(Stream::new(stream, http2 || self.settings.http2))
    }

    #[cfg(feature = "tls")]
    async fn proxy_tls(&self, host: &str, io: Box<dyn Io>) -> Result<Box<dyn Io>, ConnectError> {
        Ok(encrypt(self.settings.proxy_tls.as_ref(), host, io).await?.0)
    }

    /// The builder refuses such an endpoint; this is the second lock on the same door.
    #[cfg(not(feature = "tls"))]
    async fn tls(&self, _: Box<dyn Io>) -> Result<Stream, ConnectError> {
        Err(ConnectError::NoTls)
    }

    #[cfg(not(feature = "tls"))]
    async fn proxy_tls(&self, _: &str, _: Box<dyn Io>) -> Result<Box<dyn Io>, ConnectError> {
        Err(ConnectError::NoTls)
    }

    /// An address, or the socket, that let a request down. With the last address of a host the host is passed over.
    fn failed(&self, address: Option<SocketAddr>) {
        let until = Instant::now() + PENALTY;
        let mut state = self.state();
        if let Some(address) = address {
            state.down.insert(address, until);
        }
        if state.addresses.iter().all(|address| state.down.contains_key(address)) {
            state.all_down = Some(until);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The address whose turn it is, of those that are not passed over; of all, if all are.
    fn turn(&self, turn: usize, now: Instant) -> Option<SocketAddr> {
        let count = self.addresses.len();
        let is_up = |address: &SocketAddr| self.down.get(address).is_none_or(|until| *until <= now);
        let mut turns = (0..count).map(|later| self.addresses[(turn % count + later) % count]);
        turns.clone().find(is_up).or_else(|| turns.next())
    }
}

/// TLS by the certificates as they are now, and whether it negotiated HTTP/2.
#[cfg(feature = "tls")]
async fn encrypt(
    tls: Option<&Reloading>,
    host: &str,
    io: Box<dyn Io>,
) -> Result<(Box<dyn Io>, bool), ConnectError> {
    let (config, reload) = tls.map(Reloading::current).unzip();
    let error =
        |source| ConnectError::Tls { host: host.to_owned(), source, reload: reload.clone().flatten() };
    let config = config.ok_or_else(|| error("no configuration".into()))?;
    let name = rustls::pki_types::ServerName::try_from(host.to_owned()).map_err(|bad| error(bad.into()))?;
    let stream =
        tokio_rustls::TlsConnector::from(config).connect(name, io).await.map_err(|bad| error(bad.into()))?;
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    Ok((Box::new(stream), http2))
}

/// An address whose connection is not ready yet.
struct Suspect<'a> {
    host: &'a Host,
    address: Option<SocketAddr>,
}

impl Drop for Suspect<'_> {
    fn drop(&mut self) {
        if self.address.is_some() {
            self.host.failed(self.address);
        }
    }
}

/// A connection while a request is on it. Dropped before [`Lease::done`], because the exchange broke, or took too long, it takes
/// the connection with it: a peer that vanished looks like one that is slow, and the next send must not wait on the same
/// connection. Other requests on it go on.
pub(super) struct Lease {
    host: Arc<Host>,
    connection: Option<Connection>,
}

impl Lease {
    /// The answer was read.
    pub(super) fn done(mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        connection.used = Instant::now();
        let mut state = self.host.state();
        state.all_down = None;
        if let Some(address) = connection.address {
            state.down.remove(&address);
        }
        // A shared one has never left.
        if !connection.sender.is_http2() {
            state.connections.push(connection);
        }
    }

    /// The connection had ended before anything was sent.
    fn end(mut self) {
        if let Some(connection) = self.connection.take() {
            self.host.state().connections.retain(|known| known.id != connection.id);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        self.host.state().connections.retain(|known| known.id != connection.id);
        self.host.failed(connection.address);
    }
}
