//! Rules that bind clients, over every transport alike, where the files of one transport do not show them.
#![cfg(all(feature = "testing", feature = "grpc"))]
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

use std::time::Duration;

use otlp_core::{Signal, rpc::Status};
use otlp_export::{
    BatchOptions, Client, ClientBuilder, Codec, Destination, DropReason, Exporter, Failure, FailureKind,
    Outcome, Protocol, RetryPolicy,
    testing::{Audit, Reply, ScriptedServer, VirtualClock, batch},
};

const ALL: [Protocol; 3] = [Protocol::HttpProtobuf, Protocol::HttpJson, Protocol::Grpc];
/// Real time that no test comes near.
const PATIENCE: Duration = Duration::from_secs(60);

fn to(server: &ScriptedServer, protocol: Protocol) -> ClientBuilder {
    Client::builder().protocol(protocol).endpoint(&server.url()).timeout(PATIENCE)
}

/// An exporter that sends each batch at once.
fn exporter(server: &ScriptedServer, protocol: Protocol, retry: RetryPolicy) -> Exporter {
    let at_once = BatchOptions { items: 512, bytes: 1 << 20, delay: Duration::ZERO };
    let destination = Destination::new("test", to(server, protocol)).batch(at_once);
    Exporter::builder().destination(destination).retry(retry).start().unwrap()
}

/// Waits of milliseconds.
fn quick() -> RetryPolicy {
    RetryPolicy::default().with_initial(Duration::from_millis(2)).with_cap(Duration::from_millis(2))
}

#[tokio::test]
async fn g12_g13_every_code_with_and_without_retry_info() {
    let server = ScriptedServer::start([]).unwrap();
    let client = to(&server, Protocol::Grpc).build().unwrap();
    for code in 1..=16 {
        for delay in [None, Some(Duration::from_secs(3))] {
            server.push(Reply::refused(500, Status { retry_delay: delay, ..Status::new(code, "as told") }));
            let outcome = client.send(&batch(Signal::Metrics, ["a"])).await.outcome;
            let retryable = matches!(code, 1 | 4 | 10 | 11 | 14 | 15) || (code == 8 && delay.is_some());
            assert_eq!(outcome.is_retryable(), retryable, "{code} {delay:?}");
            assert_eq!(outcome.failure().map(Failure::kind), Some(FailureKind::GrpcStatus(code as u32)));
            if let Outcome::RetryLater { after, .. } = outcome {
                assert_eq!(after, delay, "{code}");
            }
        }
    }
    assert_eq!(client.send(&batch(Signal::Metrics, ["a"])).await.outcome, Outcome::Accepted, "code 0");
}

#[tokio::test]
async fn h10_h11_every_status_in_both_encodings() {
    for protocol in [Protocol::HttpProtobuf, Protocol::HttpJson] {
        let server = ScriptedServer::start([]).unwrap();
        let client = to(&server, protocol).build().unwrap();
        for status in (300..600).filter(|status| *status != 304) {
            // The code in the body says otherwise; it must not be acted on (rule H9).
            let code = if matches!(status, 429 | 502 | 503 | 504) { 3 } else { 14 };
            server.push(Reply::refused(status, Status::new(code, "as told")));
            let outcome = client.send(&batch(Signal::Logs, ["a"])).await.outcome;
            assert_eq!(outcome.is_retryable(), matches!(status, 429 | 502 | 503 | 504), "{status}");
            assert_eq!(outcome.failure().map(Failure::kind), Some(FailureKind::HttpStatus(status)));
        }
    }
}

#[test]
fn g11_partial_success_ends_it_on_every_transport() {
    for protocol in ALL {
        let server = ScriptedServer::start([Reply::partial(2, "no"), Reply::partial(0, "old")]).unwrap();
        let exporter = exporter(&server, protocol, quick());
        let mut audit = Audit::new();
        for (at, name) in ["a", "b"].into_iter().enumerate() {
            let spans = batch(
                Signal::Traces,
                [name, name, name].iter().enumerate().map(|(n, name)| format!("{name}{n}")),
            );
            audit.submitted(&spans);
            exporter.send(spans).unwrap();
            let _ = server.wait_for(at + 1, PATIENCE);
        }
        let report = exporter.shutdown_blocking(PATIENCE);
        let account = report.total();
        assert_eq!((account.accepted, account.rejected, account.retries), (4, 2, 0), "{protocol}: {report}");
        assert_eq!(server.received().len(), 2);
        audit.reported(&report);
        audit.received(&server.received());
        audit.assert_balanced();
    }
}

#[test]
fn g14_h12_the_servers_wait_is_kept_and_what_is_final_is_dropped_and_counted() {
    const WAIT: Duration = Duration::from_secs(1);
    for protocol in ALL {
        let server =
            ScriptedServer::start([Reply::retry_later(Some(WAIT)), Reply::accepted(), Reply::invalid("no")]);
        let server = server.unwrap();
        let exporter = exporter(&server, protocol, quick());
        exporter.send(batch(Signal::Traces, ["a", "b"])).unwrap();
        let received = server.wait_for(2, PATIENCE);
        assert!(received[1].at - received[0].at >= WAIT, "{protocol}");
        assert_eq!(received[0].body, received[1].body, "the same bytes");
        exporter.send(batch(Signal::Traces, ["c"])).unwrap();
        let report = exporter.shutdown_blocking(PATIENCE);
        assert_eq!(
            (report.total().accepted, report.total().dropped(DropReason::NonRetryable)),
            (2, 1),
            "{report}"
        );
        assert_eq!(server.received().len(), 3, "what is final is not sent again");
    }
}

