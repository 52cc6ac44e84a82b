//! Addresses to listen on: `127.0.0.1:4317`, `[::1]:0`, `localhost:4318`.

use std::net::{SocketAddr, ToSocketAddrs as _};

/// Reads `HOST:PORT`; a host name is looked up.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let wrong = || format!("{text:?} is not HOST:PORT, such as 127.0.0.1:4317; port 0 takes a free one");
    let mut found = text.to_socket_addrs().map_err(|_| wrong())?;
    found.next().ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_need_a_port() {
        assert_eq!(address("127.0.0.1:0").unwrap().to_string(), "127.0.0.1:0");
        assert_eq!(address("[::1]:4317").unwrap().to_string(), "[::1]:4317");
        assert!(address("localhost:4318").unwrap().ip().is_loopback());
        assert!(address("4317").is_err());
        assert!(address("127.0.0.1").is_err());
    }
}
