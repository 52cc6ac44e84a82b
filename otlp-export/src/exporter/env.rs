//! An exporter as the environment describes it.

use std::{env, time::Duration};

use otlp_core::Signal;

use super::{BatchOptions, Destination, Exporter, ExporterBuilder, ExporterError};
use crate::{Config, Warning};

impl Exporter {
    /// Starts an exporter with the endpoint that the `OTEL_EXPORTER_OTLP_*` variables name ([`Config`]), named `otlp`. Batches of
    /// traces and logs follow `OTEL_BSP_SCHEDULE_DELAY`, `OTEL_BSP_MAX_EXPORT_BATCH_SIZE` and their siblings with `BLRP`; the larger
    /// of the two `MAX_QUEUE_SIZE` is the bound of each signal's queue.
    ///
    /// A value that cannot be used is a warning, and the default is used.
    ///
    /// # Errors
    /// If a certificate file, a header or a feature that the variables name cannot be used, or there is no thread to be had.
    pub fn from_env() -> Result<(Self, Vec<Warning>), ExporterError> {
        let config = Config::from_env();
        let (builder, warnings) = builder(&config, |name| env::var(name).ok());
        Ok((builder.start()?, warnings))
    }
}

fn builder(config: &Config, lookup: impl Fn(&str) -> Option<String>) -> (ExporterBuilder, Vec<Warning>) {
    let mut variables = Processors { lookup, warnings: config.warnings().to_vec() };
    let mut builder = Exporter::builder().destination(Destination::from_config("otlp", config));
    let mut queue = None;
    for (signal, prefix) in [(Signal::Traces, "OTEL_BSP"), (Signal::Logs, "OTEL_BLRP")] {
        let mut options = BatchOptions::sdk(signal);
        if let Some(delay) = variables.number(prefix, "SCHEDULE_DELAY", options.delay.as_millis() as u64, 0) {
            options.delay = Duration::from_millis(delay);
        }
        if let Some(items) = variables.number(prefix, "MAX_EXPORT_BATCH_SIZE", options.items as u64, 1) {
            options.items = usize::try_from(items).unwrap_or(usize::MAX);
        }
        builder = builder.batch_of(signal, options);
        queue = queue.max(variables.number(prefix, "MAX_QUEUE_SIZE", 2048, 1));
    }
    if let Some(items) = queue {
        builder = builder.queue_items(usize::try_from(items).unwrap_or(usize::MAX));
    }
    (builder, variables.warnings)
}

/// The variables of the specification's batch processors.
struct Processors<F> {
    lookup: F,
    warnings: Vec<Warning>,
}

impl<F: Fn(&str) -> Option<String>> Processors<F> {
    /// A set value that is a whole number and not below `least`. Empty counts as not set.
    fn number(&mut self, prefix: &str, suffix: &str, default: u64, least: u64) -> Option<u64> {
        let name = format!("{prefix}_{suffix}");
        let text = (self.lookup)(&name).filter(|text| !text.trim().is_empty())?;
        match text.trim().parse::<u64>() {
            Ok(value) if value >= least => Some(value),
            _ => {
                let problem = format!("not a whole number of at least {least}");
                self.warnings.push(Warning::new(name, problem, default.to_string()));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(vars: &[(&str, &str)]) -> (ExporterBuilder, Vec<String>) {
        let lookup =
            |name: &str| vars.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        let (builder, warnings) = builder(&Config::from_vars(lookup), lookup);
        (builder, warnings.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn batch_processor_variables_are_read() {
        let (builder, warnings) = resolved(&[
            ("OTEL_BSP_SCHEDULE_DELAY", "250"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "64"),
            ("OTEL_BLRP_MAX_QUEUE_SIZE", "9000"),
        ]);
        assert_eq!(warnings, [""; 0]);
        let text = format!("{builder:?}");
        assert!(
            text.contains("items: 64") && text.contains("250ms") && text.contains("Some(9000)"),
            "{text}"
        );
    }

    #[test]
    fn wrong_values_are_warnings() {
        let (_, warnings) = resolved(&[
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
            ("OTEL_BLRP_SCHEDULE_DELAY", "soon"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "never"),
            ("OTEL_BSP_SCHEDULE_DELAY", ""),
        ]);
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        assert!(warnings.contains(
            &"OTEL_BSP_MAX_QUEUE_SIZE: not a whole number of at least 1; used instead: 2048".to_owned()
        ));
    }
}
