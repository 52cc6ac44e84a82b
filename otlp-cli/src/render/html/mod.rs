//! One self-contained page: no request leaves it, its policy allows only its own script and style.

mod chart;
mod data;
mod escape;
mod flame;

use std::fmt::Write as _;

use super::number::{count, plural, time_of_day};
use crate::view::log::{Gravity, Log};
use crate::view::metric::Metric;
use crate::view::profile::Profile;
use crate::view::trace::Trace;
use escape::escape;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// SHA-256 of [`STYLE`] and [`SCRIPT`] in Base64, for the policy. A test says the right ones after a change.
const STYLE_HASH: &str = "mtiF/D7f0PiYJvy/TBQyLV/wMlT8RkE5DcPx+S1l1QY=";
const SCRIPT_HASH: &str = "oh7V0N6dqlFEGOOvO3y6SXnrWcOrShu5oHC4GpwgwOA=";

/// Metrics and profiles in a page.
const METRICS: usize = 200;
const PROFILES: usize = 20;

/// What a page shows.
#[derive(Debug, Default)]
pub(crate) struct Page<'a> {
    /// Where the data comes from.
    pub(crate) title: &'a str,
    /// Facts for the line under the title.
    pub(crate) facts: &'a [String],
    pub(crate) traces: &'a [Trace],
    pub(crate) metrics: &'a [Metric],
    pub(crate) logs: &'a [Log],
    pub(crate) profiles: &'a [Profile],
    /// What was left out, in words; empty if nothing.
    pub(crate) left_out: &'a [String],
}

/// The page.
pub(crate) fn page(page: &Page<'_>) -> String {
    let mut out = String::with_capacity(64 << 10);
    let title = escape(page.title);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; \
         script-src 'sha256-{SCRIPT_HASH}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    );
    let facts: Vec<String> = page.facts.iter().map(|fact| escape(fact)).collect();
    let _ = write!(out, "<header><h1>{title}</h1><p class=\"dim\">{}</p><nav>", facts.join(" · "));
    let sections = [
        ("traces", page.traces.len()),
        ("metrics", page.metrics.len()),
        ("logs", page.logs.len()),
        ("profiles", page.profiles.len()),
    ];
    for (name, number) in sections.iter().filter(|(_, number)| *number > 0) {
        let _ = write!(out, "<a href=\"#{name}\">{name} <b>{}</b></a>", count(*number as u64));
    }
    out.push_str("</nav></header>\n<main>\n");
    for note in page.left_out {
        let _ = write!(out, "<p class=\"note\">{}</p>", escape(note));
    }
    if !page.traces.is_empty() {
        out.push_str(TRACES);
    }
    if !page.metrics.is_empty() {
        let _ = writeln!(
            out,
            "<section id=\"metrics\"><h2>Metrics</h2>{}</section>",
            chart::metrics(page.metrics, METRICS)
        );
    }
    if !page.logs.is_empty() {
        out.push_str("<section id=\"logs\"><h2>Logs</h2><input id=\"log-search\" type=\"search\" placeholder=\"search logs\">");
        logs(page.logs, &mut out);
        out.push_str("</section>\n");
    }
    if !page.profiles.is_empty() {
        let _ = writeln!(
            out,
            "<section id=\"profiles\"><h2>Profiles</h2>{}</section>",
            flame::profiles(page.profiles, PROFILES)
        );
    }
    let _ = write!(
        out,
        "</main>\n<script type=\"application/json\" id=\"data\">{}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        data::traces(page.traces)
    );
    out
}

/// What the script fills.
const TRACES: &str = "<section id=\"traces\"><h2>Traces</h2>\
<noscript><p class=\"note\">The waterfall is drawn by this page's script, which is switched off.</p></noscript>\
<div class=\"tools\"><select id=\"trace\" aria-label=\"trace\"></select>\
<input id=\"search\" type=\"search\" placeholder=\"search spans\"><button id=\"next-error\">next error</button>\
<button id=\"expand\">expand all</button><button id=\"collapse\">collapse all</button><span id=\"found\" class=\"dim\"></span></div>\
<div id=\"legend\"></div><div id=\"axis\"></div><div id=\"rows\" tabindex=\"0\"><div id=\"space\"></div></div><aside id=\"details\"></aside></section>\n";

fn logs(logs: &[Log], out: &mut String) {
    let _ = write!(
        out,
        "<p class=\"dim\">{}</p><div class=\"logs\"><table><tbody id=\"log-rows\">",
        plural(logs.len(), "record")
    );
    for log in logs {
        let class = match log.gravity() {
            Gravity::Fatal | Gravity::Error => "bad",
            Gravity::Warn => "warn",
            Gravity::Info => "good",
            _ => "dim",
        };
        let mut attributes = String::new();
        for (key, value) in &log.attributes {
            let _ = write!(attributes, " <i>{}</i>={}", escape(key), escape(value));
        }
        let trace = match log.trace.is_empty() {
            true => String::new(),
            false => format!(
                "<a href=\"#traces\" data-trace=\"{}\" data-span=\"{}\">{}</a>",
                escape(&log.trace),
                escape(&log.span),
                escape(log.trace.get(..8).unwrap_or(&log.trace))
            ),
        };
        let _ = writeln!(
            out,
            "<tr><td class=\"dim\">{}</td><td class=\"{class}\">{}</td><td>{}</td><td>{}<span class=\"dim\">{attributes}</span></td><td>{trace}</td></tr>",
            time_of_day(log.time),
            escape(&log.severity_name()),
            escape(&log.service),
            escape(&log.body),
        );
    }
    out.push_str("</tbody></table></div>");
}

#[cfg(test)]
mod tests;
