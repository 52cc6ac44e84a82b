//! `otlp relay`: what goes through it, what waits in it, and its account.

use std::{
    fs,
    net::SocketAddr,
    ops::Range,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use otlp::{
    Batch, Client, FailureKind, Limits, Outcome, Peer, Protocol, Running, Server, Signal, Verdict,
    proto::{
        collector::logs::v1::ExportLogsServiceRequest,
        logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    },
};
use prost::Message as _;

use crate::support::{Receive, expect, fixtures, items, text};

fn relay(args: &[&str]) -> Receive {
    Receive::listen("relay", args)
}

/// Log records with these numbers as their times.
fn logs(numbers: Range<u64>) -> Batch {
    let record = |number| LogRecord { time_unix_nano: number, ..Default::default() };
    let scope = ScopeLogs { log_records: numbers.map(record).collect(), ..Default::default() };
    let resource = ResourceLogs { scope_logs: vec![scope], ..Default::default() };
    let request = ExportLogsServiceRequest { resource_logs: vec![resource] };
    Batch::parse(Signal::Logs, request.encode_to_vec(), &Limits::default()).unwrap()
}

/// The numbers in an encoded request, as prost reads them; its resources are one, as what came in had but one.
fn numbers(message: &[u8]) -> Vec<u64> {
    let request = ExportLogsServiceRequest::decode(message).unwrap();
    assert_eq!(request.resource_logs.len(), 1);
    let scopes = request.resource_logs.into_iter().flat_map(|resource| resource.scope_logs);
    scopes.flat_map(|scope| scope.log_records).map(|record| record.time_unix_nano).collect()
}

/// The numbers in each message of the log files of a directory.
fn kept(dir: &Path) -> Vec<Vec<u64>> {
    let bytes = fs::read(dir.join("logs-000001.frames")).unwrap();
    let (mut rest, mut messages) = (&bytes[..], Vec::new());
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let (message, tail) = tail.split_at(u32::from_be_bytes(*length) as usize);
        messages.push(numbers(message));
        rest = tail;
    }
    messages
}

/// Sends one batch after another; gives what became of the last.
fn send(relay: &Receive, protocol: Protocol, batches: &[Batch]) -> Outcome {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client =
        Client::builder().protocol(protocol).endpoint(relay.endpoint(&protocol.to_string())).build().unwrap();
    runtime.block_on(async {
        let mut last = Outcome::Accepted;
        for batch in batches {
            last = client.send(batch).await.outcome;
        }
        last
    })
}

/// A destination in this process, on a free port or a given one, that remembers the numbers of each message.
struct Destination {
    runtime: tokio::runtime::Runtime,
    running: Running,
    seen: Arc<Mutex<Vec<Vec<u64>>>>,
}

