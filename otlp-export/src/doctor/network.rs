//! Names and connections.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::net::{TcpStream, lookup_host};

/// No more addresses than this are looked at.
const MOST: usize = 8;

/// The addresses of a host.
pub(super) async fn resolve(host: &str, port: u16, patience: Duration) -> Result<Vec<SocketAddr>, String> {
    let found = match tokio::time::timeout(patience, lookup_host((host, port))).await {
        Ok(found) => found.map_err(|error| error.to_string())?,
        Err(_) => return Err(format!("no answer within {} ms", patience.as_millis())),
    };
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in found {
        if !addresses.contains(&address) && addresses.len() < MOST {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err("the name has no address".to_owned()) } else { Ok(addresses) }
}

/// The time to connect to each address, or why not.
pub(super) async fn connect(
    addresses: &[SocketAddr],
    patience: Duration,
) -> Vec<(SocketAddr, Result<Duration, String>)> {
    let mut tried = Vec::new();
    for address in addresses {
        let started = Instant::now();
        let connected = match tokio::time::timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(_)) => Ok(started.elapsed()),
            Ok(Err(error)) => Err(words(&error)),
            Err(_) => Err(format!("no answer within {} ms", patience.as_millis())),
        };
        tried.push((*address, connected));
    }
    tried
}

/// Without the system's number of the error.
fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "refused: nobody listens".to_owned(),
        _ => error.to_string(),
    }
}
