//! What is wrong with a setting, as data.

use std::fmt;

/// A variable whose value could not be used, and what was used in its place; or a setting that was used and is dangerous. Never holds the value of a header, an endpoint
/// or a path, since those may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Warning {
    variable: String,
    problem: String,
    used: String,
}

impl Warning {
    pub(crate) fn new(
        variable: impl Into<String>,
        problem: impl Into<String>,
        used: impl Into<String>,
    ) -> Self {
        Self { variable: variable.into(), problem: problem.into(), used: used.into() }
    }

    /// Credentials that travel in plaintext to another host.
    pub(crate) fn exposed(setting: impl Into<String>, header: &str) -> Self {
        let problem =
            format!("{header} goes to another host over plaintext http, where anyone on the way can read it");
        Self::new(setting, problem, "")
    }

    /// The name of the variable, or of the client's setting.
    #[must_use]
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// What is wrong with its value.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// What was used instead; empty if it was used as it is.
    #[must_use]
    pub fn used(&self) -> &str {
        &self.used
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.variable, self.problem)?;
        if self.used.is_empty() { Ok(()) } else { write!(f, "; used instead: {}", self.used) }
    }
}
