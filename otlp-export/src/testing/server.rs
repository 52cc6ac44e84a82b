//! The server's handle, and the thread behind it.

use std::{
    collections::VecDeque,
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak, mpsc as std_mpsc},
    thread::JoinHandle,
    time::Duration,
};

use otlp_core::Signal;
use tokio::{net::TcpListener, sync::mpsc};

use super::{Answered, Received, Reply, connection::serve, wire::Wire};
#[cfg(feature = "tls")]
use crate::ServerTls;

/// A server on a free loopback port that answers from a script and keeps what it was asked. Once the script is over, it accepts.
///
/// It runs on a thread and runtime of its own, so that it serves tests of any kind: asynchronous, blocking, with paused time. It
/// ends with its last handle.
#[derive(Clone)]
pub struct ScriptedServer {
    shared: Arc<Shared>,
    thread: Arc<Thread>,
}

/// What versions of HTTP are spoken.
pub(super) enum Mode {
    Http1,
    Http2,
    Either,
    #[cfg(feature = "tls")]
    Tls(Arc<rustls::ServerConfig>),
    /// Connections are accepted and closed at once.
    Closing,
}

pub(super) struct Shared {
    address: SocketAddr,
    pub(super) mode: Mode,
    state: Mutex<State>,
    changed: Condvar,
    wires: Mutex<Vec<Weak<Wire>>>,
}

struct State {
    script: VecDeque<Reply>,
    otherwise: Reply,
    received: Vec<Received>,
    connections: usize,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wires(&self) -> MutexGuard<'_, Vec<Weak<Wire>>> {
        self.wires.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a connection, and forgets those that have ended.
    pub(super) fn connected(&self, wire: &Arc<Wire>) {
        let mut wires = self.wires();
        wires.retain(|wire| wire.strong_count() > 0);
        wires.push(Arc::downgrade(wire));
    }

    pub(super) fn next_reply(&self) -> Reply {
        let mut state = self.state();
        state.script.pop_front().unwrap_or_else(|| state.otherwise.clone())
    }

    pub(super) fn record(&self, received: Received) {
        self.state().received.push(received);
        self.changed.notify_all();
    }
}

/// Settings of a [`ScriptedServer`].
#[must_use = "a server starts with `start`"]
pub struct ScriptedServerBuilder {
    script: VecDeque<Reply>,
    mode: Result<Mode, io::Error>,
}

impl ScriptedServerBuilder {
    /// What the first requests get, in the order of their heads' arrival over all connections.
    pub fn script(mut self, script: impl IntoIterator<Item = Reply>) -> Self {
        self.script = script.into_iter().collect();
        self
    }

    /// HTTP/1.1 alone, in plaintext.
    pub fn http1(mut self) -> Self {
        self.mode = Ok(Mode::Http1);
        self
    }

    /// HTTP/2 with prior knowledge alone, in plaintext.
    pub fn http2(mut self) -> Self {
        self.mode = Ok(Mode::Http2);
        self
    }

    /// TLS, with the ALPN names that it negotiates, such as `h2` and `http/1.1`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: &ServerTls, alpn: &[&str]) -> Self {
        self.mode = match crate::tls::server::config(tls) {
            Ok(config) => {
                let mut config = Arc::unwrap_or_clone(config);
                config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
                Ok(Mode::Tls(Arc::new(config)))
            }
            Err(error) => Err(io::Error::other(error)),
        };
        self
    }

    /// Listens.
    ///
    /// # Errors
    /// No free port, no thread, or certificates that cannot be used.
    pub fn start(self) -> io::Result<ScriptedServer> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let state =
            State { script: self.script, otherwise: Reply::accepted(), received: Vec::new(), connections: 0 };
        let shared = Arc::new(Shared {
            address: listener.local_addr()?,
            mode: self.mode?,
            state: Mutex::new(state),
            changed: Condvar::new(),
            wires: Mutex::default(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (orders, inbox) = mpsc::unbounded_channel();
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("otlp-scripted".to_owned()).spawn(move || {
            runtime.block_on(listen(listener, inbox, serving));
            runtime.shutdown_background();
        })?;
        let thread = Thread { orders: Some(orders), handle: Some(thread) };
        Ok(ScriptedServer { shared, thread: Arc::new(thread) })
    }
}

impl fmt::Debug for ScriptedServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedServerBuilder").field("script", &self.script).finish_non_exhaustive()
    }
}

impl ScriptedServer {
    /// HTTP/1.1 and HTTP/2 on one plaintext port, by what the client begins with.
    ///
    /// # Errors
    /// No free port or no thread.
    pub fn start(script: impl IntoIterator<Item = Reply>) -> io::Result<Self> {
        Self::builder().script(script).start()
    }

    /// Settings of a server: by default HTTP/1.1 and HTTP/2 on one plaintext port, without a script.
    pub fn builder() -> ScriptedServerBuilder {
        ScriptedServerBuilder { script: VecDeque::new(), mode: Ok(Mode::Either) }
    }