#[test]
fn g14_h12_h13_backoff_doubles_from_the_servers_wait_and_ends_with_the_policy() {
    const SECOND: Duration = Duration::from_secs(1);
    for protocol in ALL {
        let server = ScriptedServer::start([Reply::retry_later(Some(20 * SECOND))]).unwrap();
        server.otherwise(Reply::retry_later(None));
        let time = VirtualClock::new();
        let at_once = BatchOptions { items: 512, bytes: 1 << 20, delay: Duration::ZERO };
        let destination = Destination::new("test", to(&server, protocol)).batch(at_once);
        let exporter = Exporter::builder().destination(destination).clock(time.clock()).start().unwrap();
        exporter.send(batch(Signal::Traces, ["a"])).unwrap();
        // No second passes: the waits are the clock's.
        let mut waits = Vec::new();
        while exporter.ledger().report().total().pending > 0 {
            if time.wait_for_sleepers(1, Duration::from_millis(10)) {
                waits.extend(time.advance_to_next());
            }
        }
        assert_eq!(waits[0], 20 * SECOND, "{protocol}: exactly what the server asked for");
        // From there it grows up to the policy's cap of 30 s.
        let grown = |wait: &Duration| (20 * SECOND..=30 * SECOND).contains(wait);
        assert!(waits[1..].iter().all(grown), "{protocol}: {waits:?}");
        assert!((200 * SECOND..300 * SECOND).contains(&time.elapsed()), "{protocol}: {waits:?}");
        assert_eq!(server.received().len(), waits.len() + 1);
        let report = exporter.shutdown_blocking(PATIENCE);
        assert_eq!(report.total().dropped(DropReason::RetryExhausted), 1, "{protocol}: {report}");
    }
}

#[test]
fn h13_connections_that_fail_or_break_are_tried_again() {
    for protocol in ALL {
        let faults = [
            Reply::reset(),
            Reply::accepted().reset_request_at(0),
            Reply::accepted().close_response_at(15),
            Reply::goaway(),
        ];
        let server = ScriptedServer::start(faults).unwrap();
        server.down();
        let exporter = exporter(&server, protocol, quick());
        let (spans, mut audit) = (batch(Signal::Traces, ["a", "b"]), Audit::new());
        audit.submitted(&spans);
        exporter.send(spans).unwrap();
        // Nobody listens for a while.
        while exporter.ledger().report().total().requests < 3 {
            std::thread::sleep(Duration::from_millis(1));
        }
        server.up();
        let report = exporter.shutdown_blocking(PATIENCE);
        assert!(report.is_all_accepted(), "{protocol}: {report}");
        audit.reported(&report);
        audit.received(&server.received());
        audit.assert_balanced();
    }
}

#[tokio::test]
async fn h14_connections_are_kept_alive() {
    for protocol in ALL {
        let server = ScriptedServer::start([]).unwrap();
        let client = to(&server, protocol).build().unwrap();
        for _ in 0..5 {
            for signal in Signal::ALL {
                assert_eq!(client.send(&batch(signal, ["a"])).await.outcome, Outcome::Accepted);
            }
        }
        assert_eq!((server.received().len(), server.connections()), (20, 1), "{protocol}");
    }
}

#[test]
fn c12_retrying_needs_no_asking() {
    for protocol in ALL {
        let server = ScriptedServer::start([Reply::retry_later(None)]).unwrap();
        let exporter = exporter(&server, protocol, RetryPolicy::default());
        exporter.send(batch(Signal::Logs, ["a"])).unwrap();
        let _ = server.wait_for(2, PATIENCE);
        let report = exporter.shutdown_blocking(PATIENCE);
        assert_eq!((report.total().accepted, report.total().retries), (1, 1), "{protocol}: {report}");
    }
}

#[tokio::test]
async fn c13_the_user_agent_names_the_exporter_and_before_it_the_product() {
    let own = concat!("OTel-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION"));
    for protocol in ALL {
        let server = ScriptedServer::start([]).unwrap();
        for (prefix, expected) in [(None, own.to_owned()), (Some("shop/1.2"), format!("shop/1.2 {own}"))] {
            let client = to(&server, protocol);
            let client = if let Some(prefix) = prefix { client.user_agent_prefix(prefix) } else { client };
            assert_eq!(
                client.build().unwrap().send(&batch(Signal::Logs, ["a"])).await.outcome,
                Outcome::Accepted
            );
            let agent = server.received().last().unwrap().header("user-agent").unwrap().to_owned();
            // gRPC libraries may put their own behind it.
            assert!(agent.starts_with(&expected), "{protocol}: {agent}");
        }
    }
}

#[tokio::test]
async fn h4_gzip_is_said_and_understood_on_every_transport() {
    for protocol in ALL {
        let server = ScriptedServer::start([]).unwrap();
        let client = to(&server, protocol).compression(Codec::Gzip).build().unwrap();
        assert_eq!(client.send(&batch(Signal::Traces, ["a"; 50])).await.outcome, Outcome::Accepted);
        let received = server.received_once();
        let header = if protocol == Protocol::Grpc { "grpc-encoding" } else { "content-encoding" };
        assert_eq!((received.header(header), received.items()), (Some("gzip"), 50), "{protocol}");
    }
}
