//! The end of the line: remembers the items of each request that it accepted.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use otlp::{Batch, Peer, Running, Server, Verdict, logs::ResourceLogsView};

struct State {
    /// The service whose items count.
    tag: String,
    takes: Duration,
    refusing: AtomicBool,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: Vec<Vec<u64>>,
    items: HashSet<u64>,
}

struct End(Arc<State>);

impl otlp::Receiver for End {
    async fn receive(&self, batch: Batch, _: &Peer) -> Verdict {
        let Self(state) = self;
        if state.refusing.load(Ordering::Relaxed) {
            return Verdict::RetryLater { after: None };
        }
        let logs = batch.logs().unwrap();
        let mut items = Vec::new();
        for resource in logs.resource_logs().iter().filter(|resource| service(resource) == Some(&state.tag)) {
            let scopes = resource.scope_logs();
            items.extend(
                scopes.iter().flat_map(|scope| scope.log_records().iter()).map(|record| record.time()),
            );
        }
        if !items.is_empty() {
            let mut seen = state.seen.lock().unwrap();
            seen.items.extend(&items);
            seen.requests.push(items);
        }
        if !state.takes.is_zero() {
            tokio::time::sleep(state.takes).await;
        }
        Verdict::Accepted
    }
}

/// The service that a resource names.
fn service<'a>(resource: &ResourceLogsView<'a>) -> Option<&'a str> {
    let attributes = resource.resource()?.attributes();
    let name = attributes.iter().find(|attribute| attribute.key() == "service.name")?;
    name.value().as_str()
}

pub(crate) struct Receiver {
    runtime: tokio::runtime::Runtime,
    running: Running,
    state: Arc<State>,
}

impl Receiver {
    /// Counts what is sent under `tag`. `takes`: how long after an item is counted as arrived the answer goes out.
    pub(crate) fn start(tag: &str, takes: Duration) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let state = Arc::new(State {
            tag: tag.to_owned(),
            takes,
            refusing: AtomicBool::default(),
            seen: Mutex::default(),
        });
        let address = "127.0.0.1:0".parse().unwrap();
        let running =
            runtime.block_on(Server::builder(End(Arc::clone(&state))).http(address).start()).unwrap();
        Self { runtime, running, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.running.http_addr().unwrap())
    }

    pub(crate) fn refuse(&self, refuse: bool) {
        self.state.refusing.store(refuse, Ordering::Relaxed);
    }

    pub(crate) fn missing(&self, items: &[u64]) -> Vec<u64> {
        let seen = self.state.seen.lock().unwrap();
        items.iter().copied().filter(|item| !seen.items.contains(item)).collect()
    }

    /// As if nothing had arrived.
    pub(crate) fn forget(&self) {
        *self.state.seen.lock().unwrap() = Seen::default();
    }

    pub(crate) fn accepted_requests(&self) -> Vec<Vec<u64>> {
        self.state.seen.lock().unwrap().requests.clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.runtime.block_on(self.running.shutdown(Duration::from_secs(1)));
    }
}
