//! The account at the end, in items: received + recovered = forwarded + rejected + dropped + pending.

use std::fmt::Write as _;

use otlp::{Account, Report, Signal};

use crate::quantity;

/// A line for each destination and signal that saw anything.
pub(super) fn table(report: &Report) -> String {
    let mut text = String::new();
    for destination in report.destinations() {
        for signal in Signal::ALL {
            let account = destination.signal(signal);
            if account != Account::default() {
                line(&mut text, destination.name(), signal, &account);
            }
        }
    }
    if text.is_empty() {
        text.push_str("received nothing\n");
    }
    text
}

fn line(text: &mut String, name: &str, signal: Signal, account: &Account) {
    let [received, forwarded, rejected, dropped, pending] =
        [account.submitted, account.accepted, account.rejected, account.dropped_total(), account.pending]
            .map(quantity::count);
    let recovered = match account.recovered {
        0 => String::new(),
        items => format!(" + recovered {}", quantity::count(items)),
    };
    let reasons: Vec<String> =
        account.drops().map(|(reason, items)| format!("{reason} {}", quantity::count(items))).collect();
    let reasons = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
    let torn = match account.torn {
        0 => String::new(),
        items => format!("; torn tail {}", quantity::count(items)),
    };
    let _ = writeln!(
        text,
        "{signal} to {name}: received {received}{recovered} = forwarded {forwarded} + rejected {rejected} + dropped {dropped}{reasons} + pending {pending}{torn}"
    );
}
