//! The accept loop of one port.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use super::{
    Receiver,
    connection::{Connection, Port, serve},
    core::Core,
    stats::Counters,
};

/// Pause after a failed accept: the usual reason, no file descriptors left, does not go away at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What turns a TCP stream into the stream of a connection.
#[derive(Clone)]
pub(super) enum Security {
    Plain,
    #[cfg(feature = "tls")]
    Tls(tokio_rustls::TlsAcceptor),
}

/// Accepts connections until told to stop, then waits for those that are open. Aborting the task aborts them.
pub(super) async fn listen<R: Receiver>(
    core: Arc<Core<R>>,
    listener: TcpListener,
    port: Port,
    security: Security,
    mut stop: watch::Receiver<bool>,
) {
    let mut open = JoinSet::new();
    loop {
        let room = open.len() < core.limits.max_connections();
        tokio::select! {
            _ = stop.changed() => break,
            _ = open.join_next(), if !open.is_empty() => {}
            accepted = listener.accept(), if room => match accepted {
                Ok((stream, remote)) => {
                    let connection = connect(Arc::clone(&core), stream, remote, port, security.clone(), stop.clone());
                    open.spawn(connection);
                }
                Err(error) if is_the_client_s(&error) => {}
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
    // The port is free for a successor while the last requests are answered.
    drop(listener);
    while open.join_next().await.is_some() {}
}

/// Whether a failed accept concerns only the connection that was to be accepted.
fn is_the_client_s(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

/// Counts a connection as open while it lives, however it ends.
struct Open(Arc<Counters>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.disconnected();
    }
}

async fn connect<R: Receiver>(
    core: Arc<Core<R>>,
    stream: TcpStream,
    remote: SocketAddr,
    port: Port,
    security: Security,
    stop: watch::Receiver<bool>,
) {
    core.counters.connected();
    let _open = Open(Arc::clone(&core.counters));
    // Answers are one small write; waiting to fill a packet only delays them. Failure costs speed, nothing else.
    let _ = stream.set_nodelay(true);
    match security {
        Security::Plain => serve(core, Connection { remote, tls: false, port }, stream, stop).await,
        #[cfg(feature = "tls")]
        Security::Tls(acceptor) => {
            match tokio::time::timeout(core.limits.header_timeout(), acceptor.accept(stream)).await {
                Ok(Ok(stream)) => serve(core, Connection { remote, tls: true, port }, stream, stop).await,
                _ => core.counters.handshake_failed(),
            }
        }
    }
}
