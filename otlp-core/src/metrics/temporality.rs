//! Aggregation temporality.

use crate::numbered::numbered;

numbered! {
    /// What the time range of a sum or histogram starts from (`AggregationTemporality`).
    pub enum Temporality {
        /// Not given, which the protocol forbids.
        Unspecified = 0 "unspecified",
        /// Since the last report.
        Delta = 1 "delta",
        /// Since a fixed start.
        Cumulative = 2 "cumulative",
    }
}
