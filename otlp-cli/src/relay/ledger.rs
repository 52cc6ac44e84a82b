//! The account of every destination and signal, in items: received = forwarded + rejected + dropped + pending, at every moment.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
};

use otlp::Signal;

use crate::quantity;

/// Why items were given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dropped {
    /// The destination did not take them within the time for retries.
    RetriesExhausted,
    /// The request is over a limit of ours.
    TooLarge,
    /// The destination's answer says neither yes nor no, and asking again could deliver twice.
    BadAnswer,
    /// The batch cannot be written in the destination's encoding.
    Unsendable,
}

impl Dropped {
    const fn as_str(self) -> &'static str {
        match self {
            Self::RetriesExhausted => "retries exhausted",
            Self::TooLarge => "too large",
            Self::BadAnswer => "bad answer",
            Self::Unsendable => "unsendable",
        }
    }
}

/// Counters that are changed together.
#[derive(Debug)]
pub(super) struct Ledger {
    names: Vec<String>,
    accounts: Mutex<Accounts>,
}

#[derive(Debug, Default)]
struct Accounts {
    /// By signal; the same for every destination.
    received: [u64; 4],
    /// By destination and signal.
    answered: Vec<[Answered; 4]>,
}

#[derive(Debug, Default)]
struct Answered {
    forwarded: u64,
    rejected: u64,
    dropped: BTreeMap<Dropped, u64>,
}

impl Answered {
    fn dropped(&self) -> u64 {
        self.dropped.values().sum()
    }
}

impl Ledger {
    /// An account for each destination, by the name that people know it by.
    pub(super) fn new(names: Vec<String>) -> Self {
        let answered = names.iter().map(|_| Default::default()).collect();
        Self { names, accounts: Mutex::new(Accounts { received: [0; 4], answered }) }
    }

    fn lock(&self) -> MutexGuard<'_, Accounts> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Items are about to be acknowledged.
    pub(super) fn receive(&self, signal: Signal, items: usize) {
        self.lock().received[signal as usize] += items as u64;
    }

    /// They were not, after all.
    pub(super) fn take_back(&self, signal: Signal, items: usize) {
        self.lock().received[signal as usize] -= items as u64;
    }

    /// A destination's answer: so many items taken, so many refused for good.
    pub(super) fn answer(&self, destination: usize, signal: Signal, forwarded: u64, rejected: u64) {
        let mut accounts = self.lock();
        let answered = &mut accounts.answered[destination][signal as usize];
        answered.forwarded += forwarded;
        answered.rejected += rejected;
    }

    /// Items were given up for a destination.
    pub(super) fn drop_items(&self, destination: usize, signal: Signal, items: u64, why: Dropped) {
        let mut accounts = self.lock();
        *accounts.answered[destination][signal as usize].dropped.entry(why).or_default() += items;
    }

    /// Items of all destinations that are dropped or wait for an answer.
    pub(super) fn undelivered(&self) -> u64 {
        let accounts = self.lock();
        let mut items = 0;
        for answered in &accounts.answered {
            for (answered, received) in answered.iter().zip(accounts.received) {
                items += received - answered.forwarded - answered.rejected;
            }
        }
        items
    }

    /// A line for each destination and signal that saw anything.
    pub(super) fn table(&self) -> String {
        let accounts = self.lock();
        let mut text = String::new();
        for (name, answered) in self.names.iter().zip(&accounts.answered) {
            for signal in Signal::ALL {
                let received = accounts.received[signal as usize];
                if received > 0 {
                    line(&mut text, name, signal, received, &answered[signal as usize]);
                }
            }
        }
        if text.is_empty() {
            text.push_str("received nothing\n");
        }
        text
    }
}

fn line(text: &mut String, name: &str, signal: Signal, received: u64, answered: &Answered) {
    let Answered { forwarded, rejected, dropped } = answered;
    let lost = answered.dropped();
    let pending = received - forwarded - rejected - lost;
    let [received, forwarded, rejected, lost, pending] =
        [received, *forwarded, *rejected, lost, pending].map(quantity::count);
    let reasons: Vec<String> =
        dropped.iter().map(|(why, items)| format!("{} {}", why.as_str(), quantity::count(*items))).collect();
    let reasons = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
    let _ = writeln!(
        text,
        "{signal} to {name}: received {received} = forwarded {forwarded} + rejected {rejected} + dropped {lost}{reasons} + pending {pending}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_destination_is_balanced() {
        let ledger = Ledger::new(vec!["http://a".to_owned(), "http://b".to_owned()]);
        assert_eq!(ledger.table(), "received nothing\n");
        ledger.receive(Signal::Traces, 2000);
        ledger.receive(Signal::Logs, 5);
        ledger.receive(Signal::Logs, 7);
        ledger.take_back(Signal::Logs, 7);
        ledger.answer(0, Signal::Traces, 1990, 10);
        ledger.answer(0, Signal::Logs, 5, 0);
        ledger.drop_items(1, Signal::Traces, 500, Dropped::TooLarge);
        ledger.drop_items(1, Signal::Traces, 100, Dropped::RetriesExhausted);
        ledger.drop_items(1, Signal::Traces, 100, Dropped::RetriesExhausted);
        assert_eq!(ledger.undelivered(), 2005);
        insta::assert_snapshot!(ledger.table(), @r"
        traces to http://a: received 2,000 = forwarded 1,990 + rejected 10 + dropped 0 + pending 0
        logs to http://a: received 5 = forwarded 5 + rejected 0 + dropped 0 + pending 0
        traces to http://b: received 2,000 = forwarded 0 + rejected 0 + dropped 700 (retries exhausted 200, too large 500) + pending 1,300
        logs to http://b: received 5 = forwarded 0 + rejected 0 + dropped 0 + pending 5
        ");
    }
}
