//! Where every item went.

use std::{collections::BTreeMap, fmt};

use otlp_core::{Batch, Signal};

use super::{Answered, Received, names};
use crate::Report;

/// Keeps account of items by name, over everything that can become of them, and says which of them nobody accounts for.
///
/// ```
/// use otlp_export::Signal;
/// use otlp_export::testing::{Audit, batch};
///
/// let mut audit = Audit::new();
/// let (first, second) = (batch(Signal::Logs, ["a", "b"]), batch(Signal::Logs, ["c"]));
/// audit.submitted(&first);
/// audit.submitted(&second);
/// audit.dropped(&first);
/// let error = audit.check().unwrap_err();
/// assert_eq!(error.missing(), ["logs: c"]);
/// audit.handed_back(&second);
/// audit.assert_balanced();
/// ```
#[derive(Debug, Clone, Default)]
pub struct Audit {
    items: BTreeMap<(&'static str, String), Fate>,
    unnamed: [u64; 4],
}

#[derive(Debug, Clone, Copy, Default)]
struct Fate {
    submitted: u64,
    /// Taken or refused by name, and the client knows.
    answered: u64,
    /// Taken, and the client cannot know.
    unknown: u64,
    /// Dropped, handed back, or still in a queue.
    kept: u64,
}

impl Audit {
    /// Nothing submitted, nothing received.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These items were given to the exporter. The same name may be submitted several times.
    pub fn submitted(&mut self, batch: &Batch) {
        self.each(batch, |fate| fate.submitted += 1);
    }

    /// These items were refused by the exporter: the test has them again.
    pub fn handed_back(&mut self, batch: &Batch) {
        self.each(batch, |fate| fate.kept += 1);
    }

    /// These items were dropped, and the exporter said so.
    pub fn dropped(&mut self, batch: &Batch) {
        self.each(batch, |fate| fate.kept += 1);
    }

    /// So many items were dropped or are still pending, without names: any that are missing make up for them.
    pub fn unnamed(&mut self, signal: Signal, items: u64) {
        self.unnamed[signal as usize] += items;
    }

    /// What an exporter reports: its drops (but for batches handed back, which the test knows by name) and what is pending are taken as
    /// [`unnamed`](Self::unnamed). For exporters with one destination.
    ///
    /// # Panics
    /// If the report does not balance, or speaks of another number of items than were submitted.
    #[track_caller]
    pub fn reported(&mut self, report: &Report) {
        assert!(report.is_balanced(), "the report does not balance: {report:?}");
        for signal in Signal::ALL {
            let account = report.signal(signal);
            let of_signal = || self.items.iter().filter(|((of, _), _)| *of == signal.as_str());
            let submitted: u64 = of_signal().map(|(_, fate)| fate.submitted).sum();
            let kept: u64 = of_signal().map(|(_, fate)| fate.kept).sum();
            assert_eq!(
                account.submitted, submitted,
                "{signal} submitted, as the report says and as the test does"
            );
            self.unnamed(signal, (account.dropped_total() + account.pending).saturating_sub(kept));
        }
    }

    /// What a server was asked, and what it answered.
    pub fn received(&mut self, requests: &[Received]) {
        for request in requests {
            let Some(batch) = &request.batch else { continue };
            match request.answered {
                // Of a partial success the client knows how many were refused: they are accounted for.
                Answered::Accepted | Answered::Partial(_) => self.each(batch, |fate| fate.answered += 1),
                Answered::Unknown => self.each(batch, |fate| fate.unknown += 1),
                Answered::Refused => {}
            }
        }
    }

    /// Whether every item that was submitted has been accounted for once, and nothing came that was not submitted. An item comes
    /// twice without fault only if the server had taken it before without saying so.
    ///
    /// # Errors
    /// The names of items that are missing, come too often, or from nowhere.
    pub fn check(&self) -> Result<(), AuditError> {
        let mut error = AuditError::default();
        for signal in Signal::ALL {
            let mut missing = Vec::new();
            for ((_, name), fate) in self.items.iter().filter(|((of, _), _)| *of == signal.as_str()) {
                let label = || format!("{signal}: {name}");
                let seen = fate.answered + fate.unknown;
                if fate.submitted == 0 {
                    error.strangers.push(label());
                    continue;
                }
                let short = fate.submitted.saturating_sub(seen + fate.kept);
                missing.extend((0..short).map(|_| label()));
                if fate.answered > fate.submitted {
                    error.duplicated.push(label());
                }
            }
            // What is dropped without a name may be any of them; what cannot be explained so is an error, with all their names.
            let unnamed = self.unnamed[signal as usize];
            if missing.len() as u64 != unnamed {
                error.unexplained += (missing.len() as u64).abs_diff(unnamed);
                error.missing.append(&mut missing);
            }
        }
        let balanced = error.unexplained == 0 && error.duplicated.is_empty() && error.strangers.is_empty();
        if balanced { Ok(()) } else { Err(error) }
    }

