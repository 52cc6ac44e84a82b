//! The accept loop of one port.

use std::{io, sync::Arc, time::Duration};

#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

#[cfg(unix)]
use super::unix::UnixSocket;
use super::{
    PeerAddress, Receiver,
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
    Tls(Arc<super::reload::Certificates>),
}

/// What connections come in at.
pub(super) enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixSocket),
}

/// A connection that came in.
enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Socket {
    async fn accept(&self) -> io::Result<(Stream, PeerAddress)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, remote) = listener.accept().await?;
                Ok((Stream::Tcp(stream), PeerAddress::Tcp(remote)))
            }
            #[cfg(unix)]
            Self::Unix(socket) => Ok((Stream::Unix(socket.accept().await?), PeerAddress::Unix)),
        }
    }
}

/// Accepts connections until told to stop, then waits for those that are open. Aborting the task aborts them.
pub(super) async fn listen<R: Receiver>(
    core: Arc<Core<R>>,
    socket: Socket,
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
            accepted = socket.accept(), if room => match accepted {
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
    drop(socket);
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
    stream: Stream,
    remote: PeerAddress,
    port: Port,
    security: Security,
    stop: watch::Receiver<bool>,
) {
    core.counters.connected();
    let _open = Open(Arc::clone(&core.counters));
    let plain = Connection { remote, tls: false, port };
    let stream = match stream {
        Stream::Tcp(stream) => stream,
        // No network lies between: the file's permissions say who may connect.
        #[cfg(unix)]
        Stream::Unix(stream) => return serve(core, plain, stream, stop).await,
    };
    // Answers are one small write; waiting to fill a packet only delays them. Failure costs speed, nothing else.
    let _ = stream.set_nodelay(true);
    match security {
        Security::Plain => serve(core, plain, stream, stop).await,
        #[cfg(feature = "tls")]
        Security::Tls(certificates) => {
            let handshake = certificates.acceptor().accept(stream);
            match tokio::time::timeout(core.limits.header_timeout(), handshake).await {
                Ok(Ok(stream)) => serve(core, Connection { tls: true, ..plain }, stream, stop).await,
                _ => core.counters.handshake_failed(),
            }
        }
    }
}
