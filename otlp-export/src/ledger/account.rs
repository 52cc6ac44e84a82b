//! The counters of one signal of one destination.

use std::{fmt, ops::AddAssign};

use super::DropReason;

/// What became of the items (spans, data points, log records, profiles) of one signal at one destination, or a sum of such.
///
/// At every moment `submitted + recovered = accepted + rejected + dropped + pending`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// Items given to `send`, those that it handed back included: sending these again counts them again.
    pub submitted: u64,
    /// Items found in a durable queue when it was opened.
    pub recovered: u64,
    /// Items that the server took.
    pub accepted: u64,
    /// Items that the server refused in a partial success (rule G10).
    pub rejected: u64,
    /// Items queued, or in a request under way.
    pub pending: u64,
    /// Items in the torn, never acknowledged tail of a durable queue. Not part of the balance: nobody was told that they are kept.
    pub torn: u64,
    /// Requests that got an answer or failed, each attempt counted.
    pub requests: u64,
    /// Those of `requests` that were attempts after a request's first.
    pub retries: u64,
    /// Bytes of request bodies handed to the transport, each attempt counted.
    pub wire_bytes: u64,
    dropped: [u64; DropReason::ALL.len()],
}

impl Account {
    /// Items dropped for this reason.
    #[must_use]
    pub const fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }

    /// Items dropped for any reason.
    #[must_use]
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// Reasons that have dropped items, and how many.
    pub fn drops(&self) -> impl Iterator<Item = (DropReason, u64)> + '_ {
        DropReason::ALL
            .into_iter()
            .map(|reason| (reason, self.dropped(reason)))
            .filter(|(_, items)| *items > 0)
    }

    /// Whether the sums of both sides are equal. Always, in a report of an exporter; a test may want to see it.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        self.submitted + self.recovered == self.accepted + self.rejected + self.dropped_total() + self.pending
    }

    /// Whether every item that came was accepted.
    #[must_use]
    pub const fn is_all_accepted(&self) -> bool {
        self.submitted + self.recovered == self.accepted
    }

    /// Moves pending items to a reason. Only what is pending can be dropped.
    pub(crate) fn drop_pending(&mut self, reason: DropReason, items: u64) {
        debug_assert!(self.pending >= items, "more dropped than pending");
        self.pending -= items;
        self.dropped[reason as usize] += items;
    }

    /// Counts items that were submitted and refused at once.
    pub(crate) fn refuse(&mut self, reason: DropReason, items: u64) {
        self.submitted += items;
        self.dropped[reason as usize] += items;
    }
}

impl AddAssign for Account {
    fn add_assign(&mut self, other: Self) {
        let Self {
            submitted,
            recovered,
            accepted,
            rejected,
            pending,
            torn,
            requests,
            retries,
            wire_bytes,
            dropped,
        } = other;
        self.submitted += submitted;
        self.recovered += recovered;
        self.accepted += accepted;
        self.rejected += rejected;
        self.pending += pending;
        self.torn += torn;
        self.requests += requests;
        self.retries += retries;
        self.wire_bytes += wire_bytes;
        for (sum, items) in self.dropped.iter_mut().zip(dropped) {
            *sum += items;
        }
    }
}

impl fmt::Display for Account {
    /// `submitted 10, accepted 7, rejected 1, dropped 1 (queue_full 1), pending 1`; recovered and torn where they are not 0.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "submitted {}, ", self.submitted)?;
        if self.recovered > 0 {
            write!(f, "recovered {}, ", self.recovered)?;
        }
        write!(
            f,
            "accepted {}, rejected {}, dropped {}",
            self.accepted,
            self.rejected,
            self.dropped_total()
        )?;
        for (at, (reason, items)) in self.drops().enumerate() {
            write!(f, "{}{reason} {items}", if at == 0 { " (" } else { ", " })?;
        }
        if self.dropped_total() > 0 {
            f.write_str(")")?;
        }
        write!(f, ", pending {}", self.pending)?;
        if self.torn > 0 {
            write!(f, ", torn {}", self.torn)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_a_sentence_and_balances() {
        let mut account = Account {
            submitted: 9,
            recovered: 2,
            accepted: 7,
            rejected: 1,
            pending: 3,
            ..Account::default()
        };
        assert!(account.is_balanced());
        account.refuse(DropReason::QueueFull, 4);
        account.drop_pending(DropReason::TooLarge, 1);
        assert!(account.is_balanced());
        assert_eq!(
            account.to_string(),
            "submitted 13, recovered 2, accepted 7, rejected 1, dropped 5 (queue_full 4, too_large 1), pending 2"
        );
        let mut sum = account;
        sum += account;
        assert!(sum.is_balanced());
        assert_eq!(sum.dropped(DropReason::QueueFull), 8);
        assert!(!sum.is_all_accepted());
        account.accepted += 1;
        assert!(!account.is_balanced());
    }
}
