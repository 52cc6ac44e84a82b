//! Exporters whose connections break, in every mode: nothing is lost, nothing is altered, and the ledger balances.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use otlp_export::{
    BatchOptions, Client, Destination, Exporter, Protocol, RetryPolicy, Running, Tracezip, testing::names,
};

use crate::support::{Proxy, Shelf, server, spans};

const BATCHES: u64 = 120;
const ITEMS: usize = 7;
const LONG: Duration = Duration::from_secs(60);

/// Numbers that look random and are the same in every run.
fn mix(number: usize) -> u64 {
    let mut value = number as u64 ^ 0x9e37_79b9_7f4a_7c15;
    for _ in 0..3 {
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    value >> 8
}

fn exporter(url: &str, protocol: Protocol, mode: Tracezip) -> Exporter {
    let client = Client::builder().protocol(protocol).endpoint(url).tracezip(mode);
    let soon =
        RetryPolicy::default().with_initial(Duration::from_millis(1)).with_cap(Duration::from_millis(5));
    let alone = BatchOptions { items: ITEMS, bytes: 1 << 20, delay: Duration::ZERO };
    let destination =
        Destination::new("far", client).batch(alone).concurrency(3).retry(soon).queue_items(1 << 20);
    Exporter::builder().destination(destination).start().unwrap()
}

/// How often each item is on the shelf. Every one of them must be one that was sent.
fn counts(shelf: &Shelf) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for kept in shelf.all() {
        for name in names(&kept.batch) {
            *counts.entry(name).or_default() += 1;
        }
    }
    counts
}

async fn run(servers: &[&Running], shelf: &Shelf, protocol: Protocol, mode: Tracezip) {
    let address = |running: &&Running| match protocol {
        Protocol::Grpc => running.grpc_addr().unwrap(),
        _ => running.http_addr().unwrap(),
    };
    let addresses: Vec<_> = servers.iter().map(address).collect();
    // Long enough for some requests, and now and then for none.
    let proxy = Proxy::start(addresses, |number| mix(number) % 6000).await;
    let exporter = exporter(&proxy.url(), protocol, mode);
    let mut wanted = BTreeSet::new();
    for seed in 0..BATCHES {
        let batch = spans(seed, ITEMS);
        wanted.extend(names(&batch));
        exporter.send(batch).unwrap();
    }
    let report = exporter.shutdown(LONG).await;
    let account = report.total();
    assert!(report.is_balanced() && report.is_all_accepted(), "{protocol} {mode}: {report}");
    assert_eq!(account.accepted, BATCHES * ITEMS as u64);
    assert!(account.retries > 0, "{protocol} {mode}: nothing broke, which tests nothing");
    let counts = counts(shelf);
    assert!(counts.keys().eq(&wanted), "{protocol} {mode}: {} of {} items", counts.len(), wanted.len());
    assert!(shelf.codings().contains(&"tracezip"), "{protocol} {mode}: {:?}", shelf.codings());
    // A request whose answer was lost is sent again; no item comes more often than it was tried.
    let doubled: usize = counts.values().map(|count| count - 1).sum();
    assert!(doubled as u64 <= account.retries * ITEMS as u64, "{protocol} {mode}: {doubled} doubled");
}

#[tokio::test]
async fn connections_that_break_at_any_byte() {
    for (protocol, mode) in [
        (Protocol::HttpProtobuf, Tracezip::Stateless),
        (Protocol::Grpc, Tracezip::Stateless),
        (Protocol::Grpc, Tracezip::Stream),
    ] {
        let shelf = Shelf::default();
        let running = server(&shelf).await;
        run(&[&running], &shelf, protocol, mode).await;
    }
}

#[tokio::test]
async fn and_two_replicas_behind_one_address() {
    for (protocol, mode) in
        [(Protocol::HttpProtobuf, Tracezip::Stateless), (Protocol::Grpc, Tracezip::Stream)]
    {
        let shelf = Shelf::default();
        let (one, other) = (server(&shelf).await, server(&shelf).await);
        run(&[&one, &other], &shelf, protocol, mode).await;
    }
}
