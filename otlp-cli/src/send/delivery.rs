//! One message to its end: attempts, waits between them, and what the answers mean for the exit code.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use otlp::{Batch, Client, FailureKind, Jitter, Outcome, Protocol, RetryPolicy, Signal};
use tokio::{
    sync::{Notify, OnceCell},
    time::Instant,
};

use super::{ledger::Ledger, setting::Settings};
use crate::{
    exit::{Exit, Failure},
    quantity,
    terminal::{printable, say},
};

/// Delivers messages and remembers what went wrong.
pub(super) struct Courier {
    settings: Settings,
    ledger: Arc<Ledger>,
    /// In the order of `Signal::ALL`.
    acquainted: [OnceCell<()>; 4],
    /// Whether the endpoint ever gave an answer.
    answered: AtomicBool,
    gave_up: Notify,
    troubles: Mutex<BTreeMap<Trouble, (String, u64)>>,
}

/// What can go wrong, the worst first: the first of these that happened decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    /// Nobody answers at the endpoint.
    Unreachable,
    /// The server refused a message for good.
    Rejected,
    /// The server asked for later, or said nothing, until patience ended.
    TimedOut,
    /// The server took a message but for some items.
    Partial,
    /// A message could not be sent or its answer not be read.
    Unsent,
}

impl Trouble {
    const fn exit(self) -> Exit {
        match self {
            Self::Unreachable => Exit::Unreachable,
            Self::Rejected => Exit::Rejected,
            Self::TimedOut => Exit::TimedOut,
            Self::Partial => Exit::Partial,
            Self::Unsent => Exit::Failed,
        }
    }
}

/// Time from a message's first attempt after which no further one starts.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same for an endpoint that has never answered, so that a wrong address is not waited for.
const FIRST_PATIENCE: Duration = Duration::from_secs(5);

impl Courier {
    pub(super) fn new(settings: Settings, ledger: Arc<Ledger>) -> Self {
        Self {
            settings,
            ledger,
            acquainted: Default::default(),
            answered: AtomicBool::new(false),
            gave_up: Notify::new(),
            troubles: Mutex::default(),
        }
    }

    /// Whether messages of a signal can be sent at all.
    pub(super) fn check(&self, signal: Signal) -> Result<(), Failure> {
        self.settings.client(signal).map(drop)
    }

    /// Waits until a message is given up after its retries; what follows would fare no better. For one waiter.
    pub(super) async fn gave_up(&self) {
        self.gave_up.notified().await;
    }

    /// With tracezip over HTTP: an empty request, whose answer says whether the server takes it. A run may have one message only.
    async fn acquaint(&self, client: &Client, signal: Signal) {
        if self.settings.is_tracezip(signal) && client.protocol() == Protocol::HttpProtobuf {
            let first = || async { drop(client.send(&Batch::empty(signal)).await) };
            self.acquainted[signal as usize].get_or_init(first).await;
        }
    }

    /// Sends a message until it is answered for good or patience ends. Dropping the future leaves its items pending.
    pub(super) async fn deliver(self: Arc<Self>, batch: Batch) {
        let (signal, items) = (batch.signal(), batch.items() as u64);
        let Ok(client) = self.settings.client(signal) else { return };
        self.acquaint(client, signal).await;
        let prepared = match client.prepare(&batch).await {
            Ok(prepared) => prepared,
            Err(cause) => {
                self.ledger.drop_items(items);
                return self.note(Trouble::Unsent, cause.to_string());
            }
        };
        drop(batch);
        let started = Instant::now();
        let mut backoff = RetryPolicy::default().with_total(PATIENCE).start();
        let mut jitter = Jitter::from_entropy();
        let mut is_retry = false;
        loop {
            let delivery = client.send_prepared(&prepared).await;
            self.ledger.attempt(delivery.wire_bytes, is_retry);
            let (after, cause) = match delivery.outcome {
                Outcome::RetryLater { after, cause } => (after, cause),
                outcome => return self.settle(outcome, items),
            };
            let unreachable = matches!(cause.kind(), FailureKind::Unreachable | FailureKind::Proxy);
            if !unreachable {
                self.answered.store(true, Ordering::Relaxed);
            }
            let wait = backoff.next_wait(started.elapsed(), after, || jitter.next_f64()).filter(|wait| {
                self.answered.load(Ordering::Relaxed) || started.elapsed() + *wait < FIRST_PATIENCE
            });
            let Some(wait) = wait else {
                self.ledger.drop_items(items);
                let trouble = if unreachable { Trouble::Unreachable } else { Trouble::TimedOut };
                let mut what = format!("{}: {cause}", self.settings.endpoint(signal));
                if let Some(after) = after.filter(|after| *after >= PATIENCE) {
                    let (after, most) = (after.as_secs(), PATIENCE.as_secs());
                    what.push_str(&format!(
                        "; it asks to wait {after} s, which is beyond the {most} s that are waited"
                    ));
                }
                self.note(trouble, what);
                return self.gave_up.notify_one();
            };
            is_retry = true;
            tokio::time::sleep(wait).await;
        }
    }

