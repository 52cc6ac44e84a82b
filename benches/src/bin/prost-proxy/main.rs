//! A forwarder as one writes it on generated types: tonic receives, prost decodes, spans of equal resources and scopes are
//! put together until 8192 are there or 200 ms have passed, prost encodes, tonic sends. The measure for `otlp relay`.
//!
//! ```text
//! prost-proxy HOST:PORT      forwards there; prints `listening grpc=HOST:PORT` on stderr
//! ```

#[path = "../../allocator.rs"]
#[allow(dead_code, reason = "counting is the other program's business")]
mod allocator;
mod join;
#[path = "../../peer/window.rs"]
mod window;

use std::time::Duration;

use anyhow::Context as _;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use tokio::sync::mpsc;
use tonic::transport::Channel;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

#[global_allocator]
static ALLOCATOR: allocator::Chosen = allocator::Chosen;

/// What `otlp relay` joins by.
const SPANS: usize = 8192;
const DELAY: Duration = Duration::from_millis(200);
/// Requests in memory; senders wait while it is full.
const WAITING: usize = 64;

struct Intake(mpsc::Sender<Vec<ResourceSpans>>);

#[tonic::async_trait]
impl TraceService for Intake {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let spans = request.into_inner().resource_spans;
        self.0.send(spans).await.map_err(|_| Status::unavailable("it ends"))?;
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let target = std::env::args().nth(1).context("prost-proxy HOST:PORT")?;
    let channel = window::client(&format!("http://{target}"))?.connect().await?;
    let (into, from) = mpsc::channel(WAITING);
    tokio::spawn(forward(from, TraceServiceClient::new(channel)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("listening grpc={}", listener.local_addr()?);
    let service = TraceServiceServer::new(Intake(into)).max_decoding_message_size(64 << 20);
    window::server()
        .add_service(service)
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
        .await?;
    Ok(())
}

/// Joins and sends, one request after another.
async fn forward(mut from: mpsc::Receiver<Vec<ResourceSpans>>, mut client: TraceServiceClient<Channel>) {
    while let Some(first) = from.recv().await {
        let due = tokio::time::Instant::now() + DELAY;
        let mut all = Vec::new();
        let mut spans = add(&mut all, first);
        while spans < SPANS {
            match tokio::time::timeout_at(due, from.recv()).await {
                Ok(Some(more)) => spans += add(&mut all, more),
                Ok(None) | Err(_) => break,
            }
        }
        let request = ExportTraceServiceRequest { resource_spans: all };
        if let Err(status) = client.export(request).await {
            eprintln!("{spans} spans lost: {status}");
        }
    }
}

fn add(all: &mut Vec<ResourceSpans>, groups: Vec<ResourceSpans>) -> usize {
    let spans = groups.iter().flat_map(|group| &group.scope_spans).map(|scope| scope.spans.len()).sum();
    groups.into_iter().for_each(|group| join::resource(all, group));
    spans
}
