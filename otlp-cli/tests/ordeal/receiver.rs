//! The end of the line: remembers the items of each request that it accepted.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use otlp::{Batch, Peer, Running, Server, Verdict};

struct State {
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
        let items: Vec<u64> = logs.log_records().map(|record| record.time()).collect();
        {
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

pub(crate) struct Receiver {
    runtime: tokio::runtime::Runtime,
    running: Running,
    state: Arc<State>,
}

impl Receiver {
    /// `takes`: how long after an item is counted as arrived the answer goes out.
    pub(crate) fn start(takes: Duration) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let state = Arc::new(State { takes, refusing: AtomicBool::default(), seen: Mutex::default() });
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