impl Destination {
    fn start(address: SocketAddr, verdict: impl Fn(usize) -> Verdict + Send + Sync + 'static) -> Self {
        let seen = Arc::<Mutex<Vec<Vec<u64>>>>::default();
        let log = Arc::clone(&seen);
        let receiver = move |batch: Batch, _: &Peer| {
            let mut log = log.lock().unwrap();
            log.push(numbers(batch.bytes()));
            verdict(log.len())
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let running = runtime.block_on(Server::builder(receiver).http(address).start()).unwrap();
        Self { runtime, running, seen }
    }

    fn url(&self) -> String {
        format!("http://{}", self.running.http_addr().unwrap())
    }

    fn seen(&self) -> Vec<Vec<u64>> {
        self.seen.lock().unwrap().clone()
    }

    fn wait_for(&self, count: usize) {
        for _ in 0..2000 {
            if self.seen().iter().map(Vec::len).sum::<usize>() >= count {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{:?}", self.seen());
    }
}

impl Drop for Destination {
    fn drop(&mut self) {
        self.runtime.block_on(self.running.shutdown(Duration::from_secs(1)));
    }
}

const ANY: &str = "127.0.0.1:0";

/// An address where nobody listens.
fn nowhere() -> SocketAddr {
    std::net::TcpListener::bind(ANY).unwrap().local_addr().unwrap()
}

#[test]
fn everything_arrives_once() {
    let dir = tempfile::tempdir().unwrap();
    for (from, to) in [(Protocol::HttpProtobuf, "grpc"), (Protocol::Grpc, "http/protobuf")] {
        let out = dir.path().join(from.to_string().replace('/', "-"));
        let receive = Receive::start(&["-o", text(&out), "--format", "frames"]);
        let relay = relay(&["--to", receive.endpoint(to), "--protocol", to, "--compression", "gzip"]);
        let sizes: Vec<u64> = (0..60).map(|index| index % 7 + 1).collect();
        let mut batches = Vec::new();
        let mut next = 0;
        for size in sizes {
            batches.push(logs(next..next + size));
            next += size;
        }
        assert_eq!(send(&relay, from, &batches), Outcome::Accepted);
        relay.signal("TERM");
        let (code, account, _) = relay.end();
        let line = format!(
            "logs to {}: received {next} = forwarded {next} + rejected 0 + dropped 0 + pending 0\n",
            receive.endpoint(to)
        );
        assert_eq!((code, account), (Some(0), line));
        receive.signal("TERM");
        receive.end();
        let messages = kept(&out);
        assert!(messages.len() < batches.len(), "{} messages", messages.len());
        let mut numbers = messages.concat();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..next).collect::<Vec<_>>());
    }
}

#[test]
fn each_destination_gets_all_signals() {
    let (_dir, file) = fixtures();
    let receives = [Receive::start(&["--json"]), Receive::start(&["--json"])];
    let relay = relay(&["--to", &receives[0].http, "--to", &receives[1].http]);
    let files = Signal::ALL.map(&file);
    let mut args = vec!["send", "--endpoint", &relay.http];
    args.extend(files.iter().map(|path| text(path)));
    expect(0, &args);
    relay.signal("INT");
    let (code, account, err) = relay.end();
    assert_eq!((code, account.lines().count()), (Some(0), 8), "{account}{err:?}");
    for receive in receives {
        receive.signal("TERM");
        let (_, summary, _) = receive.end();
        let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
        for signal in Signal::ALL {
            assert_eq!(summary[signal.as_str()]["items"], items(signal), "{summary}");
        }
    }
}

#[test]
fn a_destination_may_come_later() {
    let address = nowhere();
    let relay = relay(&["--to", &format!("http://{address}")]);
    assert_eq!(send(&relay, Protocol::HttpProtobuf, &[logs(0..5), logs(5..6)]), Outcome::Accepted);
    let line = relay.line();
    assert!(line.contains(&address.to_string()) && line.ends_with("trying again"), "{line}");
    let destination = Destination::start(address, |_| Verdict::Accepted);
    destination.wait_for(6);
    assert!(relay.line().ends_with("answers again"));
    assert_eq!(send(&relay, Protocol::Grpc, &[logs(6..7)]), Outcome::Accepted);
    relay.signal("TERM");
    assert_eq!(relay.end().0, Some(0));
    assert_eq!(sorted(&destination), (0..7).collect::<Vec<_>>());
}

#[test]
fn a_full_memory_sends_senders_away_and_loses_nothing() {
    let address = nowhere();
    let relay = relay(&["--to", &format!("http://{address}"), "--max-memory", "4KiB"]);
    assert_eq!(send(&relay, Protocol::HttpProtobuf, &[logs(0..350)]), Outcome::Accepted);
    match send(&relay, Protocol::HttpProtobuf, &[logs(0..1000)]) {
        Outcome::Rejected { cause } => assert!(cause.message().contains("--max-memory"), "{cause}"),
        outcome => panic!("{outcome:?}"),
    }
    for (protocol, kind) in [
        (Protocol::HttpProtobuf, FailureKind::HttpStatus(503)),
        (Protocol::Grpc, FailureKind::GrpcStatus(14)),
    ] {
        match send(&relay, protocol, &[logs(350..400)]) {
            Outcome::RetryLater { after, cause } => {
                assert_eq!((after, cause.kind()), (Some(Duration::from_secs(1)), kind));
            }
            outcome => panic!("{outcome:?}"),
        }
    }
    let destination = Destination::start(address, |_| Verdict::Accepted);
    destination.wait_for(350);
    let taken = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        send(&relay, Protocol::HttpProtobuf, &[logs(350..400)]) == Outcome::Accepted
    });
    assert!(taken);
    relay.signal("TERM");
    assert_eq!(relay.end().0, Some(0));
    assert_eq!(sorted(&destination), (0..400).collect::<Vec<_>>());
}

