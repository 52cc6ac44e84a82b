//! The test kit itself: each fault of the script is what it says, as the client sees it and as the server records it.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

use std::time::{Duration, Instant, SystemTime};

use otlp_core::{Signal, rpc::Status};
use otlp_export::{
    Client, ClientBuilder, Codec, Failure, FailureKind, Outcome, Protocol,
    testing::{Answered, Audit, Gate, Reply, ScriptedServer, batch, names},
};

/// Every protocol of this build.
const PROTOCOLS: &[Protocol] = if cfg!(feature = "grpc") {
    &[Protocol::HttpProtobuf, Protocol::HttpJson, Protocol::Grpc]
} else {
    &[Protocol::HttpProtobuf, Protocol::HttpJson]
};

/// Real time that no test comes near.
const PATIENCE: Duration = Duration::from_secs(60);

fn to(server: &ScriptedServer, protocol: Protocol) -> ClientBuilder {
    Client::builder().protocol(protocol).endpoint(&server.url()).timeout(PATIENCE)
}

/// One batch of three spans against one reply, over each protocol.
async fn each(reply: Reply, mut check: impl FnMut(Protocol, Outcome, Answered)) {
    for &protocol in PROTOCOLS {
        let server = ScriptedServer::start([reply.clone()]).unwrap();
        let client = to(&server, protocol).max_response_bytes(2000).build().unwrap();
        let outcome = client.send(&batch(Signal::Traces, ["a", "b", "c"])).await.outcome;
        check(protocol, outcome, server.received_once().answered);
    }
}

fn kind(outcome: &Outcome) -> Option<FailureKind> {
    outcome.failure().map(Failure::kind)
}

#[tokio::test]
async fn answers_suit_the_requests_transport() {
    each(Reply::accepted(), |protocol, outcome, answered| {
        assert_eq!((outcome, answered), (Outcome::Accepted, Answered::Accepted), "{protocol}");
    })
    .await;
    each(Reply::partial(2, "bad \"ids\""), |protocol, outcome, answered| {
        let expected = Outcome::Partial { rejected: 2, message: "bad \"ids\"".into() };
        assert_eq!((outcome, answered), (expected, Answered::Partial(2)), "{protocol}");
    })
    .await;
    each(Reply::retry_later(Some(Duration::from_secs(2))), |protocol, outcome, answered| {
        let Outcome::RetryLater { after, cause } = outcome else { panic!("{protocol}: {outcome}") };
        assert_eq!((after, cause.message()), (Some(Duration::from_secs(2)), "try again later"), "{protocol}");
        assert_eq!(answered, Answered::Refused);
    })
    .await;
    let status = Status::new(3, "é%").with_violation("resource_spans[0]", "odd");
    for reply in [Reply::refused(400, status), Reply::invalid("é%"), Reply::too_large()] {
        each(reply, |protocol, outcome, answered| {
            assert!(matches!(outcome, Outcome::Rejected { .. }), "{protocol}: {outcome}");
            assert_eq!(answered, Answered::Refused);
        })
        .await;
    }
}

#[tokio::test]
async fn dates_stand_for_waits() {
    let server = ScriptedServer::start([]).unwrap();
    let then = SystemTime::now() + Duration::from_secs(3600);
    server.push(Reply::status(503).retry_after_date(then));
    server.push(Reply::status(429).retry_after(9));
    let client = to(&server, Protocol::HttpProtobuf).build().unwrap();
    let wait = async || match client.send(&batch(Signal::Logs, ["a"])).await.outcome {
        Outcome::RetryLater { after, .. } => after.unwrap().as_secs(),
        other => panic!("{other}"),
    };
    assert!((3500..=3600).contains(&wait().await));
    assert_eq!(wait().await, 9);
}

#[tokio::test]
async fn connections_end_where_the_script_says() {
    for reply in [
        Reply::reset(),
        Reply::accepted().reset_response_at(1),
        Reply::accepted().reset_response_at(20),
        Reply::accepted().close_response_at(0),
        Reply::accepted().close_response_at(20),
    ] {
        each(reply.clone(), |protocol, outcome, answered| {
            assert_eq!(kind(&outcome), Some(FailureKind::Unreachable), "{protocol} {reply:?}: {outcome}");
            assert_eq!(answered, Answered::Unknown, "{protocol} {reply:?}");
        })
        .await;
    }
    // Far enough, the answer is whole.
    each(Reply::accepted().reset_response_at(100_000), |protocol, outcome, _| {
        assert_eq!(outcome, Outcome::Accepted, "{protocol}");
    })
    .await;
}

#[tokio::test]
async fn requests_end_where_the_script_says() {
    let large = batch(Signal::Traces, (0..20_000).map(|item| format!("span number {item}")));
    for &protocol in PROTOCOLS {
        for at in [0, 1, 100_000] {
            let server = ScriptedServer::start([Reply::accepted().reset_request_at(at)]).unwrap();
            let outcome = to(&server, protocol).build().unwrap().send(&large).await.outcome;
            assert_eq!(kind(&outcome), Some(FailureKind::Unreachable), "{protocol} {at}: {outcome}");
            assert_eq!(server.accepted_items(Signal::Traces), 0);
        }
    }
}

