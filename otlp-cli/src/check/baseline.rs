//! Findings that are known and for later, so that a check can be adopted where much is found today.

use std::{collections::HashSet, fs, path::Path};

use anyhow::Context as _;
use otlp::check::{Finding, Report};
use serde_json::{Value, json};

use crate::exit::Failure;

/// What tells one finding from another over the years: not how often it comes, nor the names of spans, which come and go.
type Key = [String; 6];

/// Known findings.
#[derive(Debug)]
pub(super) struct Baseline {
    known: HashSet<Key>,
}

const FIELDS: [&str; 6] = ["id", "signal", "key", "service", "scope", "item"];

fn key(finding: &Finding) -> Key {
    let place = &finding.place;
    [
        finding.id.to_string(),
        finding.signal.to_string(),
        finding.key.clone(),
        place.service.to_string(),
        place.scope.to_string(),
        place.item.as_str().to_owned(),
    ]
}

/// Writes all findings of a report: sorted, one a line, so that changes read well. Gives their number.
pub(super) fn write(path: &Path, report: &Report) -> anyhow::Result<usize> {
    let mut keys: Vec<Key> = report.findings.iter().map(key).collect();
    keys.sort();
    keys.dedup();
    let lines: Vec<String> = keys
        .iter()
        .map(|key| {
            Value::Object(
                FIELDS
                    .iter()
                    .map(|name| (*name).to_owned())
                    .zip(key.iter().map(|text| text.as_str().into()))
                    .collect(),
            )
            .to_string()
        })
        .collect();
    let text = format!("{{\"version\":1,\"findings\":[\n{}\n]}}\n", lines.join(",\n"));
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(keys.len())
}

impl Baseline {
    /// Reads a file that [`write`] wrote.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).map_err(|error| {
            let failure = Failure::usage(format!("cannot read {}", path.display()))
                .hint("write it with --write-baseline");
            anyhow::Error::from(error).context(failure)
        })?;
        let wrong = |what: &str| Failure::usage(format!("{} is no baseline: {what}", path.display()));
        let value: Value = serde_json::from_str(&text).map_err(|error| wrong(&error.to_string()))?;
        if value["version"] != json!(1) {
            return Err(wrong("its version is not 1").into());
        }
        let findings = value["findings"].as_array().ok_or_else(|| wrong("it has no list of findings"))?;
        let known = findings
            .iter()
            .map(|finding| FIELDS.map(|field| finding[field].as_str().unwrap_or_default().to_owned()))
            .collect();
        Ok(Self { known })
    }

    /// Takes what is known out of a report; gives how many known findings did not come up.
    pub(super) fn leave_out(&self, report: &mut Report) -> usize {
        let mut met = HashSet::new();
        report.findings.retain(|finding| {
            let key = key(finding);
            let is_known = self.known.contains(&key);
            if is_known {
                met.insert(key);
            }
            !is_known
        });
        self.known.len() - met.len()
    }
}
