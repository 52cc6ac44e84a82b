//! Clients that send one numbered item after the other and note what was acknowledged. Nothing is sent twice.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use otlp::{Batch, Client, Outcome, Protocol, logs::LogsWriter};

pub(crate) struct Producer<'next> {
    threads: Vec<JoinHandle<Vec<u64>>>,
    stop: Arc<AtomicBool>,
    counter: Arc<AtomicU64>,
    next: &'next mut u64,
}

impl<'next> Producer<'next> {
    /// Sends under `tag` from so many threads, with numbers from `next` on.
    pub(crate) fn start(endpoint: &str, tag: &str, threads: usize, next: &'next mut u64) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let counter = Arc::new(AtomicU64::new(*next));
        let threads = (0..threads).map(|index| {
            let (stop, counter) = (Arc::clone(&stop), Arc::clone(&counter));
            let (endpoint, tag) = (endpoint.to_owned(), tag.to_owned());
            std::thread::spawn(move || send(&endpoint, &tag, index, &stop, &counter))
        });
        Self { threads: threads.collect(), stop, counter, next }
    }

    /// Stops; gives what was acknowledged.
    pub(crate) fn stop(self) -> Vec<u64> {
        self.stop.store(true, Ordering::Relaxed);
        let acknowledged = self.threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        *self.next = self.counter.load(Ordering::Relaxed);
        acknowledged
    }
}

/// Sends one request; gives what was acknowledged of it.
pub(crate) fn once(endpoint: &str, tag: &str, numbers: std::ops::Range<u64>) -> Vec<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = Client::builder().endpoint(endpoint).build().unwrap();
    let outcome = runtime.block_on(client.send(&logs(tag, numbers.clone()))).outcome;
    if outcome == Outcome::Accepted { numbers.collect() } else { Vec::new() }
}

fn send(endpoint: &str, tag: &str, index: usize, stop: &AtomicBool, counter: &AtomicU64) -> Vec<u64> {
    let client = Client::builder()
        .protocol(Protocol::HttpProtobuf)
        .endpoint(endpoint)
        .timeout(Duration::from_secs(2))
        .build()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut acknowledged = Vec::new();
    let mut size = index as u64 % 7 + 1;
    while !stop.load(Ordering::Relaxed) {
        size = size * 31 % 97 + 1;
        let first = counter.fetch_add(size, Ordering::Relaxed);
        let items = first..first + size;
        match runtime.block_on(client.send(&logs(tag, items.clone()))).outcome {
            Outcome::Accepted => acknowledged.extend(items),
            // The relay said that it did not take them.
            Outcome::RetryLater { after: Some(_), .. } => std::thread::sleep(Duration::from_millis(5)),
            // It may have, or not.
            _ => {}
        }
    }
    acknowledged
}

fn logs(tag: &str, numbers: std::ops::Range<u64>) -> Batch {
    let mut writer = LogsWriter::new();
    let mut resource = writer.resource(|resource| {
        resource.attr("service.name", tag);
    });
    let mut scope = resource.scope("kill", "1");
    for number in numbers {
        scope.record().times(number, 0).body("a record that is to arrive");
    }
    writer.finish()
}
