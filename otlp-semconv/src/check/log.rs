//! Log records and events.

use otlp_core::Signal;
use otlp_core::logs::{LogRecordView, LogsView};

use super::{
    FindingId, Item, Run,
    attribute::Bearer,
    identity::Id,
    look::{Look, Scope, place},
    mix::Mix,
    store::{Words, clip},
    tally::Counted,
    unknown::Kind,
};

impl Run<'_> {
    pub(super) fn logs(&mut self, view: &LogsView<'_>) {
        for (r, group) in view.resource_logs().iter().enumerate() {
            let source = self
                .source(Signal::Logs, group.resource(), group.schema_url(), || format!("resourceLogs[{r}]"));
            for (s, group) in group.scope_logs().iter().enumerate() {
                let path = || format!("resourceLogs[{r}].scopeLogs[{s}]");
                let scope = self.scope(Signal::Logs, &source, group.scope(), group.schema_url(), path);
                let mut at = 0;
                group.log_records().iter().for_each(|record| {
                    self.log_record(&scope, &record, &|| format!("{}.logRecords[{at}]", path()));
                    at += 1;
                });
            }
        }
    }

    fn log_record(&mut self, scope: &Scope, record: &LogRecordView<'_>, path: &dyn Fn() -> String) {
        let mut mix = Mix::new(scope.seed);
        mix.add(self.checker.table.keyed.text(record.event_name().as_bytes()));
        ids(record).iter().for_each(|id| mix.add(u64::from(id.is_right_or_absent())));
        self.checker.fold(&mut mix, &record.attributes());
        if self.is_known(mix.get()) {
            return;
        }
        let mut look = self.look(Signal::Logs, place(scope, Item::LogRecord, record.event_name()), path());
        look.log_record(record, scope);
        let memory = look.end();
        self.remember(mix.get(), memory);
    }
}

/// The ids, which may be absent.
fn ids<'a>(record: &LogRecordView<'a>) -> [Id<'a>; 2] {
    [Id::trace(record.trace_id_bytes()), Id::span(record.span_id_bytes())]
}

impl Look<'_, '_> {
    fn log_record(&mut self, record: &LogRecordView<'_>, scope: &Scope) {
        ids(record).into_iter().for_each(|id| self.optional_id(id));
        let seen = self.attributes(record.attributes(), "attributes", Bearer::Item);
        let name = record.event_name();
        if name.is_empty() || self.event(name, &seen, scope) {
            return;
        }
        let table = &self.checker.table;
        let number = self.unknown().add(Kind::Event, name, || table.nearest_event(name).map(str::to_owned));
        let meant = number.and_then(|number| self.unknown().nearest(number)).map(str::to_owned);
        if let Some(number) = number {
            self.count(Counted::Unknown(number));
        }
        self.note(
            FindingId::MissingEvent,
            name,
            "",
            || ".eventName".to_owned(),
            || {
                let words = Words::new(format!("The event `{}` is not in the registry.", clip(name)));
                match &meant {
                    Some(meant) => words.replace(meant),
                    None => words,
                }
            },
        );
    }
}
