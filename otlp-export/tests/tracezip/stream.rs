//! Over gRPC on streams that keep state.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use otlp_core::{Batch, Signal};
use otlp_export::{
    Client, Outcome, Peer, Protocol, Running, Server, ServerLimits, Tracezip, Verdict, testing::batch,
};

use crate::{
    grpc::url,
    support::{Shelf, accepted, assert_each_once, builder, odd, server, spans, start},
};

fn client(url: &str) -> Client {
    Client::builder().protocol(Protocol::Grpc).endpoint(url).tracezip(Tracezip::Stream).build().unwrap()
}

#[tokio::test]
async fn batches_build_on_those_before_and_arrive_as_they_were() {
    let shelf = Shelf::default();
    let running = server(&shelf).await;
    let client = client(&url(&running));
    let mut sent = Vec::new();
    for seed in 0..10 {
        for batch in [spans(seed, 20), odd(&spans(seed, 3)), batch(Signal::Logs, ["a", "b"])] {
            accepted(&client, &batch).await;
            sent.push(batch);
        }
    }
    let large = spans(99, 5000);
    accepted(&client, &large).await;
    sent.push(large);
    assert_each_once(&shelf, &sent);
    assert_eq!(shelf.codings(), vec!["tracezip"; sent.len()]);
    assert_eq!(running.stats().connections(), 1);
}

#[tokio::test]
async fn requests_at_the_same_time_have_streams_of_their_own() {
    let shelf = Shelf::default();
    let running = server(&shelf).await;
    let client = client(&url(&running));
    let mut tasks = Vec::new();
    for task in 0..12 {
        let client = client.clone();
        tasks.push(tokio::spawn(async move {
            for seed in 0..20 {
                accepted(&client, &spans(task * 100 + seed, 5)).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let sent: Vec<_> =
        (0..12).flat_map(|task| (0..20).map(move |seed| spans(task * 100 + seed, 5))).collect();
    assert_each_once(&shelf, &sent);
    assert_eq!(shelf.codings(), vec!["tracezip"; sent.len()]);
}

#[tokio::test]
async fn verdicts_are_those_of_requests() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let receiver = move |_: Batch, _: &Peer| match counter.fetch_add(1, Ordering::Relaxed) {
        0 => Verdict::Accepted,
        1 => Verdict::partial(2, "two are bad"),
        2 => Verdict::retry_after(Duration::from_secs(3)),
        3 => Verdict::invalid("all are bad"),
        _ => Verdict::Accepted,
    };
    let running = Server::builder(receiver).grpc("127.0.0.1:0".parse().unwrap()).start().await.unwrap();
    let client = client(&url(&running));
    let mut outcomes = Vec::new();
    for seed in 0..5 {
        outcomes.push(client.send(&spans(seed, 5)).await.outcome.to_string());
    }
    let expected = [
        "accepted",
        "accepted but for 2 items: two are bad",
        "to be retried after 3000 ms: gRPC status 14 UNAVAILABLE: the receiver asks to send again later",
        "rejected: gRPC status 3 INVALID_ARGUMENT: all are bad",
        "accepted",
    ];
    for (outcome, expected) in outcomes.iter().zip(expected) {
        assert!(outcome.starts_with(expected), "{outcome}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 5, "the server read every frame, so that none was sent twice");
}

#[tokio::test]
async fn a_server_that_wants_no_streams_gets_requests() {
    let shelf = Shelf::default();
    let limits = ServerLimits::default().with_max_tracezip_streams(0);
    let running = start(builder(&shelf).limits(limits)).await;
    let client = client(&url(&running));
    let sent: Vec<_> = (0..4).map(|seed| spans(seed, 5)).collect();
    for batch in &sent {
        accepted(&client, batch).await;
    }
    assert_each_once(&shelf, &sent);
    assert_eq!(shelf.codings(), ["tracezip"; 4]);
}

#[tokio::test]
async fn streams_over_the_servers_bound_become_requests() {
    let shelf = Shelf::default();
    let limits = ServerLimits::default().with_max_tracezip_streams(1);
    let running = start(builder(&shelf).limits(limits)).await;
    let (first, second) = (client(&url(&running)), client(&url(&running)));
    let sent: Vec<_> = (0..6).map(|seed| spans(seed, 5)).collect();
    for pair in sent.chunks(2) {
        accepted(&first, &pair[0]).await;
        accepted(&second, &pair[1]).await;
    }
    assert_each_once(&shelf, &sent);
}

#[tokio::test]
async fn a_stream_that_idles_is_ended_and_the_next_batch_opens_another() {
    let shelf = Shelf::default();
    let limits = ServerLimits::default().with_idle_timeout(Duration::from_millis(100));
    let running = start(builder(&shelf).limits(limits)).await;
    let client = client(&url(&running));
    let sent: Vec<_> = (0..4).map(|seed| spans(seed, 5)).collect();
    for (number, batch) in sent.iter().enumerate() {
        if number == 2 {
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
        accepted(&client, batch).await;
    }
    assert_each_once(&shelf, &sent);
}

#[tokio::test]
async fn open_streams_do_not_hold_up_a_shutdown() {
    let shelf = Shelf::default();
    let running = server(&shelf).await;
    let client = client(&url(&running));
    accepted(&client, &spans(0, 5)).await;
    assert!(running.shutdown(Duration::from_secs(20)).await);
}

/// A server on this very port.
async fn at(address: SocketAddr, shelf: &Shelf) -> Running {
    for _ in 0..100 {
        if let Ok(running) = builder(shelf).grpc(address).start().await {
            return running;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the port {address} is not free again");
}

#[tokio::test]
async fn a_restart_of_the_receiver_loses_nothing() {
    let shelf = Shelf::default();
    let mut running = server(&shelf).await;
    let address = running.grpc_addr().unwrap();
    let client = client(&url(&running));
    let mut sent = Vec::new();
    for round in 0..4 {
        for seed in 0..3 {
            let batch = spans(round * 10 + seed, 5);
            let prepared = client.prepare(&batch).await.unwrap();
            // What a connection of before may cost: an attempt. Nothing of it was taken, as the shelf shows.
            let mut tries = 0;
            while client.send_prepared(&prepared).await.outcome != Outcome::Accepted {
                tries += 1;
                assert!(tries < 10);
            }
            sent.push(batch);
        }
        if round % 2 == 0 {
            running.shutdown(Duration::from_secs(20)).await;
        }
        drop(running);
        running = at(address, &shelf).await;
    }
    assert_each_once(&shelf, &sent);
}
