//! Where a server listens, and whom it lets in: the flags that every command with a server takes.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use anyhow::Context as _;
use clap::Args;
use otlp::{Receiver, Running, Server, ServerError, ServerTls};

use crate::{
    arg,
    exit::{Exit, Failure},
    terminal::say,
};

/// Flags of a server. It always serves both protocols; a flag moves its port.
#[derive(Debug, Args)]
pub(crate) struct ListenArgs {
    /// Listen for OTLP/gRPC here; port 0 takes a free one, the address of --http makes one port for both.
    #[arg(long, value_name = "ADDR", value_parser = arg::address, default_value_t = loopback(4317), env = "OTLP_GRPC", hide_env = true)]
    grpc: SocketAddr,

    /// Listen for OTLP/HTTP here, protobuf and JSON.
    #[arg(long, value_name = "ADDR", value_parser = arg::address, default_value_t = loopback(4318), env = "OTLP_HTTP", hide_env = true)]
    http: SocketAddr,

    /// Serve TLS with this certificate chain (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The key of --tls-cert (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Let in only clients whose certificate leads to this authority (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    client_ca: Option<PathBuf>,

    /// Let in only requests that carry the token in this file as `Authorization: Bearer`.
    #[arg(long, value_name = "FILE")]
    bearer_file: Option<PathBuf>,
}

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

impl ListenArgs {
    /// Starts the server and says where it listens, in the one form that scripts wait for.
    pub(crate) async fn start(&self, receiver: impl Receiver) -> anyhow::Result<Running> {
        let mut server = Server::builder(receiver).grpc(self.grpc).http(self.http);
        if let (Some(cert), Some(key)) = (&self.tls_cert, &self.tls_key) {
            let mut tls = ServerTls::from_files(cert, key);
            if let Some(ca) = &self.client_ca {
                tls = tls.client_ca_file(ca);
            }
            server = server.tls(tls);
        }
        if let Some(token) = self.token()? {
            server = server.bearer(token);
        }
        let running = server.start().await.map_err(failure)?;
        if let (Some(grpc), Some(http)) = (running.grpc_addr(), running.http_addr()) {
            say!("listening grpc={grpc} http={http}");
        }
        Ok(running)
    }

    fn token(&self) -> anyhow::Result<Option<String>> {
        let Some(path) = &self.bearer_file else { return Ok(None) };
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        match text.trim() {
            "" => Err(Failure::usage(format!("{} holds no token", path.display())).into()),
            token => Ok(Some(token.to_owned())),
        }
    }
}

fn failure(error: ServerError) -> anyhow::Error {
    let hint = match &error {
        ServerError::Bind { protocol, .. } if protocol.contains("gRPC") => {
            Some("--grpc 127.0.0.1:0 takes a free port")
        }
        ServerError::Bind { .. } => Some("--http 127.0.0.1:0 takes a free port"),
        _ => None,
    };
    let mut failure = Failure::new(Exit::Failed, error.to_string());
    if let Some(hint) = hint {
        failure = failure.hint(hint);
    }
    anyhow::Error::from(error).context(failure)
}
