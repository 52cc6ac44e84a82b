//! A way from one version to another, and going it.

use otlp_core::edit::{Draft, Look, Spot, Text, rewrite};
use otlp_core::metrics::MetricView;
use otlp_core::trace::SpanKind;
use otlp_core::{Batch, cut};

use super::metric::Names;
use super::place::{Item, Place};
use super::report::{MigrationReport, Operation, Outcome, operation};
use super::rules::Rules;
use super::table::{Kind, Range, Table};
use super::{MigrateError, Version};

/// What becomes of old names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// New ones take their place.
    #[default]
    Rename,
    /// New ones stand beside them: attributes twice in the same item, metrics twice in the same batch. Names of events and
    /// values under a key that stays are left as they were, and reported as refused.
    KeepBoth,
}

/// What happens where an item has the new key already, with another value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Collision {
    /// What stands there stays, what would have taken its place goes. Lossy.
    #[default]
    KeepExisting,
    /// What is renamed takes its place. Lossy.
    Replace,
    /// Both stay as they are: the old key is not renamed. Refused.
    Refuse,
}

/// A way to one version, from another or from whatever each resource and scope says.
///
/// ```
/// use otlp_core::logs::LogsWriter;
/// use otlp_semconv::migrate::{Collision, Mode, Plan};
///
/// let mut writer = LogsWriter::new();
/// writer.resource(|_| {}).scope("shop", "").record().attr("http.method", "GET").attr("code.lineno", 7);
/// let plan = Plan::between("1.29.0", "1.44.0")?;
/// let (batch, report) = plan.apply(&writer.finish(), Mode::Rename, Collision::default());
///
/// let record = batch.logs().unwrap().log_records().next().unwrap();
/// let keys: Vec<&str> = record.attributes().iter().map(|attribute| attribute.key()).collect();
/// // 1.30 renamed one of them, the other had its new name in 1.21 already: the data says it is 1.29.
/// assert_eq!(keys, ["http.method", "code.line.number"]);
/// assert_eq!(report.operations().next().unwrap().to, "code.line.number");
/// # Ok::<(), otlp_semconv::migrate::MigrateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    from: Option<Version>,
    to: Version,
}

impl Plan {
    /// From one version to another, older or newer, whatever the data says about itself.
    ///
    /// # Errors
    ///
    /// [`MigrateError::UnknownVersion`] unless both were published and are known here.
    pub fn between(from: &str, to: &str) -> Result<Self, MigrateError> {
        Ok(Self { from: Some(from.parse()?), to: to.parse()? })
    }

    /// To one version, from the one that the `schema_url` of each resource and each scope names. Those without one are left
    /// alone and counted in [`MigrationReport::groups`]: a resource's says nothing about its scopes.
    ///
    /// # Errors
    ///
    /// [`MigrateError::UnknownVersion`] unless it was published and is known here.
    pub fn to(to: &str) -> Result<Self, MigrateError> {
        Ok(Self { from: None, to: to.parse()? })
    }

    /// Where it leads.
    pub const fn target(&self) -> Version {
        self.to
    }

    /// Everything that may happen on the way, oldest version first, with the outcome it has as a rule; data may worsen it.
    ///
    /// Without a version to start from that is the whole way from the oldest.
    pub fn operations(&self) -> impl Iterator<Item = Operation> {
        let table = Table::get();
        let from = self.from.or_else(|| Version::all().next()).unwrap_or(self.to);
        let up = from <= self.to;
        let (first, last) = if up { (from, self.to) } else { (self.to, from) };
        let on_the_way = move |version: Version| first < version && version <= last;
        table.ops.iter().enumerate().filter(move |(_, op)| on_the_way(op.version)).map(move |(number, op)| {
            let shared = table
                .ops
                .iter()
                .filter(|other| {
                    (other.version, other.to, other.kind, other.section)
                        == (op.version, op.to, op.kind, op.section)
                })
                .count()
                > 1;
            let (outcome, reason) = match op.kind {
                Kind::Dropped if up => (Outcome::Refused, op.to),
                Kind::Split => (Outcome::Refused, "became several metrics"),
                _ if !up && !op.back => (Outcome::Refused, "the new name was in use for others too"),
                _ if !op.loss.is_empty() => (Outcome::Lossy, op.loss),
                Kind::Metric(Some(unit)) if unit.factor != 1.0 => {
                    (Outcome::Lossy, "numbers are rounded, whole ones become doubles")
                }
                _ if shared || !op.back => (Outcome::Lossy, "the new name stands for others too"),
                _ => (Outcome::Applied, ""),
            };
            operation(number as u16, up, outcome, reason, 0)
        })
    }

