//! OTLP/HTTP with prost's types on both sides, by hyper over HTTP/1.1.

use std::convert::Infallible;
use std::net::SocketAddr;

use anyhow::ensure;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use otlp_core::proto::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;

pub type Http = Client<HttpConnector, Full<Bytes>>;

/// Starts a server that decodes and drops, on a port of its own.
pub async fn serve() -> anyhow::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service_fn(answer));
            tokio::spawn(connection);
        }
    });
    Ok(address)
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::default());
    let decoded = match request.into_body().collect().await {
        Ok(body) => ExportTraceServiceRequest::decode(body.to_bytes()).is_ok(),
        Err(_) => false,
    };
    if !decoded {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
}

pub fn client() -> Http {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

/// Sends an encoded request.
pub async fn send(client: Http, address: SocketAddr, body: Bytes) -> anyhow::Result<()> {
    let request = Request::post(format!("http://{address}/v1/traces"))
        .header("content-type", "application/x-protobuf")
        .body(Full::new(body))?;
    let response = client.request(request).await?;
    ensure!(response.status() == StatusCode::OK, "answered with {}", response.status());
    response.into_body().collect().await?;
    Ok(())
}