    /// [`check`](Self::check), for the last line of a test.
    ///
    /// # Panics
    /// If the check fails; the message names the items.
    #[track_caller]
    pub fn assert_balanced(&self) {
        if let Err(error) = self.check() {
            panic!("{error}");
        }
    }

    fn each(&mut self, batch: &Batch, mut change: impl FnMut(&mut Fate)) {
        for name in names(batch) {
            change(self.items.entry((batch.signal().as_str(), name)).or_default());
        }
    }
}

/// What an [`Audit`] found, by names such as `traces: checkout`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditError {
    missing: Vec<String>,
    unexplained: u64,
    duplicated: Vec<String>,
    strangers: Vec<String>,
}

impl AuditError {
    /// Items that were submitted and never seen again, if their number is not that of the items dropped without a name.
    #[must_use]
    pub fn missing(&self) -> &[String] {
        &self.missing
    }

    /// Items that were acknowledged more often than they were submitted.
    #[must_use]
    pub fn duplicated(&self) -> &[String] {
        &self.duplicated
    }

    /// Items that arrived and were never submitted.
    #[must_use]
    pub fn strangers(&self) -> &[String] {
        &self.strangers
    }
}

impl fmt::Display for AuditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the items do not add up:")?;
        if self.unexplained > 0 {
            write!(f, " {} unaccounted for", self.unexplained)?;
            list(f, &self.missing)?;
        }
        if !self.duplicated.is_empty() {
            write!(f, " {} acknowledged too often", self.duplicated.len())?;
            list(f, &self.duplicated)?;
        }
        if !self.strangers.is_empty() {
            write!(f, " {} from nowhere", self.strangers.len())?;
            list(f, &self.strangers)?;
        }
        Ok(())
    }
}

impl std::error::Error for AuditError {}

fn list(f: &mut fmt::Formatter<'_>, names: &[String]) -> fmt::Result {
    const SHOWN: usize = 20;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if names.len() > SHOWN { ", ..." } else { "" };
    write!(f, " ({shown}{more});")
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::{Protocol, testing::batch};

    fn request(names: &[&str], answered: Answered) -> Received {
        let batch = batch(Signal::Traces, names);
        Received {
            at: Instant::now(),
            connection: 1,
            method: "POST".to_owned(),
            path: "/v1/traces".to_owned(),
            version: "HTTP/1.1",
            headers: Vec::new(),
            body: batch.bytes().clone(),
            signal: Signal::Traces,
            protocol: Protocol::HttpProtobuf,
            batch: Some(batch),
            answered,
        }
    }

    fn audit(requests: &[Received]) -> Audit {
        let mut audit = Audit::new();
        audit.submitted(&batch(Signal::Traces, ["a", "b", "c"]));
        audit.received(requests);
        audit
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = audit(&[request(&["a"], Answered::Accepted), request(&["b"], Answered::Refused)]).check();
        let error = error.unwrap_err();
        assert_eq!(error.missing(), ["traces: b", "traces: c"]);
        assert_eq!(error.to_string(), "the items do not add up: 2 unaccounted for (traces: b, traces: c);");
    }

    #[test]
    fn drops_without_a_name_must_fit_exactly() {
        let mut audit = audit(&[request(&["a"], Answered::Accepted)]);
        for (unnamed, balanced) in [(1, false), (2, true), (3, false)] {
            audit.unnamed(Signal::Traces, 1);
            assert_eq!(audit.check().is_ok(), balanced, "{unnamed}");
        }
    }

    #[test]
    fn duplicates_are_a_fault_unless_the_server_kept_its_answer() {
        let all = ["a", "b", "c"];
        let twice = [request(&all, Answered::Accepted), request(&["b"], Answered::Partial(0))];
        assert_eq!(audit(&twice).check().unwrap_err().duplicated(), ["traces: b"]);
        audit(&[request(&all, Answered::Unknown), request(&all, Answered::Accepted)]).assert_balanced();
    }

    #[test]
    fn strangers_are_named() {
        let error = audit(&[request(&["a", "b", "c", "x"], Answered::Accepted)]).check().unwrap_err();
        assert_eq!(error.strangers(), ["traces: x"]);
    }

    #[test]
    #[should_panic(expected = "traces: c")]
    fn the_assertion_names_them_too() {
        audit(&[request(&["a", "b"], Answered::Accepted)]).assert_balanced();
    }
}
