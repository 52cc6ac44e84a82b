//! Profiles in the terminal: the functions that took most.

use super::bar::bar;
use super::clean::clean;
use super::number::{bytes, count, duration, more, plural, three_digits, time_of_day};
use super::style::{CHART, DIM, TITLE, paint};
use super::text::{cut, left, right, width};
use crate::view::profile::Profile;

/// Columns of the bars.
const BARS: usize = 20;

/// One profile in `columns`, with its first `rows` functions.
pub(crate) fn profile(profile: &Profile, columns: usize, rows: usize) -> String {
    let mut facts = vec![amount(profile.total, &profile.unit), plural(profile.samples, "sample")];
    if profile.duration > 0 {
        facts.push(format!("over {}", duration(profile.duration)));
    }
    if profile.time > 0 {
        facts.push(format!("from {}", time_of_day(profile.time)));
    }
    if profile.spans > 0 {
        facts.push(format!("linked to {}", plural(profile.spans, "span")));
    }
    let kind = if profile.kind.is_empty() { "values" } else { &profile.kind };
    let title = cut(&format!("{} {}", clean(&profile.service), clean(kind)), columns / 2);
    let facts = cut(&facts.join(" · "), columns.saturating_sub(width(&title) + 2));
    let mut out = format!("{}  {}\n", paint(TITLE, title), paint(DIM, facts));
    let name_columns = profile
        .functions
        .iter()
        .take(rows)
        .map(|function| width(&clean(&function.name)))
        .max()
        .unwrap_or(0)
        .clamp(8, columns.saturating_sub(BARS + 24).max(8));
    for function in profile.functions.iter().take(rows) {
        let share = function.own as f64 / profile.total as f64;
        let callers = callers(profile, &function.name);
        let callers = cut(&clean(&callers), columns.saturating_sub(BARS + name_columns + 12));
        out += &format!(
            "  {} {} {}  {}\n",
            right(&percent(function.own, profile.total), 6),
            paint(CHART, left(&bar(share, BARS), BARS)),
            left(&clean(&function.name), name_columns),
            paint(DIM, callers),
        );
    }
    if profile.functions.len() > rows {
        out += &format!("  {}\n", paint(DIM, more(profile.functions.len() - rows, "function")));
    }
    out
}

/// Who calls a function on the stack that took most, the nearest caller first.
fn callers(profile: &Profile, function: &str) -> String {
    let stack = profile.stacks.iter().find(|(stack, _)| stack.last().is_some_and(|leaf| **leaf == *function));
    let callers = stack.map_or(&[][..], |(stack, _)| &stack[..stack.len() - 1]);
    callers.iter().rev().take(4).map(|name| format!("← {name} ")).collect::<String>().trim_end().to_owned()
}

fn percent(part: i64, whole: i64) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.0} %", part as f64 / whole as f64 * 100.0) }
}

/// A value in its unit.
pub(crate) fn amount(value: i64, unit: &str) -> String {
    let size = value.unsigned_abs();
    let sign = if value < 0 { "-" } else { "" };
    match unit {
        "nanoseconds" => format!("{sign}{}", duration(size)),
        "bytes" => format!("{sign}{}", bytes(size)),
        "" | "count" => format!("{sign}{}", count(size)),
        other => format!("{} {}", three_digits(value as f64), clean(other)),
    }
}
