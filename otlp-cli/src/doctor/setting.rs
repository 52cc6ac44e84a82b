//! The settings of each signal, and where each comes from.

use std::env;

use otlp::{Config, Protocol, Signal};

use crate::exit::Failure;

pub(super) const PREFIX: &str = "OTEL_EXPORTER_OTLP_";

/// The configuration under examination.
#[derive(Debug)]
pub(super) struct Settings {
    config: Config,
    /// The flag that stands in the place of the environment's endpoint.
    endpoint_flag: bool,
    protocol_flag: bool,
}

impl Settings {
    /// Reads flags and environment.
    pub(super) fn read(endpoint: Option<&str>, protocol: Option<Protocol>) -> Result<Self, Failure> {
        Self::from_vars(endpoint, protocol, |name| env::var(name).ok())
    }

    pub(super) fn from_vars(
        endpoint: Option<&str>,
        protocol: Option<Protocol>,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let endpoint = endpoint.filter(|endpoint| !endpoint.is_empty());
        if endpoint.is_some_and(|endpoint| !endpoint.contains("://")) {
            let hint = "write http://HOST:PORT or https://HOST:PORT";
            return Err(Failure::usage("the endpoint does not start with http:// or https://").hint(hint));
        }
        let config = Config::from_vars(|name| {
            let suffix = name.strip_prefix(PREFIX).unwrap_or_default();
            match (suffix, endpoint, protocol) {
                ("ENDPOINT", Some(endpoint), _) => Some(endpoint.to_owned()),
                (suffix, Some(endpoint), _) if suffix.ends_with("_ENDPOINT") => {
                    // A signal's whole URL rather than a base.
                    let signal = Signal::ALL.into_iter().find(|signal| {
                        suffix.trim_end_matches("_ENDPOINT").eq_ignore_ascii_case(signal.as_str())
                    })?;
                    endpoint.ends_with(signal.http_path()).then(|| endpoint.to_owned())
                }
                // An endpoint that is given has a scheme.
                (suffix, Some(_), _) if suffix.ends_with("INSECURE") => None,
                ("PROTOCOL", _, Some(protocol)) => Some(protocol.to_string()),
                (suffix, _, Some(_)) if suffix.ends_with("_PROTOCOL") => None,
                _ => lookup(name),
            }
        });
        if endpoint.is_some()
            && let Some(warning) =
                config.warnings().iter().find(|warning| warning.variable().ends_with("ENDPOINT"))
        {
            return Err(Failure::usage(format!("the endpoint cannot be used: {}", warning.problem())));
        }
        Ok(Self { config, endpoint_flag: endpoint.is_some(), protocol_flag: protocol.is_some() })
    }

    pub(super) const fn config(&self) -> &Config {
        &self.config
    }

    /// Whether a flag said where to look.
    pub(super) const fn has_endpoint_flag(&self) -> bool {
        self.endpoint_flag
    }

    /// Where a signal's setting comes from: a variable, a flag, or `default`.
    pub(super) fn origin(&self, signal: Signal, setting: &str) -> &str {
        match (self.config.signal(signal).variable(setting), setting) {
            (Some(_), "ENDPOINT") if self.endpoint_flag => "--endpoint",
            (Some(_), "PROTOCOL") if self.protocol_flag => "--protocol",
            (Some(variable), _) => variable,
            (None, _) => "default",
        }
    }

    /// The variable that a setting of the signals would have to be changed in: the signal's own where that decides, or where
    /// other signals are to stay as they are.
    pub(super) fn variable(&self, signals: &[Signal], setting: &str) -> Vec<String> {
        let own = |signal: &Signal| format!("{PREFIX}{}_{setting}", signal.as_str().to_ascii_uppercase());
        let is_own =
            |signal: &&Signal| self.config.signal(**signal).variable(setting) == Some(own(signal).as_str());
        // Profiles have no variables of their own in the specification, and share the generic one with the rest.
        let all = Signal::ALL.iter().all(|signal| *signal == Signal::Profiles || signals.contains(signal));
        let mut names: Vec<String> =
            signals.iter().filter(|signal| !all || is_own(signal)).map(own).collect();
        if all && signals.iter().any(|signal| !is_own(&signal)) {
            names.insert(0, format!("{PREFIX}{setting}"));
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(endpoint: Option<&str>, vars: &[(&str, &str)]) -> Settings {
        let lookup =
            |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Settings::from_vars(endpoint, None, lookup).unwrap()
    }

    #[test]
    fn origins_are_variables_flags_or_defaults() {
        let vars = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://generic"),
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://logs/x"),
        ];
        let found = settings(None, &vars);
        assert_eq!(found.origin(Signal::Traces, "ENDPOINT"), "OTEL_EXPORTER_OTLP_ENDPOINT");
        assert_eq!(found.origin(Signal::Logs, "ENDPOINT"), "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT");
        assert_eq!(found.origin(Signal::Logs, "PROTOCOL"), "default");
        let found = settings(Some("http://flag:1"), &vars);
        assert_eq!(found.origin(Signal::Logs, "ENDPOINT"), "--endpoint");
        assert_eq!(found.config().signal(Signal::Logs).endpoint(), "http://flag:1/v1/logs");
    }

    #[test]
    fn a_fix_names_the_variable_that_decides() {
        let vars = [("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://logs/x")];
        let found = settings(None, &vars);
        let generic = "OTEL_EXPORTER_OTLP_ENDPOINT";
        let own = "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT";
        assert_eq!(found.variable(&Signal::ALL, "ENDPOINT"), [generic, own]);
        assert_eq!(found.variable(&[Signal::Logs], "ENDPOINT"), [own]);
        assert_eq!(settings(None, &[]).variable(&Signal::ALL, "ENDPOINT"), [generic]);
    }
}