    /// The batch as the target version names things, and what was done.
    ///
    /// Each rename is made version by version, in the order that the schema files' format says, for attributes of resources,
    /// scopes, spans, span events, links, log records, data points and exemplars, for names of metrics and events, and for the
    /// keys that entities refer to. Every `schema_url` that stands where something was migrated names the target afterwards.
    /// What has no old name arrives byte for byte; a batch in which nothing changes shares its bytes. Attributes of profiles
    /// themselves, for which the schema files have no section, are left.
    pub fn apply(&self, batch: &Batch, mode: Mode, collision: Collision) -> (Batch, MigrationReport) {
        let mut report = MigrationReport::default();
        let mut way = Way::new(self, mode, collision, Part::All);
        let first = way.go(batch, &mut report);
        if !way.copies.contains(&true) {
            return (first, report);
        }
        // Metrics under both names: those that have a new one once more, as the new version has them.
        let mut renamed = Renamed { copies: way.copies.iter() };
        let mut copies = cut::sort(batch, 1, &mut renamed).into_iter();
        let Some(copies) = copies.next() else { return (first, report) };
        let second = Way::new(self, mode, collision, Part::Copies).go(&copies, &mut report);
        let both = cut::concat(&[first.clone(), second]);
        (both.unwrap_or(first), report)
    }
}

/// Which metrics a walk is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    /// The second ones of those that are kept under both names.
    Copies,
}

/// Picks the metrics that change their names.
struct Renamed<'c> {
    copies: std::slice::Iter<'c, bool>,
}

impl<'a> cut::Sorter<'a> for Renamed<'_> {
    fn group(&mut self, group: &cut::Group<'a, '_>) -> cut::Look {
        match group.level() {
            cut::Level::Metric => cut::Look::All(self.copies.next().copied().unwrap_or(false).then_some(0)),
            _ => cut::Look::Inside,
        }
    }

    fn item(&mut self, _: cut::Item<'a>) -> Option<usize> {
        None
    }
}

/// A walk through one batch.
struct Way<'p> {
    plan: &'p Plan,
    mode: Mode,
    collision: Collision,
    part: Part,
    resource: Option<Range>,
    scope: Option<Range>,
    span: (String, SpanKind),
    metric: Names,
    /// For each metric, whether it has a second one under its new name.
    copies: Vec<bool>,
}

impl<'p> Way<'p> {
    fn new(plan: &'p Plan, mode: Mode, collision: Collision, part: Part) -> Self {
        Self {
            plan,
            mode,
            collision,
            part,
            resource: None,
            scope: None,
            span: (String::new(), SpanKind::Unspecified),
            metric: Names::default(),
            copies: Vec::new(),
        }
    }

    fn go(&mut self, batch: &Batch, report: &mut MigrationReport) -> Batch {
        rewrite(batch, |spot, draft| self.spot(spot, draft, report))
    }