#[test]
fn what_waits_at_the_end_is_pending() {
    let relay = relay(&["--to", &format!("http://{}", nowhere())]);
    assert_eq!(send(&relay, Protocol::HttpProtobuf, &[logs(0..5)]), Outcome::Accepted);
    // Twice: in a hurry.
    relay.signal("INT");
    relay.signal("TERM");
    let (code, account, _) = relay.end();
    assert_eq!(code, Some(130));
    assert!(
        account.ends_with("received 5 = forwarded 0 + rejected 0 + dropped 0 + pending 5\n"),
        "{account}"
    );
}

#[test]
fn what_a_destination_refuses_is_accounted_for_and_never_sent_again() {
    let destination = Destination::start(ANY.parse().unwrap(), |message| match message {
        1 => Verdict::partial(1, "one too old"),
        2 => Verdict::invalid("odd"),
        3 => Verdict::retry_after(Duration::from_secs(1)),
        _ => Verdict::Accepted,
    });
    let relay = relay(&["--to", &destination.url(), "--batch-items", "3"]);
    assert_eq!(send(&relay, Protocol::HttpProtobuf, &[logs(0..9)]), Outcome::Accepted);
    destination.wait_for(12);
    relay.signal("TERM");
    let (code, account, err) = relay.end();
    assert_eq!(code, Some(1), "{err:?}");
    assert!(
        account
            .ends_with("received 9 = forwarded 5 + rejected 1 + dropped 3 (non_retryable 3) + pending 0\n"),
        "{account}"
    );
    let err = err.join("\n");
    for line in ["1 of 3 log records rejected: one too old", "dropped 3 log records", "3 items not delivered"]
    {
        assert!(err.contains(line), "{err}");
    }
    let mut messages = destination.seen();
    let again = messages[3].clone();
    assert_eq!(messages.iter().filter(|message| **message == again).count(), 2);
    messages.sort();
    messages.dedup();
    assert_eq!(messages, [[0, 1, 2], [3, 4, 5], [6, 7, 8]]);
}

/// Numbers that arrived, each once.
fn sorted(destination: &Destination) -> Vec<u64> {
    let mut numbers = destination.seen().concat();
    numbers.sort_unstable();
    numbers
}

#[test]
fn what_is_in_the_queue_survives_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let address = nowhere();
    let url = format!("http://{address}");
    let args = ["--to", &url, "--queue-dir", text(dir.path()), "--set", "env=test", "--delete", "gone"];
    let first = relay(&args);
    assert_eq!(send(&first, Protocol::Grpc, &[logs(0..5), logs(5..9)]), Outcome::Accepted);
    // The directory is in use.
    let (_, err) = expect(1, &[&["relay", "--grpc", ANY, "--http", ANY], &args[..]].concat());
    assert!(err.contains("in use") || err.contains("another process"), "{err}");
    first.signal("TERM");
    let (code, account, _) = first.end();
    assert_eq!(code, Some(0), "what is on the disk is not lost");
    assert!(
        account.ends_with("received 9 = forwarded 0 + rejected 0 + dropped 0 + pending 9\n"),
        "{account}"
    );

    let destination = Destination::start(address, |_| Verdict::Accepted);
    let second = relay(&args);
    destination.wait_for(9);
    second.signal("TERM");
    let (code, account, _) = second.end();
    assert_eq!(code, Some(0));
    assert!(
        account.ends_with("received 0 + recovered 9 = forwarded 9 + rejected 0 + dropped 0 + pending 0\n"),
        "{account}"
    );
    assert_eq!(sorted(&destination), (0..9).collect::<Vec<_>>());
}

