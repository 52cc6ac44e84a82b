//! The seeded workload: what the shop does in a simulated minute, encoded.

use otlp::{Batch, TraceId};

use super::metrics::Meter;
use super::random::Random;
use super::story::SECOND;
use super::{logs, profiles, shop, traces};

/// The same shop on every run.
pub(super) const SEED: u64 = 7;
/// 2026-01-01 12:00:00 UTC: a fixed date, so that the same bytes are sent on every run.
const START: u64 = 1_767_268_800 * SECOND;
/// Stretches in a round; each is a request of traces, of metrics and of logs.
const STRETCHES: u64 = 6;
/// Batches in a round: those of the stretches, and one of profiles.
pub(super) const BATCHES: usize = 3 * STRETCHES as usize + 1;
/// Length of a stretch.
const STRETCH: u64 = 10 * SECOND;
/// Visits in a stretch.
const VISITS: u64 = 40;

/// Makes round after round.
#[derive(Debug)]
pub(super) struct Workload {
    random: Random,
    meter: Meter,
    rounds: u64,
}

/// A simulated minute.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) batches: Vec<Batch>,
    /// The trace worth drawing: a payment is retried in it, and a query is slow.
    pub(super) showpiece: Option<TraceId>,
}

impl Workload {
    pub(super) fn new() -> Self {
        Self { random: Random::new(SEED), meter: Meter::new(START), rounds: 0 }
    }

    /// The next minute of the shop.
    pub(super) fn round(&mut self) -> Round {
        let from = START + self.rounds * STRETCHES * STRETCH;
        let mut batches = Vec::new();
        let mut stories = Vec::new();
        let mut showpiece = None;
        for stretch in 0..STRETCHES {
            // Deep enough in the round that all metrics have a past.
            let is_showpiece = stretch == STRETCHES / 2;
            let story = shop::open(&self.random, from + stretch * STRETCH, STRETCH, VISITS, is_showpiece);
            if is_showpiece {
                showpiece = shop::showpiece(&story);
            }
            batches.push(traces::batch(&story));
            batches.push(self.meter.batch(&story, &self.random));
            batches.push(logs::batch(&story));
            stories.push(story);
        }
        batches.push(profiles::batch(&stories, &self.random));
        self.rounds += 1;
        Round { batches, showpiece }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use otlp::{Limits, Signal};

    #[test]
    fn is_valid_and_the_same_on_every_run() {
        let round = Workload::new().round();
        let again = Workload::new().round();
        assert_eq!(round.batches, again.batches);
        assert!(round.showpiece.is_some() && round.showpiece == again.showpiece);
        assert_eq!(round.batches.len(), BATCHES);
        for batch in &round.batches {
            let parsed = Batch::parse(batch.signal(), batch.bytes().clone(), &Limits::default()).unwrap();
            assert_eq!((parsed.items(), &parsed), (batch.items(), batch));
        }
        for signal in Signal::ALL {
            assert!(
                round.batches.iter().any(|batch| batch.signal() == signal && batch.items() > 1),
                "{signal}"
            );
        }
    }

    #[test]
    fn holds_all_kinds_of_everything() {
        let round = Workload::new().round();
        let kinds: std::collections::BTreeSet<&str> = round
            .batches
            .iter()
            .filter_map(Batch::metrics)
            .flat_map(|view| {
                view.metrics().filter_map(|metric| metric.data()).map(|data| data.kind()).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(
            kinds.into_iter().collect::<Vec<_>>(),
            ["exponential_histogram", "gauge", "histogram", "sum", "summary"]
        );
        let spans: Vec<_> = round
            .batches
            .iter()
            .filter_map(Batch::traces)
            .flat_map(|view| view.spans().collect::<Vec<_>>())
            .collect();
        assert!(spans.iter().any(|span| span.events().iter().any(|event| event.name() == "exception")));
        assert!(spans.iter().any(|span| !span.links().is_empty()));
        assert!(spans.iter().any(|span| span.attributes().value_of("http.request.resend_count").is_some()));
        let linked = round
            .batches
            .iter()
            .filter_map(Batch::logs)
            .flat_map(|view| view.log_records().collect::<Vec<_>>());
        assert!(
            linked.filter(|record| record.trace_id().is_some() && record.span_id().is_some()).count() > 100
        );
    }
}
