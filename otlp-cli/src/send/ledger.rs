//! The account of a run, in items: submitted = accepted + rejected + dropped + pending, at every moment.

use std::{
    fmt::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};

use crate::quantity;

/// Counters that are changed together.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    account: Mutex<Account>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Account {
    submitted: u64,
    accepted: u64,
    rejected: u64,
    dropped: u64,
    retries: u64,
    bytes_wire: u64,
}

impl Account {
    /// What has no answer yet.
    const fn pending(&self) -> u64 {
        self.submitted - self.accepted - self.rejected - self.dropped
    }
}

impl Ledger {
    fn lock(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message is about to be sent.
    pub(super) fn submit(&self, items: usize) {
        self.lock().submitted += items as u64;
    }

    /// One attempt at sending took this many bytes of request body.
    pub(super) fn attempt(&self, bytes_wire: u64, is_retry: bool) {
        let mut account = self.lock();
        account.bytes_wire += bytes_wire;
        account.retries += u64::from(is_retry);
    }

    /// The server's answer about a message: so many of its items taken, so many refused.
    pub(super) fn answer(&self, accepted: u64, rejected: u64) {
        let mut account = self.lock();
        account.accepted += accepted;
        account.rejected += rejected;
    }

    /// A message was given up without an answer that takes or refuses it.
    pub(super) fn drop_items(&self, items: u64) {
        self.lock().dropped += items;
    }

    /// As `--json` prints it. Counters are items, but `retries` (requests) and `bytes_wire` (request bodies, compressed).
    pub(super) fn to_json(&self, seconds: f64) -> Value {
        let account = *self.lock();
        json!({
            "submitted": account.submitted,
            "accepted": account.accepted,
            "rejected": account.rejected,
            "dropped": account.dropped,
            "pending": account.pending(),
            "retries": account.retries,
            "bytes_wire": account.bytes_wire,
            "seconds": (seconds * 1e6).round() / 1e6,
        })
    }

    /// As people read it.
    pub(super) fn table(&self, seconds: f64) -> String {
        let account = *self.lock();
        let rows = [
            ("submitted", quantity::count(account.submitted), "items"),
            ("accepted", quantity::count(account.accepted), ""),
            ("rejected", quantity::count(account.rejected), ""),
            ("dropped", quantity::count(account.dropped), ""),
            ("pending", quantity::count(account.pending()), ""),
            ("retries", quantity::count(account.retries), "requests"),
            ("on the wire", quantity::bytes(account.bytes_wire), ""),
            ("time", format!("{seconds:.3} s"), ""),
        ];
        let width = rows.iter().map(|(_, value, _)| value.len()).max().unwrap_or(0);
        let mut text = String::new();
        for (name, value, unit) in rows {
            let line = format!("{name:<12}{value:>width$}  {unit}");
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text
    }

    /// How far it is.
    pub(super) fn sentence(&self, time: Duration) -> String {
        let account = *self.lock();
        let done = account.submitted - account.pending();
        let rate = done as f64 / time.as_secs_f64().max(0.001);
        format!(
            "{} of {} items answered, {} on the wire, {}/s",
            quantity::count(done),
            quantity::count(account.submitted),
            quantity::bytes(account.bytes_wire),
            quantity::count(rate as u64),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_balanced() {
        let ledger = Ledger::default();
        ledger.submit(100);
        ledger.submit(50);
        ledger.attempt(1000, false);
        ledger.attempt(1000, true);
        ledger.answer(90, 10);
        assert_eq!(ledger.to_json(1.5)["pending"], 50);
        ledger.drop_items(50);
        let json = r#"{"submitted":150,"accepted":90,"rejected":10,"dropped":50,"pending":0,"retries":1,"bytes_wire":2000,"seconds":1.5}"#;
        assert_eq!(ledger.to_json(1.5).to_string(), json);
        insta::assert_snapshot!(ledger.table(1.5), @r"
        submitted       150  items
        accepted         90
        rejected         10
        dropped          50
        pending           0
        retries           1  requests
        on the wire 2.0 KiB
        time        1.500 s
        ");
    }
}
