//! Log records in the terminal, one line each.

use anstyle::Style;

use super::clean::clean;
use super::number::time_of_day;
use super::style::{BAD, DIM, GOOD, WARN, paint, service};
use super::text::{cut, left, width};
use crate::view::log::{Gravity, Log};

/// Records in `columns`. Services take the colours they have in `services`, if they stand there.
pub(crate) fn logs(logs: &[Log], services: &[String], columns: usize) -> String {
    // Where all belong to one trace, its id says nothing.
    let one_trace = logs.iter().all(|log| log.trace == logs[0].trace);
    let names = logs.iter().map(|log| width(&clean(&log.service))).max().unwrap_or(0).min(16);
    logs.iter().map(|log| line(log, services, names, !one_trace, columns)).collect()
}

fn line(log: &Log, services: &[String], names: usize, with_trace: bool, columns: usize) -> String {
    let colour = services.iter().position(|name| *name == log.service).map_or(DIM, service);
    let severity = left(&clean(&log.severity_name()), 6);
    let head = 12 + 1 + 6 + 1 + names + 1;
    let room = columns.saturating_sub(head);
    let body = cut(&clean(&log.body), room);
    let mut rest = String::new();
    for (key, value) in &log.attributes {
        rest += &format!("  {}={}", clean(key), clean(value));
    }
    if with_trace && !log.trace.is_empty() {
        let short = log.trace.get(..8).unwrap_or(&log.trace);
        rest += &format!("  trace={short}");
    }
    let rest = cut(&rest, room.saturating_sub(width(&body)));
    format!(
        "{} {} {} {}{}\n",
        paint(DIM, time_of_day(log.time)),
        paint(style(log.gravity()), severity),
        paint(colour, left(&clean(&log.service), names)),
        body,
        if rest.trim().is_empty() { String::new() } else { paint(DIM, rest) },
    )
}

/// The colour of a severity.
const fn style(gravity: Gravity) -> Style {
    match gravity {
        Gravity::Fatal | Gravity::Error => BAD,
        Gravity::Warn => WARN,
        Gravity::Info => GOOD,
        Gravity::Debug | Gravity::Trace | Gravity::Unknown => DIM,
    }
}
