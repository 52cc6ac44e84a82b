//! Looking up a setting: the signal's own variable first, then the generic one; an empty value is an unset one.

use otlp_core::Signal;

use super::Warning;

/// The environment and what was found wrong in it so far.
pub(super) struct Variables<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    warnings: Vec<Warning>,
    /// Suffix and variable of what was found since it was last asked for.
    sources: Vec<(String, String)>,
}

/// A value that could be used.
pub(super) struct Found<T> {
    /// The variable it came from.
    pub(super) variable: String,
    /// Whether that is the signal's own variable.
    pub(super) per_signal: bool,
    pub(super) value: T,
}

impl<'a> Variables<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, warnings: Vec::new(), sources: Vec::new() }
    }

    pub(super) fn into_warnings(self) -> Vec<Warning> {
        self.warnings
    }

    /// Adds a warning once: a generic variable is read for every signal.
    pub(super) fn warn(&mut self, warning: Warning) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// The first of `OTEL_EXPORTER_OTLP_<SIGNAL>_<suffix>` and `OTEL_EXPORTER_OTLP_<suffix>` that is set and that `read`
    /// accepts. One that it does not is ignored with a warning, as the specification wants; `default` says in that warning
    /// what happens if none is left.
    pub(super) fn of_signal<T>(
        &mut self,
        signal: Signal,
        suffix: &str,
        default: &str,
        read: impl Fn(&str, bool) -> Result<T, String>,
    ) -> Option<Found<T>> {
        let own = format!("OTEL_EXPORTER_OTLP_{}_{suffix}", signal.as_str().to_ascii_uppercase());
        let generic = format!("OTEL_EXPORTER_OTLP_{suffix}");
        let found = self.first([(own, true), (generic, false)], default, read);
        if let Some(found) = &found {
            self.sources.push((suffix.to_owned(), found.variable.clone()));
        }
        found
    }

    /// What has been found by [`Variables::of_signal`] since the last call: suffix and variable of each.
    pub(super) fn take_sources(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.sources)
    }

    /// As [`Variables::of_signal`], for a variable that stands alone.
    pub(super) fn single<T>(
        &mut self,
        variable: &str,
        default: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.first([(variable.to_owned(), true)], default, |text, _| read(text)).map(|found| found.value)
    }

    fn first<T>(
        &mut self,
        variables: impl IntoIterator<Item = (String, bool)>,
        default: &str,
        read: impl Fn(&str, bool) -> Result<T, String>,
    ) -> Option<Found<T>> {
        let mut wrong = Vec::new();
        let mut found = None;
        for (variable, per_signal) in variables {
            let Some(text) = (self.lookup)(&variable) else { continue };
            let text = text.trim();
            if text.is_empty() {
                continue;
            }
            match read(text, per_signal) {
                Ok(value) => {
                    found = Some(Found { variable, per_signal, value });
                    break;
                }
                Err(problem) => wrong.push((variable, problem)),
            }
        }
        for (variable, problem) in wrong {
            let used = match &found {
                Some(found) => format!("the value of {}", found.variable),
                None => default.to_owned(),
            };
            self.warn(Warning::new(variable, problem, used));
        }
        found
    }
}
