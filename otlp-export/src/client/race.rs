//! TCP to the first of several addresses that answers (RFC 8305).

use std::{io, net::SocketAddr, time::Duration};

use tokio::{net::TcpStream, task::JoinSet};

/// How long an address is waited for before the next one is tried beside it.
const HEAD_START: Duration = Duration::from_millis(300);

/// A connection, or why there is none, and the addresses that came off badly on the way: those that failed, and those that were
/// overtaken.
pub(super) struct Race {
    pub(super) won: Result<(TcpStream, SocketAddr), Vec<(SocketAddr, io::Error)>>,
    pub(super) behind: Vec<SocketAddr>,
}

/// Tries the addresses in their order, each alone at first.
pub(super) async fn race(addresses: &[SocketAddr]) -> Race {
    let mut failed = Vec::new();
    let mut started = 0;
    let mut running = JoinSet::new();
    loop {
        if running.is_empty() {
            let Some(address) = addresses.get(started).copied() else {
                return Race { behind: addresses.to_vec(), won: Err(failed) };
            };
            running.spawn(connect(address));
            started += 1;
        }
        let ended = tokio::select! {
            ended = running.join_next() => ended,
            () = tokio::time::sleep(HEAD_START), if started < addresses.len() => {
                running.spawn(connect(addresses[started]));
                started += 1;
                continue;
            }
        };
        match ended {
            Some(Ok((address, Ok(stream)))) => {
                let behind = addresses[..started].iter().copied().filter(|other| *other != address);
                return Race { behind: behind.collect(), won: Ok((stream, address)) };
            }
            Some(Ok((address, Err(error)))) => failed.push((address, error)),
            // Only a panic or the end of the runtime ends a task so.
            Some(Err(_)) | None => {}
        }
    }
}

async fn connect(address: SocketAddr) -> (SocketAddr, io::Result<TcpStream>) {
    let stream = TcpStream::connect(address).await;
    if let Ok(stream) = &stream {
        // Requests are written whole; waiting to join them would only delay them.
        let _ = stream.set_nodelay(true);
    }
    (address, stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_that_listens_wins_and_who_refuses_is_told() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let open = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let race_won = race(&[closed, open.local_addr().unwrap()]).await;
        assert_eq!(race_won.won.unwrap().1, open.local_addr().unwrap());
        assert_eq!(race_won.behind, [closed]);
        let lost = race(&[closed]).await;
        assert_eq!(lost.won.unwrap_err()[0].1.kind(), io::ErrorKind::ConnectionRefused);
    }
}