#[test]
fn the_admin_endpoint_tells_health_and_figures() {
    let destination = Destination::start(ANY.parse().unwrap(), |_| Verdict::Accepted);
    let relay = relay(&["--to", &destination.url(), "--admin", ANY]);
    let line = relay.line();
    let address = line.strip_prefix("admin http://").unwrap_or_else(|| panic!("{line}"));
    assert_eq!(send(&relay, Protocol::HttpProtobuf, &[logs(0..3)]), Outcome::Accepted);
    destination.wait_for(3);
    let get = |path: &str| {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
        std::io::read_to_string(stream).unwrap()
    };
    for path in ["/healthz", "/readyz"] {
        assert!(get(path).starts_with("HTTP/1.1 200 "), "{path}");
    }
    assert!(get("/").starts_with("HTTP/1.1 404 "));
    let accepted = format!(
        "otlp_exporter_accepted_items_total{{destination=\"{}\",signal=\"logs\"}} 3\n",
        destination.url()
    );
    let shown = (0..100).any(|_| {
        let page = get("/metrics");
        assert!(page.contains("otlp_server_items_total{signal=\"logs\"} 3\n"), "{page}");
        std::thread::sleep(Duration::from_millis(20));
        page.contains(&accepted)
    });
    assert!(shown);
    relay.signal("TERM");
    assert_eq!(relay.end().0, Some(0));
}

#[test]
fn attributes_are_changed_on_the_way() {
    let (dir, file) = fixtures();
    let out = dir.path().join("out");
    let receive = Receive::start(&["-o", text(&out)]);
    let relay = relay(&["--to", &receive.http, "--set", "relay=here", "--hash", "service.name"]);
    expect(0, &["send", "--endpoint", &relay.http, text(&file(Signal::Traces))]);
    relay.signal("TERM");
    assert_eq!(relay.end().0, Some(0));
    receive.signal("TERM");
    receive.end();
    let kept = fs::read_to_string(out.join("traces-000001.jsonl")).unwrap();
    let sent = fs::read_to_string(file(Signal::Traces)).unwrap();
    let value = |text: &str, key: &str| {
        let message: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        let attributes = message["resourceSpans"][0]["resource"]["attributes"].as_array().unwrap().clone();
        let found = attributes.into_iter().find(|attribute| attribute["key"] == key);
        found.map(|attribute| attribute["value"]["stringValue"].as_str().unwrap().to_owned())
    };
    assert_eq!(value(&kept, "relay").as_deref(), Some("here"));
    assert!(value(&sent, "service.name").is_some());
    let hash = value(&kept, "service.name").unwrap();
    assert!(hash.len() == 64 && hash.bytes().all(|digit| digit.is_ascii_hexdigit()), "{hash}");
}

#[test]
fn wrong_destinations_are_wrong_usage() {
    for args in [
        &["--to", "localhost:4317"][..],
        &["--to", "http://h/path", "--protocol", "grpc"],
        &["--to", "http://h", "--header", "hunter2"],
        &["--to", "http://h", "--max-memory", "0"],
        &["--to", "http://h", "--batch-items", "0"],
    ] {
        let (_, err) = expect(2, &[&["relay", "--grpc", ANY, "--http", ANY], args].concat());
        assert!(!err.contains("hunter2") && !err.contains("listening"), "{err}");
    }
}
