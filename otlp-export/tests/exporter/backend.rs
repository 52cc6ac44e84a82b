//! A receiver on a thread of its own that answers as a test says and keeps what it took.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use otlp_core::{Batch, Limits, Signal, rpc::ExportResponse, trace::TracesWriter};
use otlp_export::{Client, ClientBuilder, Destination};
use tokio::{net::TcpListener, runtime::Runtime};

/// What to answer.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Ok,
    Partial(u64),
    Status(u16),
    RetryAfter(u16, u64),
    /// Never.
    Hang,
    /// Closes the connection instead of answering.
    Break,
}

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) batch: Batch,
}

type Script = dyn Fn(usize, &Batch) -> Answer + Send + Sync;

pub(crate) struct Backend {
    addr: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    runtime: Option<Runtime>,
}

impl Backend {
    /// Answers the request of that number, from 0, with what `script` says.
    pub(crate) fn start(script: impl Fn(usize, &Batch) -> Answer + Send + Sync + 'static) -> Self {
        let script: Arc<Script> = Arc::new(script);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let addr = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&seen);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, record) = (Arc::clone(&script), Arc::clone(&record));
                let service =
                    service_fn(move |request| answer(request, Arc::clone(&script), Arc::clone(&record)));
                tokio::spawn(async move {
                    let server = hyper::server::conn::http1::Builder::new();
                    // A connection that breaks off is what some scripts want.
                    let _ = server.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { addr, seen, runtime: Some(runtime) }
    }

    /// Takes everything.
    pub(crate) fn accepting() -> Self {
        Self::start(|_, _| Answer::Ok)
    }

    pub(crate) fn client(&self) -> ClientBuilder {
        Client::builder().endpoint(&format!("http://{}", self.addr))
    }

    pub(crate) fn destination(&self) -> Destination {
        Destination::new("test", self.client())
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Items of each request, in the order of arrival.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        self.seen().iter().map(|seen| seen.batch.items()).collect()
    }

    /// Names of all spans that came, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.seen().iter().flat_map(|seen| names(&seen.batch)).collect()
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn answer(
    request: Request<Incoming>,
    script: Arc<Script>,
    record: Arc<Mutex<Vec<Seen>>>,
) -> io::Result<Response<Full<Bytes>>> {
    let signal = Signal::ALL.into_iter().find(|signal| signal.http_path() == request.uri().path()).unwrap();
    let Ok(body) = request.into_body().collect().await else { return Err(io::Error::other("no body")) };
    let batch = Batch::parse(signal, body.to_bytes(), &Limits::default()).unwrap();
    let answer = {
        let mut seen = record.lock().unwrap();
        let answer = script(seen.len(), &batch);
        seen.push(Seen { batch });
        answer
    };
    let reply = Response::builder().header("content-type", "application/x-protobuf");
    let done = |reply: http::response::Builder, body: Bytes| Ok(reply.body(Full::new(body)).unwrap());
    match answer {
        Answer::Ok => done(reply, Bytes::new()),
        Answer::Partial(rejected) => {
            done(reply, ExportResponse { rejected, message: "some of it".to_owned() }.encode().into())
        }
        Answer::Status(status) => done(reply.status(status), Bytes::new()),
        Answer::RetryAfter(status, seconds) => {
            done(reply.status(status).header("retry-after", seconds), Bytes::new())
        }
        Answer::Hang => std::future::pending::<Result<_, Infallible>>().await.map_err(|never| match never {}),
        Answer::Break => Err(io::Error::other("as the script says")),
    }
}

/// A batch of spans with these names, all of one resource.
pub(crate) fn spans<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Batch {
    let mut writer = TracesWriter::new();
    let mut resource = writer.resource(|resource| {
        resource.attr("service.name", "shop");
    });
    let mut scope = resource.scope("shop.cart", "1");
    for name in names {
        scope.span().name(name.as_ref());
    }
    writer.finish()
}

/// That many spans, numbered from `first`.
pub(crate) fn numbered(first: usize, count: usize) -> Batch {
    spans((first..first + count).map(|number| format!("span {number}")))
}

pub(crate) fn names(batch: &Batch) -> Vec<String> {
    batch.traces().unwrap().spans().map(|span| span.name().to_owned()).collect()
}
