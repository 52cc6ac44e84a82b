//! Annotations of GitHub Actions: one workflow command a finding.

use std::io::{self, Write};

use otlp::check::{Finding, Level, Report};

/// Writes an annotation for each finding, at the line of the file where it comes first.
pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    report.findings.iter().try_for_each(|finding| writeln!(out, "{}", annotation(finding)))
}

fn annotation(finding: &Finding) -> String {
    let command = match finding.level() {
        Level::Violation => "error",
        Level::Improvement => "warning",
        Level::Information => "notice",
    };
    let fix = finding.suggestion.as_ref().map(|fix| format!(" Fix: {fix}.")).unwrap_or_default();
    let times = if finding.count == 1 { String::new() } else { format!(" {} times.", finding.count) };
    let message = format!("{}{fix} In {}.{times}", finding.message, finding.place);
    format!(
        "::{command} file={},line={},title={}::{}",
        property(&finding.first.input),
        finding.first.message,
        property(finding.id.as_str()),
        data(&message),
    )
}

/// Text of a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_a_command() {
        assert_eq!(data("a%b\r\nc::d"), "a%25b%0D%0Ac::d");
        assert_eq!(property("C:\\a,b\n"), "C%3A\\a%2Cb%0A");
    }
}
