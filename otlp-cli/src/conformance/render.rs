//! Findings for people and for programs.

use otlp::conformance::{Finding, Judgement, Level};
use serde_json::json;

use crate::{
    quantity,
    render::{
        style::{BAD, DIM, GOOD, TITLE, WARN, paint},
        text::{cut, left, width},
    },
    terminal::printable,
};

/// One JSON object and a line's end.
pub(super) fn json(finding: &Finding) -> String {
    let object = json!({
        "rule": finding.rule.id,
        "level": finding.level.to_string(),
        "verdict": finding.judgement.to_string(),
        "evidence": finding.evidence,
        "spec": finding.rule.url(),
    });
    format!("{object}\n")
}

/// Columns before the text: verdict, rule, level.
const INDENT: usize = 18;

/// The rule in a line, the evidence below, wrapped.
pub(super) fn text(finding: &Finding, columns: usize) -> String {
    let broken = finding.judgement == Judgement::Fail;
    let (mark, style) = match (finding.judgement, finding.level) {
        (Judgement::Pass, _) => ("pass", GOOD),
        (Judgement::Fail, Level::Must) => ("FAIL", BAD),
        (Judgement::Fail, _) => ("fail", WARN),
        (Judgement::NotObservable, _) => ("  - ", DIM),
    };
    let rule = paint(TITLE, left(finding.rule.id, 4));
    let level = left(&finding.level.to_string(), 7);
    let room = columns.saturating_sub(INDENT).max(40);
    let mut out = String::new();
    for (line, words) in wrap(finding.rule.text, room).into_iter().enumerate() {
        if line == 0 {
            out += &format!("{}  {rule} {level}{words}\n", paint(style, mark));
        } else {
            out += &format!("{:INDENT$}{words}\n", "");
        }
    }
    let evidence = printable(&finding.evidence);
    let lines = match finding.judgement {
        // What is well needs no more than a line; --json has the rest.
        Judgement::Pass => vec![cut(&evidence, room)],
        Judgement::Fail | Judgement::NotObservable => wrap(&evidence, room),
    };
    for words in lines {
        out += &format!("{:INDENT$}{}\n", "", paint(if broken { style } else { DIM }, words));
    }
    if broken {
        out += &format!("{:INDENT$}{}\n", "", paint(DIM, finding.rule.url()));
    }
    out
}

/// How many of each.
pub(super) fn summary(findings: &[Finding]) -> String {
    let count = |judgement: Judgement| {
        findings.iter().filter(|finding| finding.judgement == judgement).count() as u64
    };
    let must = findings
        .iter()
        .filter(|finding| finding.judgement == Judgement::Fail && finding.level == Level::Must)
        .count() as u64;
    let failed = count(Judgement::Fail);
    let style = match (failed, must) {
        (0, _) => GOOD,
        (_, 0) => WARN,
        _ => BAD,
    };
    let failed = match must {
        0 => format!("{} failed", quantity::count(failed)),
        must => format!("{} failed, {} of them a MUST", quantity::count(failed), quantity::count(must)),
    };
    format!(
        "\n{}, {}, {}\n",
        paint(GOOD, format!("{} passed", quantity::count(count(Judgement::Pass)))),
        paint(style, failed),
        paint(DIM, format!("{} not observable", quantity::count(count(Judgement::NotObservable)))),
    )
}

/// Words in lines of at most so many columns; a longer word has a line of its own.
fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line =
            lines.last_mut().filter(|line| line.is_empty() || width(line) + 1 + width(word) <= columns);
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_hold_their_width() {
        assert_eq!(wrap("a bb ccc dddddddd e", 6), ["a bb", "ccc", "dddddddd", "e"]);
        assert_eq!(wrap("", 6), [""]);
    }
}
