//! The exporter above it: refusals on the way, a queue on a disk, and bytes counted where they leave.

use std::time::Duration;

use otlp_core::Signal;
use otlp_export::{
    BatchOptions, Client, Codec, Destination, Exporter, Tracezip,
    testing::{Audit, Reply, ScriptedServer, batch},
};

use crate::support::{Proxy, Shelf, accepted, server, spans};

const LONG: Duration = Duration::from_secs(30);

fn destination(url: &str) -> Destination {
    let alone = BatchOptions { items: 4, bytes: 1 << 20, delay: Duration::ZERO };
    Destination::new("far", Client::builder().endpoint(url).tracezip(Tracezip::Stateless)).batch(alone)
}

#[test]
fn whatever_the_server_says_every_item_has_one_fate() {
    let advertised = |reply: Reply| reply.header("accept-encoding", "tracezip, gzip");
    let server = ScriptedServer::start([
        advertised(Reply::accepted()),
        // Tracezip from here on: taken in part, refused for good in both forms, and refused as a form.
        advertised(Reply::partial(2, "two are bad")),
        advertised(Reply::invalid("bad")),
        advertised(Reply::invalid("bad")),
        advertised(Reply::retry_later(None)),
        Reply::status(415),
        Reply::reset(),
    ])
    .unwrap();
    server.otherwise(advertised(Reply::accepted()));
    let exporter = Exporter::builder().destination(destination(&server.url())).start().unwrap();
    let mut audit = Audit::new();
    for seed in 0..8 {
        let batch = spans(seed, 4);
        audit.submitted(&batch);
        exporter.send(batch).unwrap();
    }
    let report = exporter.shutdown_blocking(LONG);
    let account = report.signal(Signal::Traces);
    assert!(report.is_balanced() && report.is_settled(), "{report}");
    assert_eq!((account.submitted, account.rejected, account.dropped_total()), (32, 2, 4), "{report}");
    audit.reported(&report);
    audit.received(&server.received());
    audit.assert_balanced();
    let codings: Vec<_> = server
        .received()
        .iter()
        .map(|received| received.header("content-encoding").unwrap_or("none").to_owned())
        .collect();
    assert_eq!(codings[..7], ["gzip", "tracezip", "tracezip", "gzip", "tracezip", "tracezip", "gzip"]);
    assert!(codings[7..].iter().all(|coding| coding == "gzip"), "{codings:?}");
}

#[test]
#[cfg(feature = "disk-queue")]
fn a_queue_on_a_disk_holds_batches_whatever_form_they_travel_in() {
    use otlp_export::disk::DiskQueueOptions;

    let dir = tempfile::tempdir().unwrap();
    let server = ScriptedServer::start([]).unwrap();
    server.otherwise(Reply::retry_later(None).header("accept-encoding", "tracezip"));
    let start = || {
        let destination = destination(&server.url()).durable(dir.path(), DiskQueueOptions::default());
        Exporter::builder().destination(destination).start().unwrap()
    };
    let mut audit = Audit::new();
    let exporter = start();
    for seed in 0..5 {
        let batch = spans(seed, 4);
        audit.submitted(&batch);
        exporter.send_durable_blocking(batch).unwrap();
    }
    let report = exporter.shutdown_blocking(Duration::from_millis(50));
    assert_eq!((report.total().pending, report.is_balanced()), (20, true), "{report}");
    server.otherwise(Reply::accepted().header("accept-encoding", "tracezip"));
    let report = start().shutdown_blocking(LONG);
    assert_eq!((report.total().recovered, report.total().accepted), (20, 20), "{report}");
    audit.received(&server.received());
    audit.assert_balanced();
    let last = server.received().pop().unwrap();
    assert_eq!(last.header("content-encoding"), Some("tracezip"));
}

#[tokio::test]
async fn fewer_bytes_leave_the_socket() {
    // Names come again and again, as those of operations do.
    let names = || (0..1000).map(|number| format!("GET /cart/{}", number % 7));
    let batches: Vec<_> = (0..4).map(|_| batch(Signal::Traces, names())).collect();
    let mut sent = Vec::new();
    for (codec, mode) in
        [(Codec::Identity, Tracezip::Off), (Codec::Gzip, Tracezip::Off), (Codec::Gzip, Tracezip::Stateless)]
    {
        let shelf = Shelf::default();
        let running = server(&shelf).await;
        let proxy = Proxy::start([running.http_addr().unwrap()], |_| u64::MAX).await;
        let client = Client::builder().endpoint(&proxy.url()).compression(codec).tracezip(mode);
        let client = client.build().unwrap();
        // The first answer tells what the server takes.
        accepted(&client, &spans(9, 1)).await;
        let before = proxy.sent();
        let mut bodies = 0;
        for batch in &batches {
            bodies += accepted(&client, batch).await;
        }
        let at_the_socket = proxy.sent() - before;
        let heads = at_the_socket - bodies;
        assert!(heads < 400 * batches.len() as u64, "{bodies} of {at_the_socket} bytes are bodies");
        sent.push(at_the_socket);
    }
    let [plain, gzip, tracezip] = sent[..] else { panic!("{sent:?}") };
    // Against gzip real captures count (`cargo xtask interop link`): the ids of these batches count up, which only gzip likes.
    assert!(plain > 5 * gzip && plain > 5 * tracezip, "{sent:?}");
}
