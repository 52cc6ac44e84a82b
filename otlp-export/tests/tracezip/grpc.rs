//! Over gRPC, one request a batch.

use otlp_core::{Signal, rpc::Status};
use otlp_export::{
    Client, Outcome, Protocol, Refusal, Running, Tracezip,
    testing::{Reply, ScriptedServer, batch},
};

use crate::support::{Shelf, accepted, builder, odd, server, spans, start};

const EXPORT: &str = "/otlp.tracezip.v1.TracezipService/Export";

pub(crate) fn url(running: &Running) -> String {
    format!("http://{}", running.grpc_addr().unwrap())
}

fn client(url: &str, mode: Tracezip) -> Client {
    Client::builder().protocol(Protocol::Grpc).endpoint(url).tracezip(mode).build().unwrap()
}

fn unimplemented() -> Reply {
    Reply::refused(404, Status::new(12, "unknown service"))
}

#[tokio::test]
async fn the_first_request_finds_out_and_the_bytes_arrive_as_they_were() {
    let shelf = Shelf::default();
    let running = server(&shelf).await;
    let client = client(&url(&running), Tracezip::Stateless);
    let batches =
        [spans(0, 50), odd(&spans(1, 50)), batch(Signal::Logs, ["a"]), batch(Signal::Metrics, ["m"])];
    for sent in &batches {
        accepted(&client, sent).await;
    }
    assert_eq!(shelf.codings(), ["tracezip"; 4]);
    for (kept, sent) in shelf.all().iter().zip(&batches) {
        assert_eq!(kept.batch, *sent);
    }
}

#[tokio::test]
async fn a_server_without_the_service_gets_plain_otlp_and_is_asked_once() {
    for mode in [Tracezip::Stateless, Tracezip::Stream] {
        let shelf = Shelf::default();
        let running = start(builder(&shelf).tracezip(false)).await;
        let client = client(&url(&running), mode);
        for seed in 0..4 {
            accepted(&client, &spans(seed, 5)).await;
        }
        assert_eq!(shelf.codings(), ["gzip"; 4]);
        let asked = if mode == Tracezip::Stream { 2 } else { 1 };
        assert_eq!(running.stats().refused(Refusal::NotFound), asked, "{mode}");
    }
}

#[tokio::test]
async fn what_may_be_about_the_form_is_sent_once_more_and_what_is_not_is_not() {
    let proxy = || Reply::status(404).header("content-type", "text/html").data("no such page");
    for (refusal, cached) in
        [(unimplemented(), true), (proxy(), true), (Reply::invalid("version 9 of the format"), true)]
    {
        let server = ScriptedServer::start([refusal]).unwrap();
        let client = client(&server.url(), Tracezip::Stateless);
        accepted(&client, &spans(0, 5)).await;
        accepted(&client, &spans(1, 5)).await;
        let paths: Vec<_> = server.received().into_iter().map(|received| received.path).collect();
        let plain = Signal::Traces.grpc_path();
        assert_eq!(paths == [EXPORT, plain, plain], cached, "{paths:?}");
        assert_eq!(server.accepted_items(Signal::Traces), 10);
    }
    let server = ScriptedServer::start([Reply::refused(401, Status::new(16, "who are you"))]).unwrap();
    let client = client(&server.url(), Tracezip::Stateless);
    assert!(matches!(client.send(&spans(0, 5)).await.outcome, Outcome::Rejected { .. }));
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_batch_that_is_bad_in_both_forms_is_bad() {
    let server = ScriptedServer::start([Reply::invalid("no"), Reply::invalid("no")]).unwrap();
    let client = client(&server.url(), Tracezip::Stateless);
    assert!(matches!(client.send(&spans(0, 5)).await.outcome, Outcome::Rejected { .. }));
    accepted(&client, &spans(1, 5)).await;
    let paths: Vec<_> = server.received().into_iter().map(|received| received.path).collect();
    assert_eq!(paths, [EXPORT, Signal::Traces.grpc_path(), EXPORT]);
}

#[tokio::test]
#[cfg(feature = "zstd")]
async fn the_other_form_has_the_compression_that_was_asked_for() {
    let server = ScriptedServer::start([unimplemented()]).unwrap();
    let client = Client::builder()
        .protocol(Protocol::Grpc)
        .endpoint(&server.url())
        .compression(otlp_export::Codec::Zstd)
        .tracezip(Tracezip::Stateless)
        .build()
        .unwrap();
    accepted(&client, &spans(0, 5)).await;
    assert_eq!(server.received()[1].header("grpc-encoding"), Some("zstd"));
}
