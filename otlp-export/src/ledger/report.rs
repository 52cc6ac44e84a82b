//! A ledger at one moment, as a value.

use std::{fmt, sync::Arc};

use otlp_core::Signal;

use super::Account;
use crate::Failure;

/// What became of everything that an exporter was given: per destination and signal, read at one moment.
///
/// `Display` gives one line for each destination and signal that has seen an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "this is where losses show"]
pub struct Report {
    pub(crate) destinations: Vec<DestinationReport>,
    pub(crate) settled: bool,
    pub(crate) forked: bool,
}

/// The part of a [`Report`] for one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationReport {
    pub(crate) name: Arc<str>,
    /// In the order of `Signal::ALL`.
    pub(crate) accounts: [Account; 4],
    pub(crate) last_failure: Option<Failure>,
}

impl Report {
    /// Each destination, in the order in which they were given to the builder.
    pub fn destinations(&self) -> &[DestinationReport] {
        &self.destinations
    }

    /// The destination of this name.
    pub fn destination(&self, name: &str) -> Option<&DestinationReport> {
        self.destinations.iter().find(|destination| &*destination.name == name)
    }

    /// Sum over signals and destinations. With several destinations each item counts once for each.
    #[must_use]
    pub fn total(&self) -> Account {
        sum(self.destinations.iter().map(DestinationReport::total))
    }

    /// Sum of one signal over destinations.
    #[must_use]
    pub fn signal(&self, signal: Signal) -> Account {
        sum(self.destinations.iter().map(|destination| destination.signal(signal)))
    }

    /// Of `flush` and `shutdown`: whether everything submitted before the call was accepted, rejected or dropped in time. `false`:
    /// the time was over first. Of a ledger's report: whether nothing is pending.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        self.settled
    }

    /// Whether every item was accepted by every destination.
    #[must_use]
    pub fn is_all_accepted(&self) -> bool {
        !self.forked && self.total().is_all_accepted()
    }

    /// Whether each account is balanced: see [`Account::is_balanced`].
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        self.destinations.iter().all(|destination| destination.accounts.iter().all(Account::is_balanced))
    }

    /// Whether this is a forked child's: the exporter lives in the parent, so that there is nothing to report here.
    #[must_use]
    pub const fn is_forked(&self) -> bool {
        self.forked
    }

    /// What a forked child gets.
    pub(crate) const fn of_fork() -> Self {
        Self { destinations: Vec::new(), settled: false, forked: true }
    }
}

impl DestinationReport {
    /// The name given to it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The account of one signal.
    #[must_use]
    pub const fn signal(&self, signal: Signal) -> Account {
        self.accounts[signal as usize]
    }

    /// Sum over signals.
    #[must_use]
    pub fn total(&self) -> Account {
        sum(self.accounts.iter().copied())
    }

    /// Why a request failed last, retried or not. `None`: none has failed.
    #[must_use]
    pub const fn last_failure(&self) -> Option<&Failure> {
        self.last_failure.as_ref()
    }
}

fn sum(accounts: impl Iterator<Item = Account>) -> Account {
    accounts.fold(Account::default(), |mut sum, account| {
        sum += account;
        sum
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.forked {
            return f.write_str("a forked child has no exporter: its worker lives in the parent");
        }
        let mut lines = self.destinations.iter().flat_map(|destination| {
            let seen = Signal::ALL.into_iter().map(|signal| (signal, destination.signal(signal)));
            seen.filter(|(_, account)| *account != Account::default())
                .map(|(signal, account)| format!("{} {signal}: {account}", destination.name))
        });
        let Some(first) = lines.next() else { return f.write_str("nothing was sent") };
        f.write_str(&first)?;
        lines.try_for_each(|line| write!(f, "\n{line}"))
    }
}
