//! The same telemetry through the exporter, to a server that is busy at first and takes not everything: its ledger.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::Context as _;
use otlp::{
    Batch, Client, Destination, Exporter, Peer, Protocol, Report, RetryPolicy, Server, Signal, Verdict,
};

/// Spans that the server says are too old.
pub(super) const REFUSED: u64 = 2;
/// The exporter's name for the server.
const NAME: &str = "demo";
/// How long delivering may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// Sends the batches with an exporter; gives what it accounts for.
pub(super) async fn ledger(batches: &[Batch]) -> anyhow::Result<Report> {
    let busy = Signal::ALL.map(|_| AtomicBool::new(true));
    let refused = AtomicBool::new(false);
    let receiver = move |batch: Batch, _: &Peer| {
        if busy[batch.signal() as usize].swap(false, Ordering::Relaxed) {
            Verdict::RetryLater { after: None }
        } else if batch.signal() == Signal::Traces && !refused.swap(true, Ordering::Relaxed) {
            Verdict::partial(REFUSED, "too old")
        } else {
            Verdict::Accepted
        }
    };
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server =
        Server::builder(receiver).grpc(any).start().await.context("cannot start the demo's server")?;
    let address = server.grpc_addr().context("the demo's server has no address")?;
    let client = Client::builder().protocol(Protocol::Grpc).endpoint(&format!("http://{address}"));
    let quick = RetryPolicy::default().with_initial(Duration::from_millis(20));
    let exporter = Exporter::builder()
        .destination(Destination::new(NAME, client).retry(quick).queue_items(1 << 20))
        .start()
        .context("cannot start the demo's exporter")?;
    for batch in batches {
        // What is not taken stands in the ledger.
        let _ = exporter.send(batch.clone());
    }
    let report = exporter.shutdown(DEADLINE).await;
    server.shutdown(Duration::from_secs(5)).await;
    Ok(report)
}

/// Whether every item has its fate, and the right one.
pub(super) fn is_as_expected(report: &Report) -> bool {
    let total = report.total();
    report.is_balanced()
        && report.is_settled()
        && total.rejected == REFUSED
        && total.accepted + total.rejected == total.submitted
}
