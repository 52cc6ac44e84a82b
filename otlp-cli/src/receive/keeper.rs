//! What happens to a batch that arrives.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use otlp::Batch;
use otlp::{Peer, Receiver, Verdict};

use super::{store::Store, tally::Tally};
use crate::{quantity, terminal::say};

/// Keeps batches in files, or says on stderr that they came.
#[derive(Debug)]
pub(super) struct Keeper {
    store: Option<Store>,
    tally: Arc<Tally>,
    trouble: Mutex<Option<Trouble>>,
}

#[derive(Debug)]
struct Trouble {
    first: String,
    requests: u64,
}

/// When a sender shall try again after the files could not be written.
const AGAIN: Duration = Duration::from_secs(5);

impl Keeper {
    pub(super) fn new(store: Option<Store>, tally: Arc<Tally>) -> Self {
        Self { store, tally, trouble: Mutex::default() }
    }

    /// Writes what waits.
    pub(super) fn close(&self) {
        if let Some(store) = &self.store {
            store.close();
        }
    }

    /// What went wrong while writing, if anything.
    pub(super) fn trouble(&self) -> Option<String> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let Trouble { first, requests } = trouble.as_ref()?;
        Some(format!("{} could not be written: {first}", quantity::counted(*requests, "request")))
    }

    fn note(&self, error: &std::io::Error) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *trouble {
            Some(trouble) => trouble.requests += 1,
            None => {
                say!("cannot write: {error}; senders are asked to send again");
                *trouble = Some(Trouble { first: error.to_string(), requests: 1 });
            }
        }
    }
}

impl Receiver for Keeper {
    async fn receive(&self, batch: Batch, peer: &Peer) -> Verdict {
        let Some(store) = &self.store else {
            say!("{}", line(&batch, peer));
            self.tally.add(batch.signal(), batch.items(), batch.bytes().len());
            return Verdict::Accepted;
        };
        match store.keep(batch).await {
            Ok(()) => Verdict::Accepted,
            Err(error) => {
                self.note(&error);
                Verdict::retry_after(AGAIN)
            }
        }
    }
}

/// `traces: 86,583 spans, 28.3 MiB (3.1 MiB gzip) by grpc from 127.0.0.1:50312`.
fn line(batch: &Batch, peer: &Peer) -> String {
    let wire = match peer.content_coding() {
        "identity" => String::new(),
        coding => format!(" ({} {coding})", quantity::bytes(peer.wire_bytes())),
    };
    format!(
        "{}: {} {}, {}{wire} by {} from {}",
        batch.signal(),
        quantity::count(batch.items() as u64),
        batch.signal().item_name(),
        quantity::bytes(batch.bytes().len() as u64),
        peer.protocol(),
        peer.address(),
    )
}
