//! A proxy that opens tunnels, to any name by way of one address.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(missing_debug_implementations, reason = "tests print what they assert")]

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

pub struct Tunnels {
    pub address: SocketAddr,
    heads: Heads,
}

type Heads = Arc<Mutex<Vec<String>>>;

impl Tunnels {
    /// Lets in whose request holds `wanted`.
    pub async fn to(server: SocketAddr, wanted: Option<&'static str>) -> Self {
        let (listener, tunnels) = Self::listen().await;
        let heads = Arc::clone(&tunnels.heads);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(tunnel(stream, server, wanted, Arc::clone(&heads)));
            }
        });
        tunnels
    }

    /// Speaks TLS itself.
    #[cfg(feature = "tls")]
    pub async fn tls(server: SocketAddr, config: rustls::ServerConfig) -> Self {
        let (listener, tunnels) = Self::listen().await;
        let heads = Arc::clone(&tunnels.heads);
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(stream) = acceptor.accept(stream).await {
                    tokio::spawn(tunnel(stream, server, None, Arc::clone(&heads)));
                }
            }
        });
        tunnels
    }

    async fn listen() -> (TcpListener, Self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, Self { address, heads: Heads::default() })
    }

    /// The heads of the requests.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn tunnel(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    server: SocketAddr,
    wanted: Option<&'static str>,
    heads: Heads,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let is_let_in = wanted.is_none_or(|wanted| head.contains(wanted));
    heads.lock().unwrap().push(head);
    if !is_let_in {
        let answer = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        let _ = stream.write_all(answer.as_bytes()).await;
        return;
    }
    let mut server = TcpStream::connect(server).await.unwrap();
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
    let _ = copy_bidirectional(&mut stream, &mut server).await;
}