    /// Books an answer that is final.
    fn settle(&self, outcome: Outcome, items: u64) {
        self.answered.store(true, Ordering::Relaxed);
        match outcome {
            Outcome::Accepted => self.ledger.answer(items, 0),
            Outcome::Partial { rejected: 0, message } => {
                self.ledger.answer(items, 0);
                say!("warning from the server: {}", printable(&message));
            }
            Outcome::Partial { rejected, message } => {
                let rejected = rejected.min(items);
                self.ledger.answer(items - rejected, rejected);
                let what = format!("the server refused {}: {message}", quantity::counted(rejected, "item"));
                self.note(Trouble::Partial, what);
            }
            Outcome::Rejected { cause } => match cause.kind() {
                FailureKind::HttpStatus(_) | FailureKind::GrpcStatus(_) => {
                    self.ledger.answer(0, items);
                    self.note(Trouble::Rejected, format!("the server refused a message: {}", words(&cause)));
                }
                _ => {
                    self.ledger.drop_items(items);
                    self.note(Trouble::Unsent, cause.to_string());
                }
            },
            outcome => {
                self.ledger.drop_items(items);
                self.note(Trouble::Unsent, outcome.to_string());
            }
        }
    }

    fn note(&self, trouble: Trouble, what: String) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        troubles.entry(trouble).or_insert_with(|| (what, 0)).1 += 1;
    }

    /// How the run ends, told by the worst that happened; everything else that happened is said on stderr.
    pub(super) fn end(&self) -> Result<(), Failure> {
        let troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        let mut worst = None;
        for (trouble, (what, times)) in &*troubles {
            let mut what = printable(what);
            if *times > 1 {
                what.push_str(&format!(" (the first of {})", quantity::counted(*times, "message")));
            }
            match worst {
                None => worst = Some((*trouble, what)),
                Some(_) => say!("{what}"),
            }
        }
        let Some((trouble, what)) = worst else { return Ok(()) };
        let failure = Failure::new(trouble.exit(), what.as_str());
        Err(match hint(trouble, &what) {
            Some(hint) => failure.hint(hint),
            None => failure,
        })
    }
}

/// A failure in words, without details that say the message again.
fn words(cause: &otlp::Failure) -> String {
    let mut text = cause.kind().to_string();
    if !cause.message().is_empty() {
        text = format!("{text}: {}", cause.message());
    }
    for (field, description) in cause.violations() {
        if !text.contains(description.as_str()) {
            text = format!("{text}; {field}: {description}");
        }
    }
    text
}

fn hint(trouble: Trouble, what: &str) -> Option<&'static str> {
    let too_large = ["too large", "413", "RESOURCE_EXHAUSTED"].iter().any(|sign| what.contains(sign));
    match trouble {
        Trouble::Unreachable => Some("start a server there with `otlp receive`, or give another --endpoint"),
        Trouble::Rejected | Trouble::Unsent if too_large => {
            Some("--batch-items 4096 cuts messages into smaller ones")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_trouble_decides() {
        let mut troubles =
            [Trouble::Unsent, Trouble::Partial, Trouble::TimedOut, Trouble::Rejected, Trouble::Unreachable];
        troubles.sort();
        assert_eq!(
            troubles.map(Trouble::exit),
            [Exit::Unreachable, Exit::Rejected, Exit::TimedOut, Exit::Partial, Exit::Failed]
        );
    }

    #[test]
    fn what_is_too_large_can_be_cut() {
        assert!(hint(Trouble::Rejected, "HTTP status 413").is_some());
        assert!(hint(Trouble::Rejected, "HTTP status 400: no").is_none());
    }
}