    /// A port that accepts connections and closes them at once.
    ///
    /// # Errors
    /// No free port or no thread.
    pub fn closing() -> io::Result<Self> {
        ScriptedServerBuilder { script: VecDeque::new(), mode: Ok(Mode::Closing) }.start()
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// `http://` and where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// Adds a step to the script.
    pub fn push(&self, reply: Reply) {
        self.shared.state().script.push_back(reply);
    }

    /// What requests get once the script is over; at first [`Reply::accepted`].
    pub fn otherwise(&self, reply: Reply) {
        self.shared.state().otherwise = reply;
    }

    /// The requests so far.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.shared.state().received.clone()
    }

    /// The requests since the last call, which are then forgotten: for tests that send more than memory holds.
    #[must_use]
    pub fn take_received(&self) -> Vec<Received> {
        std::mem::take(&mut self.shared.state().received)
    }

    /// The only request there was.
    ///
    /// # Panics
    /// If there were none or several.
    #[must_use]
    #[track_caller]
    pub fn received_once(&self) -> Received {
        let mut received = self.received();
        assert_eq!(received.len(), 1, "expected one request");
        received.remove(0)
    }

    /// Blocks the calling thread until there have been `count` requests, and gives all there were.
    ///
    /// # Panics
    /// If that takes longer than `patience`.
    #[must_use]
    #[track_caller]
    pub fn wait_for(&self, count: usize, patience: Duration) -> Vec<Received> {
        let state = self.shared.state();
        let waited =
            self.shared.changed.wait_timeout_while(state, patience, |state| state.received.len() < count);
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        let seen = state.received.len();
        assert!(!timeout.timed_out(), "{seen} of {count} requests came within {patience:?}");
        state.received.clone()
    }

    /// Items that the server took and said so, over all requests of a signal.
    #[must_use]
    pub fn accepted_items(&self, signal: Signal) -> u64 {
        let state = self.shared.state();
        let items = state.received.iter().filter(|received| received.signal == signal).map(|received| {
            let items = received.items() as u64;
            match received.answered {
                Answered::Accepted => items,
                Answered::Partial(rejected) => items.saturating_sub(rejected),
                Answered::Refused | Answered::Unknown => 0,
            }
        });
        items.sum()
    }

    /// Connections so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// Closes the port and all connections: the server is gone until [`up`](Self::up).
    pub fn down(&self) {
        self.thread.order(Order::Down);
    }

    /// Opens the same port again.
    ///
    /// # Panics
    /// If another process has taken it meanwhile.
    pub fn up(&self) {
        assert!(self.thread.order(Order::Up), "port {} is taken", self.shared.address.port());
    }
}

impl fmt::Debug for ScriptedServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state();
        f.debug_struct("ScriptedServer")
            .field("address", &self.shared.address)
            .field("script", &state.script.len())
            .field("received", &state.received.len())
            .field("connections", &state.connections)
            .finish()
    }
}

#[derive(Debug)]
enum Order {
    Down,
    Up,
}

type Orders = mpsc::UnboundedSender<(Order, std_mpsc::Sender<bool>)>;

/// The server's thread; it ends when its orders do.
struct Thread {
    orders: Option<Orders>,
    handle: Option<JoinHandle<()>>,
}

impl Thread {
    /// Gives an order and waits until it is carried out.
    fn order(&self, order: Order) -> bool {
        let (answer, answered) = std_mpsc::channel();
        let given = self.orders.as_ref().is_some_and(|orders| orders.send((order, answer)).is_ok());
        given && answered.recv().unwrap_or(false)
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(handle) = self.handle.take() {
            // A panic of the server's has been printed.
            let _ = handle.join();
        }
    }
}

async fn listen(
    first: std::net::TcpListener,
    mut orders: mpsc::UnboundedReceiver<(Order, std_mpsc::Sender<bool>)>,
    shared: Arc<Shared>,
) {
    let mut listener = TcpListener::from_std(first).ok();
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                None => return,
                Some((Order::Down, done)) => {
                    listener = None;
                    let wires = std::mem::take(&mut *shared.wires());
                    wires.iter().filter_map(Weak::upgrade).for_each(|wire| wire.end(true));
                    // The connections' own tasks drop them, as soon as this one waits.
                    for _ in 0..100 {
                        tokio::task::yield_now().await;
                    }
                    let _ = done.send(true);
                }
                Some((Order::Up, done)) => {
                    if listener.is_none() {
                        listener = TcpListener::bind(shared.address).await.ok();
                    }
                    let _ = done.send(listener.is_some());
                }
            },
            stream = accept(listener.as_ref()) => {
                let number = {
                    let mut state = shared.state();
                    state.connections += 1;
                    state.connections
                };
                tokio::spawn(serve(stream, Arc::clone(&shared), number));
            }
        }
    }
}

/// The next connection; waits for ever without a listener.
async fn accept(listener: Option<&TcpListener>) -> tokio::net::TcpStream {
    loop {
        match listener {
            // An error is that of one connection, reset before it was taken.
            Some(listener) => match listener.accept().await {
                Ok((stream, _)) => return stream,
                Err(_) => tokio::task::yield_now().await,
            },
            None => return std::future::pending().await,
        }
    }
}
