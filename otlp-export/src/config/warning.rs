//! A wrong value in the environment, as data.

use std::fmt;

/// One variable whose value could not be used, and what was used in its place. Never holds the value of a header, an endpoint
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

    /// The name of the variable.
    #[must_use]
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// What is wrong with its value.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// What was used instead.
    #[must_use]
    pub fn used(&self) -> &str {
        &self.used
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; used instead: {}", self.variable, self.problem, self.used)
    }
}