    fn spot<'a>(&mut self, spot: Spot<'a>, draft: &mut Draft<'a>, report: &mut MigrationReport) -> Look {
        match spot {
            Spot::ResourceGroup => {
                self.resource = self.group(draft, report);
                Look::Inside
            }
            Spot::ScopeGroup => {
                self.scope = self.group(draft, report);
                if self.scope.is_some() { Look::Inside } else { Look::Past }
            }
            Spot::Resource => {
                self.list(Place::Resource, "", draft, Some(report));
                Look::Inside
            }
            Spot::Entity => {
                // The attributes that the keys refer to are counted.
                self.list(Place::Resource, "", draft, None);
                if self.resource.is_some()
                    && Version::of_url(draft.text(Text::SchemaUrl)).is_ok_and(|url| url.is_some())
                {
                    draft.set_text(Text::SchemaUrl, self.plan.to.url());
                }
                Look::Inside
            }
            Spot::Scope => self.list(Place::Scope, "", draft, Some(report)),
            Spot::Span(span) => {
                self.span.0.clear();
                self.span.0.push_str(span.name());
                self.span.1 = span.kind();
                self.list(Place::Span, "", draft, Some(report))
            }
            Spot::Link => self.list(Place::Span, "", draft, Some(report)),
            Spot::Event(event) => {
                self.name(Place::Event, event.name(), draft, report);
                self.list(Place::Event, event.name(), draft, Some(report))
            }
            Spot::LogRecord(record) => {
                self.name(Place::Log, record.event_name(), draft, report);
                self.list(Place::Log, record.event_name(), draft, Some(report))
            }
            Spot::Metric(metric) => self.metric(&metric, draft, report),
            Spot::Point | Spot::Exemplar => self.list(Place::Metric, "", draft, Some(report)),
            _ => Look::Inside,
        }
    }

    /// Where a resource or scope starts on the line; writes the target's URL where there is one.
    fn group(&self, draft: &mut Draft<'_>, report: &mut MigrationReport) -> Option<Range> {
        let url = draft.text(Text::SchemaUrl);
        let from = match self.plan.from {
            Some(from) => Ok(Some(from)),
            None => Version::of_url(url),
        };
        let counted = match from {
            Ok(Some(_)) => &mut report.groups.migrated,
            Ok(None) if url.is_empty() => &mut report.groups.unversioned,
            _ => &mut report.groups.foreign,
        };
        if self.part == Part::All {
            *counted += 1;
        }
        let from = from.ok().flatten()?;
        if !url.is_empty() {
            draft.set_text(Text::SchemaUrl, self.plan.to.url());
        }
        Some(Table::get().range(from, self.plan.to))
    }

    /// How things at a place migrate; `None` where their version is not known.
    fn rules<'r>(&self, place: Place, report: Option<&'r mut MigrationReport>) -> Option<Rules<'r>> {
        let around = matches!(place, Place::Resource | Place::Scope);
        // Second metrics stand in the same resources and scopes as the first.
        let second = self.part == Part::Copies;
        Some(Rules {
            table: Table::get(),
            range: if place == Place::Resource { self.resource } else { self.scope }?,
            mode: if second && !around { Mode::Rename } else { self.mode },
            kept: self.mode == Mode::KeepBoth,
            collision: self.collision,
            report: if second && around { None } else { report },
        })
    }

    fn list(
        &self,
        place: Place,
        event: &str,
        draft: &mut Draft<'_>,
        report: Option<&mut MigrationReport>,
    ) -> Look {
        if let Some(mut rules) = self.rules(place, report) {
            let (span, kind) = match place {
                Place::Span | Place::Event => (&*self.span.0, self.span.1),
                _ => ("", SpanKind::Unspecified),
            };
            rules.migrate(&Item { place, span, kind, event, metric: &self.metric }, draft);
        }
        Look::Inside
    }

    /// The name of a span event or event record.
    fn name(&self, place: Place, name: &str, draft: &mut Draft<'_>, report: &mut MigrationReport) {
        if name.is_empty() {
            return;
        }
        let Some(mut rules) = self.rules(place, Some(report)) else { return };
        let item = Item { place, span: &self.span.0, kind: self.span.1, event: name, metric: &self.metric };
        rules.event(&item, draft);
    }

    fn metric(
        &mut self,
        metric: &MetricView<'_>,
        draft: &mut Draft<'_>,
        report: &mut MigrationReport,
    ) -> Look {
        let twice = self.mode == Mode::KeepBoth && self.part == Part::All;
        if twice && let Some(mut rules) = self.rules(Place::Metric, None) {
            // The first of two stays as it is.
            let copy = rules.metric(metric, None).change();
            self.copies.push(copy);
            if copy {
                return Look::Past;
            }
        }
        if let Some(mut rules) = self.rules(Place::Metric, Some(report)) {
            self.metric = rules.metric(metric, Some(draft));
        }
        Look::Inside
    }
}
