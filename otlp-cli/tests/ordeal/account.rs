//! The relay's own account, as its admin endpoint tells it.

use std::collections::BTreeMap;

use otlp::Signal;

use crate::relay::Relay;

/// A relay's account of one signal, in items.
#[derive(Debug, Default, Clone)]
pub(crate) struct Account {
    pub(crate) submitted: u64,
    pub(crate) recovered: u64,
    pub(crate) accepted: u64,
    pub(crate) rejected: u64,
    pub(crate) pending: u64,
    pub(crate) requests: u64,
    pub(crate) retries: u64,
    pub(crate) dropped: BTreeMap<String, u64>,
}

/// The relay's accounts as its page of metrics tells them.
pub(crate) fn accounts(relay: &Relay) -> BTreeMap<&'static str, Account> {
    let page = relay.metrics();
    let mut accounts = BTreeMap::<_, Account>::new();
    for line in page.lines() {
        let Some((name, labels, value)) = sample(line) else { continue };
        let signal = Signal::ALL.into_iter().find(|signal| labels.contains(&format!("signal=\"{signal}\"")));
        let Some(signal) = signal else { continue };
        let account = accounts.entry(signal.as_str()).or_default();
        match name {
            "submitted_items_total" => account.submitted = value,
            "recovered_items_total" => account.recovered = value,
            "accepted_items_total" => account.accepted = value,
            "rejected_items_total" => account.rejected = value,
            "pending_items" => account.pending = value,
            "requests_total" => account.requests = value,
            "retries_total" => account.retries = value,
            "dropped_items_total" if value > 0 => {
                let reason = labels.split("reason=\"").nth(1).and_then(|rest| rest.split('"').next());
                account.dropped.insert(reason.unwrap().to_owned(), value);
            }
            _ => {}
        }
    }
    assert!(!accounts.is_empty(), "{page}");
    accounts
}

/// `otlp_exporter_NAME{LABELS} VALUE`.
fn sample(line: &str) -> Option<(&str, &str, u64)> {
    let (name, rest) = line.strip_prefix("otlp_exporter_")?.split_once('{')?;
    let (labels, value) = rest.rsplit_once("} ")?;
    Some((name, labels, value.parse().ok()?))
}

impl Account {
    pub(crate) fn is_balanced(&self) -> bool {
        let gone = self.accepted + self.rejected + self.dropped_total();
        self.submitted + self.recovered == gone + self.pending
    }

    pub(crate) fn dropped_total(&self) -> u64 {
        self.dropped.values().sum()
    }

    /// Items that senders were told to send again later.
    pub(crate) fn handed_back(&self) -> u64 {
        ["queue_full", "disk_full"].iter().filter_map(|reason| self.dropped.get(*reason)).sum()
    }

    pub(crate) fn plus(mut self, other: &Self) -> Self {
        self.submitted += other.submitted;
        self.recovered += other.recovered;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.pending += other.pending;
        self.requests += other.requests;
        self.retries += other.retries;
        for (reason, items) in &other.dropped {
            *self.dropped.entry(reason.clone()).or_default() += items;
        }
        self
    }
}
