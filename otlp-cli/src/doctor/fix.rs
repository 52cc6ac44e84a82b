//! Lines to paste into a shell.

use std::env;

use otlp::{
    Protocol, Signal,
    doctor::{Finding, Health, Remedy},
};

use super::setting::{PREFIX, Settings};

/// What to paste, each line once; what only a person can do stands as a comment.
pub(super) fn lines(settings: &Settings, findings: &[Finding]) -> Vec<String> {
    let mut lines = Vec::new();
    for warning in settings.config().warnings() {
        push(&mut lines, repaired(warning.variable()));
    }
    let mut told: Vec<(Remedy, Vec<Signal>)> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.health == Health::Bad) {
        let Some(remedy) = &finding.remedy else { continue };
        match told.iter_mut().find(|(other, _)| other == remedy) {
            Some((_, signals)) => {
                signals.extend(&finding.signals);
                signals.sort_unstable_by_key(|signal| *signal as usize);
                signals.dedup();
            }
            None => told.push((remedy.clone(), finding.signals.clone())),
        }
    }
    for (remedy, signals) in &told {
        for line in remedied(settings, remedy, signals) {
            push(&mut lines, line);
        }
    }
    lines
}

fn push(lines: &mut Vec<String>, line: String) {
    if !lines.contains(&line) {
        lines.push(line);
    }
}

/// A variable that cannot be used: with a scheme if that was missing, else gone.
fn repaired(variable: &str) -> String {
    let value = env::var(variable).unwrap_or_default();
    let value = value.trim();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-:/[]_".contains(letter);
    // Nothing is shown that may hold a password or a key.
    if variable.ends_with("ENDPOINT")
        && !value.is_empty()
        && !value.contains("://")
        && value.chars().all(plain)
    {
        return format!("export {variable}=http://{value}");
    }
    format!("unset {variable}")
}

fn remedied(settings: &Settings, remedy: &Remedy, signals: &[Signal]) -> Vec<String> {
    let exports = |setting: &str, value: &dyn Fn(&str) -> String| {
        settings
            .variable(signals, setting)
            .into_iter()
            .map(|name| format!("export {name}={}", quoted(&value(&name))))
            .collect::<Vec<_>>()
    };
    match remedy {
        Remedy::Endpoint { origin, protocol } => {
            let mut lines = exports("ENDPOINT", &|name| url(name, origin, *protocol));
            if signals.iter().any(|signal| settings.config().signal(*signal).protocol() != *protocol) {
                lines.extend(exports("PROTOCOL", &|_| protocol.to_string()));
            }
            lines
        }
        Remedy::SignalUrl(url) => signals
            .iter()
            .map(|signal| {
                let name = signal.as_str().to_ascii_uppercase();
                format!(
                    "export {PREFIX}{name}_ENDPOINT={}",
                    quoted(url.split('?').next().unwrap_or_default())
                )
            })
            .collect(),
        Remedy::Server => vec![started(settings, signals)],
        Remedy::Credentials => exports("HEADERS", &|_| "authorization=Bearer%20TOKEN".to_owned()),
        Remedy::Authority => exports("CERTIFICATE", &|_| "/path/to/ca.pem".to_owned()),
        Remedy::Identity => {
            let mut lines = exports("CLIENT_CERTIFICATE", &|_| "/path/to/client.pem".to_owned());
            lines.extend(exports("CLIENT_KEY", &|_| "/path/to/client-key.pem".to_owned()));
            lines
        }
        Remedy::Name(names) => match names.iter().find(|name| !name.contains('*')) {
            Some(name) => exports("ENDPOINT", &|variable| {
                let signal = signals.first().copied().unwrap_or(Signal::Traces);
                let current = settings.config().signal(signal);
                let endpoint = current.endpoint();
                let port = port(&endpoint);
                let host = if name.contains(':') { format!("[{name}]") } else { name.clone() };
                url(variable, &format!("https://{host}{port}"), current.protocol())
            }),
            None => Vec::new(),
        },
        Remedy::Clock => vec!["sudo timedatectl set-ntp true".to_owned()],
        _ => Vec::new(),
    }
}

/// A base for the generic variable; for a signal's own one the whole URL, since nothing is appended to it.
fn url(variable: &str, origin: &str, protocol: Protocol) -> String {
    let own = Signal::ALL
        .into_iter()
        .find(|signal| variable == format!("{PREFIX}{}_ENDPOINT", signal.as_str().to_ascii_uppercase()));
    match own {
        Some(signal) if protocol != Protocol::Grpc => format!("{origin}{}", signal.http_path()),
        _ => origin.to_owned(),
    }
}

/// A server where nobody listens.
fn started(settings: &Settings, signals: &[Signal]) -> String {
    let signal = signals.first().copied().unwrap_or(Signal::Traces);
    let current = settings.config().signal(signal);
    let endpoint = current.endpoint();
    let authority = authority(&endpoint);
    let local = ["localhost", "127.0.0.1", "[::1]"].iter().any(|host| {
        authority.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    });
    match (local && !port(&endpoint).is_empty(), current.protocol()) {
        (true, Protocol::Grpc) => format!("otlp receive --grpc {authority} --http 127.0.0.1:0 &"),
        (true, _) => format!("otlp receive --http {authority} --grpc 127.0.0.1:0 &"),
        (false, Protocol::Grpc) => {
            format!("export {PREFIX}ENDPOINT=http://HOST:4317  # nobody listens at {authority}")
        }
        (false, _) => format!("export {PREFIX}ENDPOINT=http://HOST:4318  # nobody listens at {authority}"),
    }
}

fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default()
}

/// `:4317`, or nothing.
fn port(url: &str) -> &str {
    let authority = authority(url);
    let after_host = authority.rfind(']').unwrap_or(0);
    authority[after_host..].find(':').map_or("", |at| &authority[after_host + at..])
}

/// As a shell takes it.
fn quoted(value: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-:/%=[]@,".contains(letter);
    if value.chars().all(plain) { value.to_owned() } else { format!("'{}'", value.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_quotes() {
        assert_eq!((port("http://h:1/x"), port("http://[::1]:2"), port("https://[::1]/")), (":1", ":2", ""));
        assert_eq!(port("http://h/a:b"), "");
        assert_eq!(quoted("http://h:1/x"), "http://h:1/x");
        assert_eq!(quoted("a'; rm -rf $HOME"), "'a'\\''; rm -rf $HOME'");
    }
}
