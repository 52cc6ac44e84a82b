//! OTLP/gRPC with prost's types on both sides, by tonic as it is.

use std::net::SocketAddr;

use bytes::{Buf as _, BufMut as _, Bytes};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use super::window;

struct Sink;

#[tonic::async_trait]
impl TraceService for Sink {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        drop(std::hint::black_box(request.into_inner()));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// Starts a server that decodes and drops, on a port of its own.
pub async fn serve() -> anyhow::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let service = TraceServiceServer::new(Sink).max_decoding_message_size(64 << 20);
    let server = window::server()
        .add_service(service)
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)));
    tokio::spawn(server);
    Ok(address)
}

/// Connects with the same windows.
pub async fn connect(address: SocketAddr) -> anyhow::Result<Grpc<Channel>> {
    Ok(Grpc::new(window::client(&format!("http://{address}"))?.connect().await?))
}

const PATH: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// Encodes a tree and sends it.
pub async fn send(
    mut client: Grpc<Channel>,
    request: otlp_core::proto::collector::trace::v1::ExportTraceServiceRequest,
) -> anyhow::Result<()> {
    client.ready().await?;
    let codec: ProstCodec<_, ExportTraceServiceResponse> = ProstCodec::default();
    client.unary(Request::new(request), PATH.parse()?, codec).await?;
    Ok(())
}

/// Sends an encoded request.
pub async fn send_encoded(mut client: Grpc<Channel>, request: Bytes) -> anyhow::Result<()> {
    client.ready().await?;
    client.unary(Request::new(request), PATH.parse()?, Raw).await?;
    Ok(())
}

/// Bytes as they are.
#[derive(Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
