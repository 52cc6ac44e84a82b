//! A registry, prepared for checking.

use otlp_core::Batch;

use super::{Report, Run, matching::Matcher, table::Table};
use crate::registry::Registry;

/// The rules of a registry, prepared; see [`run`](Self::run).
#[derive(Debug)]
pub struct Checker<'r> {
    pub(super) table: Table<'r>,
    pub(super) matcher: Matcher<'r>,
    pub(super) report_moved: bool,
}

impl<'r> Checker<'r> {
    /// Prepares a registry; takes a few milliseconds for the built-in one.
    pub fn new(registry: &'r Registry) -> Self {
        let mut table = Table::new(registry);
        let matcher = Matcher::new(registry);
        matcher.watch(&mut table);
        Self { table, matcher, report_moved: false }
    }

    /// Whether to report as deprecated what has moved to a registry of its own and lives on there, as the GenAI conventions have.
    /// Not by default.
    pub const fn moved(mut self, report: bool) -> Self {
        self.report_moved = report;
        self
    }

    /// Starts a run, which batches are given to.
    pub fn run(&self) -> Run<'_> {
        Run::new(self)
    }

    /// Checks a single batch.
    pub fn check(&self, batch: &Batch) -> Report {
        let mut run = self.run();
        run.check(batch);
        run.finish()
    }
}