#[tokio::test]
async fn answers_that_cannot_be_read() {
    for reply in [Reply::oversized(2001), Reply::bomb(1 << 20)] {
        each(reply, |protocol, outcome, answered| {
            assert_eq!(kind(&outcome), Some(FailureKind::ResponseTooLarge), "{protocol}: {outcome}");
            assert_eq!(answered, Answered::Unknown);
        })
        .await;
    }
    each(Reply::oversized(1999), |protocol, outcome, _| {
        let Outcome::Partial { rejected: 0, message } = outcome else { panic!("{protocol}: {outcome}") };
        assert!((1950..1999).contains(&message.len()), "{protocol}: {}", message.len());
    })
    .await;
    each(Reply::wrong_content_type(), |protocol, outcome, _| {
        assert_eq!(kind(&outcome), Some(FailureKind::BadResponse), "{protocol}: {outcome}");
    })
    .await;
}

#[tokio::test]
async fn goaway_moves_the_client_to_another_connection() {
    for &protocol in PROTOCOLS {
        let script = [Reply::accepted().then_goaway(), Reply::goaway(), Reply::accepted()];
        let server = ScriptedServer::start(script).unwrap();
        let client = to(&server, protocol).build().unwrap();
        let mut outcomes = Vec::new();
        for name in ["a", "b", "c"] {
            outcomes.push(client.send(&batch(Signal::Traces, [name])).await.outcome);
        }
        assert_eq!(outcomes[0], Outcome::Accepted, "{protocol}");
        assert_eq!(outcomes[2], Outcome::Accepted, "{protocol}");
        // A client may send by itself what GOAWAY says was not looked at; ours leaves that to the retry.
        assert!(
            outcomes[1].is_retryable() || outcomes[1] == Outcome::Accepted,
            "{protocol}: {}",
            outcomes[1]
        );
        assert!(server.connections() >= 2, "{protocol}");
    }
}

#[tokio::test]
async fn a_gate_and_a_delay_hold_the_answer_back() {
    let gate = Gate::new();
    let delay = Duration::from_millis(20);
    let server =
        ScriptedServer::start([Reply::accepted().behind(&gate), Reply::accepted().delayed(delay)]).unwrap();
    let client = to(&server, Protocol::HttpProtobuf).build().unwrap();
    let sending = tokio::spawn({
        let client = client.clone();
        async move { client.send(&batch(Signal::Traces, ["a"])).await.outcome }
    });
    while server.received().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(!sending.is_finished());
    gate.open();
    assert_eq!(sending.await.unwrap(), Outcome::Accepted);
    let start = Instant::now();
    assert_eq!(client.send(&batch(Signal::Traces, ["b"])).await.outcome, Outcome::Accepted);
    assert!(start.elapsed() >= delay);
}

#[tokio::test]
async fn a_server_goes_down_and_comes_back_on_its_port() {
    for &protocol in PROTOCOLS {
        let server = ScriptedServer::start([]).unwrap();
        let client = to(&server, protocol).build().unwrap();
        let spans = batch(Signal::Traces, ["a"]);
        assert_eq!(client.send(&spans).await.outcome, Outcome::Accepted);
        server.down();
        assert_eq!(kind(&client.send(&spans).await.outcome), Some(FailureKind::Unreachable), "{protocol}");
        server.up();
        assert_eq!(client.send(&spans).await.outcome, Outcome::Accepted, "{protocol}");
        assert_eq!(server.received().len(), 2);
    }
}

#[tokio::test]
async fn requests_are_recorded_as_they_came_and_as_batches() {
    for &protocol in PROTOCOLS {
        for signal in Signal::ALL {
            for codec in [Codec::Identity, Codec::Gzip] {
                let server = ScriptedServer::start([]).unwrap();
                let client =
                    to(&server, protocol).compression(codec).header("X-Tenant", "7").build().unwrap();
                let sent = batch(signal, ["one", "two"]);
                assert_eq!(client.send(&sent).await.outcome, Outcome::Accepted);
                let received = server.received_once();
                assert_eq!((received.signal, received.protocol), (signal, protocol));
                assert_eq!((received.items(), received.connection), (2, 1));
                assert_eq!(names(received.batch.as_ref().unwrap()), ["one", "two"]);
                assert_eq!((received.header("x-tenant"), received.method.as_str()), (Some("7"), "POST"));
                assert_eq!(server.accepted_items(signal), 2);
            }
        }
    }
}

#[test]
fn blocking_tests_wait_for_requests_and_audit_them() {
    let server = ScriptedServer::start([Reply::reset()]).unwrap();
    let url = server.url();
    let mut audit = Audit::new();
    let (spans, logs) = (batch(Signal::Traces, ["a", "b"]), batch(Signal::Logs, ["c"]));
    audit.submitted(&spans);
    audit.submitted(&logs);
    let sender = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client = Client::builder().endpoint(&url).build().unwrap();
            // The first is reset, though the server has it: it comes twice.
            while client.send(&spans).await.outcome.is_retryable() {}
            assert_eq!(client.send(&logs).await.outcome, Outcome::Accepted);
        });
    });
    let received = server.wait_for(3, PATIENCE);
    sender.join().unwrap();
    audit.received(&received[..2]);
    assert_eq!(audit.check().unwrap_err().missing(), ["logs: c"]);
    audit.received(&received[2..]);
    audit.assert_balanced();
}

#[test]
#[should_panic(expected = "0 of 1 requests came within")]
fn waiting_in_vain_says_what_came() {
    let _ = ScriptedServer::start([]).unwrap().wait_for(1, Duration::from_millis(5));
}
