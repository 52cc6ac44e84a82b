//! From a host's name to its addresses.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// Looks names up; the system's resolver unless the caller brings one.
#[derive(Clone, Default)]
pub(super) struct Resolver(Option<Lookup>);

type Lookup = Arc<dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync>;

impl Resolver {
    pub(super) fn new(
        lookup: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Arc::new(lookup)))
    }

    /// The addresses of a host, at least one, none twice, in the resolver's order.
    pub(super) async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let found: Vec<_> = match &self.0 {
            None => tokio::net::lookup_host((host, port)).await?.collect(),
            Some(lookup) => {
                let (lookup, host) = (Arc::clone(lookup), host.to_owned());
                // It may block, as the system's does.
                tokio::task::spawn_blocking(move || lookup(&host, port)).await.map_err(io::Error::other)??
            }
        };
        let mut addresses = Vec::with_capacity(found.len());
        for address in found {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        }
        Ok(addresses)
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "[function]" } else { "system" })
    }
}
