//! The client against the server: every protocol, every codec, every signal, every verdict.
#![cfg(all(feature = "server", feature = "grpc"))]
#![allow(clippy::unwrap_used, reason = "tests: a panic is the report, in their helpers too")]

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use otlp_core::{Batch, Limits, Signal, json};
use otlp_export::{
    Client, ClientBuilder, Codec, Outcome, Peer, Protocol, Receiver, Running, Server, ServerLimits, Verdict,
};

const LOCAL: &str = "127.0.0.1:0";

/// A client for where the server speaks this protocol.
fn client(server: &Running, protocol: Protocol) -> ClientBuilder {
    let address = match protocol {
        Protocol::Grpc => server.grpc_addr(),
        _ => server.http_addr(),
    };
    let address: SocketAddr = address.unwrap();
    Client::builder().protocol(protocol).endpoint(&format!("http://{address}"))
}

/// A batch with this many items, told apart by their names.
fn batch(signal: Signal, items: usize) -> Batch {
    let list = |item: &dyn Fn(usize) -> String| (0..items).map(item).collect::<Vec<_>>().join(",");
    let text = match signal {
        Signal::Traces => {
            let spans = list(&|n| format!(r#"{{"name":"span {n}","startTimeUnixNano":"{n}"}}"#));
            format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#)
        }
        Signal::Metrics => {
            let points = list(&|n| format!(r#"{{"asInt":"{n}"}}"#));
            format!(
                r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"m","gauge":{{"dataPoints":[{points}]}}}}]}}]}}]}}"#
            )
        }
        Signal::Logs => {
            let records = list(&|n| format!(r#"{{"body":{{"stringValue":"record {n}"}}}}"#));
            format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#)
        }
        Signal::Profiles => {
            let profiles = list(&|n| format!(r#"{{"timeUnixNano":"{n}"}}"#));
            format!(r#"{{"resourceProfiles":[{{"scopeProfiles":[{{"profiles":[{profiles}]}}]}}]}}"#)
        }
    };
    json::read(signal, text.as_bytes(), &json::JsonOptions::default(), &Limits::default()).unwrap()
}

async fn serve(receiver: impl Receiver) -> Running {
    let builder = Server::builder(receiver).grpc(LOCAL.parse().unwrap()).http(LOCAL.parse().unwrap());
    builder.start().await.unwrap()
}

#[tokio::test]
async fn everything_arrives_as_it_was_sent() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    let server = serve(move |batch: Batch, peer: &Peer| {
        record.lock().unwrap().push((batch, peer.protocol(), peer.content_coding(), peer.wire_bytes()));
        Verdict::Accepted
    })
    .await;
    for protocol in Protocol::ALL {
        for &codec in Codec::supported() {
            let client = client(&server, protocol).compression(codec).build().unwrap();
            for signal in Signal::ALL {
                for items in [1, 2000] {
                    let sent = batch(signal, items);
                    let delivery = client.send(&sent).await;
                    assert_eq!(delivery.outcome, Outcome::Accepted, "{protocol} {codec} {signal} {items}");
                    let (received, by, coding, wire_bytes) = seen.lock().unwrap().pop().unwrap();
                    assert_eq!(received, sent, "{protocol} {codec} {signal} {items}");
                    let name = match protocol {
                        Protocol::Grpc => codec.grpc_encoding(),
                        _ => codec.content_coding(),
                    };
                    assert_eq!((by, coding), (protocol, name));
                    assert_eq!(
                        wire_bytes,
                        delivery.wire_bytes - if protocol == Protocol::Grpc { 5 } else { 0 }
                    );
                }
            }
        }
    }
    let rounds = (Protocol::ALL.len() * Codec::supported().len()) as u64;
    for signal in Signal::ALL {
        let stats = server.stats().signal(signal);
        assert_eq!((stats.requests, stats.items), (2 * rounds, 2001 * rounds), "{signal}");
    }
}

#[tokio::test]
async fn an_empty_batch_is_accepted() {
    let server = serve(|_: Batch, _: &Peer| Verdict::invalid("never asked")).await;
    for protocol in Protocol::ALL {
        let client = client(&server, protocol).build().unwrap();
        for signal in Signal::ALL {
            let empty = Batch::parse(signal, Vec::new(), &Limits::default()).unwrap();
            assert_eq!(client.send(&empty).await.outcome, Outcome::Accepted, "{protocol} {signal}");
        }
    }
}

#[tokio::test]
async fn each_verdict_comes_back_as_its_outcome() {
    let wait = Duration::from_secs(7);
    for verdict in [
        Verdict::partial(3, "größe: 100 %"),
        Verdict::warning("old"),
        Verdict::retry_after(wait),
        Verdict::RetryLater { after: None },
        Verdict::invalid("größe: 100 %"),
    ] {
        let said = verdict.clone();
        let server = serve(move |_: Batch, _: &Peer| said.clone()).await;
        for protocol in Protocol::ALL {
            let outcome =
                client(&server, protocol).build().unwrap().send(&batch(Signal::Logs, 5)).await.outcome;
            match (&verdict, &outcome) {
                (
                    Verdict::Partial { rejected, message },
                    Outcome::Partial { rejected: count, message: text },
                ) => {
                    assert_eq!((count, text), (rejected, message), "{protocol}");
                }
                (Verdict::RetryLater { after }, Outcome::RetryLater { after: told, .. }) => {
                    assert_eq!(told, after, "{protocol}");
                }
                (Verdict::Invalid { what }, Outcome::Rejected { cause }) => {
                    assert!(cause.message().contains(what), "{protocol}: {cause}");
                    assert_eq!(cause.violations(), [(String::new(), what.clone())], "{protocol}");
                }
                (verdict, outcome) => panic!("{protocol}: {verdict:?} became {outcome:?}"),
            }
        }
    }
}

#[tokio::test]
async fn what_the_server_refuses_by_itself_is_not_retried_and_says_why() {
    let limits = ServerLimits::default()
        .with_max_wire_bytes(10_000)
        .with_message(Limits::default().with_max_bytes(40_000).with_max_items(500));
    let server = Server::builder(|_: Batch, _: &Peer| Verdict::Accepted)
        .grpc(LOCAL.parse().unwrap())
        .http(LOCAL.parse().unwrap())
        .limits(limits)
        .bearer("s3cret")
        .start()
        .await
        .unwrap();
    for protocol in Protocol::ALL {
        let stranger = client(&server, protocol).build().unwrap();
        let known = client(&server, protocol).header("authorization", "Bearer s3cret");
        let plain = known.clone().build().unwrap();
        let gzip = known.compression(Codec::Gzip).build().unwrap();
        assert_eq!(plain.send(&batch(Signal::Traces, 1)).await.outcome, Outcome::Accepted);
        for (client, items, word) in [
            (&stranger, 1, "token"),
            (&plain, 2000, "max_wire_bytes"),
            (&gzip, 2000, "max_bytes"),
            (&gzip, 501, "max_items"),
        ] {
            match client.send(&batch(Signal::Traces, items)).await.outcome {
                Outcome::Rejected { cause } => {
                    assert!(cause.message().contains(word), "{protocol}: {cause} lacks {word}");
                    assert!(!cause.to_string().contains("s3cret"));
                }
                other => panic!("{protocol} {word}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_stopped_server_is_a_reason_to_retry() {
    let server = serve(|_: Batch, _: &Peer| Verdict::Accepted).await;
    let clients = Protocol::ALL.map(|protocol| client(&server, protocol).build().unwrap());
    for client in &clients {
        assert_eq!(client.send(&batch(Signal::Logs, 1)).await.outcome, Outcome::Accepted);
    }
    assert!(server.shutdown(Duration::from_secs(30)).await, "idle connections of clients hold nothing up");
    for client in &clients {
        let outcome = client.send(&batch(Signal::Logs, 1)).await.outcome;
        assert!(outcome.is_retryable(), "{outcome}");
    }
}

#[cfg(feature = "tls")]
mod tls {
    use otlp_export::{ServerTls, TlsOptions};
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

    use super::*;

    fn issue(authority: &CertifiedIssuer<'static, KeyPair>, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, authority).unwrap().pem(), key.serialize_pem())
    }

    #[tokio::test]
    async fn over_tls_both_sides_show_who_they_are() {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let (cert, key) = issue(&authority, "localhost");
        let server = Server::builder(|_: Batch, peer: &Peer| {
            assert!(peer.is_tls());
            Verdict::Accepted
        })
        .grpc(LOCAL.parse().unwrap())
        .http(LOCAL.parse().unwrap())
        .tls(ServerTls::from_pem(cert, key).client_ca_pem(authority.pem()))
        .start()
        .await
        .unwrap();
        for protocol in Protocol::ALL {
            let address = match protocol {
                Protocol::Grpc => server.grpc_addr(),
                _ => server.http_addr(),
            };
            let endpoint = format!("https://localhost:{}", address.unwrap().port());
            let client =
                |tls| Client::builder().protocol(protocol).endpoint(&endpoint).tls(tls).build().unwrap();
            let trusting = TlsOptions::new().ca_pem(authority.pem());
            let (cert, key) = issue(&authority, "client");
            let known = client(trusting.clone().client_cert_pem(cert).client_key_pem(key));
            assert_eq!(known.send(&batch(Signal::Traces, 7)).await.outcome, Outcome::Accepted, "{protocol}");
            let nobody = client(trusting).send(&batch(Signal::Traces, 7)).await.outcome;
            assert!(!nobody.is_delivered(), "{protocol}: {nobody}");
            let distrusting = client(TlsOptions::new()).send(&batch(Signal::Traces, 7)).await.outcome;
            assert!(!distrusting.is_delivered(), "{protocol}: {distrusting}");
        }
        assert_eq!(server.stats().signal(Signal::Traces).items, 7 * 3);
    }
}
