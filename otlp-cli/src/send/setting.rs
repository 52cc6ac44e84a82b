//! Where and how to send: flags before `OTLP_*` before `OTEL_EXPORTER_OTLP_*`.
//!
//! Flags and `OTLP_*` are put in the place of the specification's variables, so that one reader weighs them all by its rules. A
//! wrong flag is an error, a wrong variable a warning.

use std::env;

use otlp::{Client, Config, Protocol, Signal, Tracezip};

use super::SendArgs;
use crate::{
    arg::{self, Compression},
    exit::Failure,
};

/// The clients of all signals, each by its own settings.
pub(super) struct Settings {
    /// A setting that is wrong for one signal harms only who sends that.
    clients: [Result<Client, String>; 4],
    endpoints: [String; 4],
    tracezip: [bool; 4],
    warnings: Vec<String>,
}

const PREFIX: &str = "OTEL_EXPORTER_OTLP_";

impl Settings {
    /// Reads flags and environment; connects to nothing.
    pub(super) fn new(args: &SendArgs) -> Result<Self, Failure> {
        Self::from_vars(args, |name| env::var(name).ok())
    }

    fn from_vars(args: &SendArgs, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let endpoint = args.endpoint.as_deref().filter(|endpoint| !endpoint.is_empty());
        if endpoint.is_some_and(|endpoint| !arg::is_endpoint(endpoint)) {
            let hint = "write http://HOST:PORT, https://HOST:PORT or unix:/PATH";
            return Err(
                Failure::usage("the endpoint does not start with http://, https:// or unix:/").hint(hint)
            );
        }
        let flags = Flags {
            endpoint,
            protocol: args.protocol,
            compression: args.compression.map(Compression::as_str),
            headers: lookup("OTLP_HEADERS").filter(|list| !list.is_empty()),
        };
        let config = Config::from_vars(|name| flags.instead_of(name).unwrap_or_else(|| lookup(name)));
        let mut warnings = Vec::new();
        for warning in config.warnings() {
            match split(warning.variable()) {
                Some((_, "ENDPOINT")) if endpoint.is_some() => {
                    return Err(Failure::usage(format!(
                        "the endpoint cannot be used: {}",
                        warning.problem()
                    )));
                }
                Some((_, "COMPRESSION")) if flags.compression.is_some() => {
                    return Err(Failure::usage(format!("--compression: {}", warning.problem())));
                }
                Some((_, "HEADERS")) if flags.headers.is_some() => {
                    let used = match warning.used() {
                        "" => String::new(),
                        used => format!("; used: {used}"),
                    };
                    warnings.push(format!("OTLP_HEADERS: {}{used}", warning.problem()));
                }
                _ => warnings.push(warning.to_string()),
            }
        }
        let headers = args.headers.iter().map(|header| header.split()).collect::<Result<Vec<_>, _>>()?;
        let clients = Signal::ALL.map(|signal| {
            let mut client = config.client(signal);
            if let Some(ca) = &args.ca {
                client = client.tls(config.signal(signal).tls().ca_file(ca));
            }
            for (name, value) in &headers {
                client = client.header(name, value);
            }
            client.build().map_err(|error| error.to_string())
        });
        for warning in clients.iter().flatten().flat_map(Client::warnings) {
            // What stands in a variable has been told by its name.
            if !warnings.iter().any(|other| other.contains(warning.problem())) {
                warnings.push(format!("--{warning}"));
            }
        }
        let endpoints = Signal::ALL.map(|signal| without_query(&config.signal(signal).endpoint()));
        let tracezip = Signal::ALL.map(|signal| config.signal(signal).tracezip() != Tracezip::Off);
        Ok(Self { clients, endpoints, tracezip, warnings })
    }

    /// Values of the environment that could not be used, and headers that anyone on the way can read.
    pub(super) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The client for batches of a signal.
    pub(super) fn client(&self, signal: Signal) -> Result<&Client, Failure> {
        self.clients[signal as usize].as_ref().map_err(|problem| Failure::usage(problem.as_str()))
    }

    /// Whether that client is to send tracezip.
    pub(super) const fn is_tracezip(&self, signal: Signal) -> bool {
        self.tracezip[signal as usize]
    }

    /// Where that client sends to, without the query, which may hold a key.
    pub(super) fn endpoint(&self, signal: Signal) -> &str {
        &self.endpoints[signal as usize]
    }
}

/// What stands in the place of variables.
struct Flags<'a> {
    endpoint: Option<&'a str>,
    protocol: Option<Protocol>,
    compression: Option<&'static str>,
    headers: Option<String>,
}

impl Flags<'_> {
    /// The value instead of a variable's, which may be none at all; `None` if no flag speaks of it.
    fn instead_of(&self, variable: &str) -> Option<Option<String>> {
        let (signal, suffix) = split(variable)?;
        let generic = |value: String| Some(signal.is_none().then_some(value));
        match suffix {
            "ENDPOINT" => {
                let endpoint = self.endpoint?;
                match signal {
                    // A whole URL rather than a base.
                    Some(signal) if endpoint.ends_with(signal.http_path()) => Some(Some(endpoint.to_owned())),
                    _ => generic(endpoint.to_owned()),
                }
            }
            // An endpoint that is given has a scheme.
            "INSECURE" => self.endpoint.map(|_| None),
            "PROTOCOL" => generic(self.protocol?.to_string()),
            "COMPRESSION" => generic(self.compression?.to_owned()),
            "HEADERS" => generic(self.headers.clone()?),
            _ => None,
        }
    }
}

/// The signal and the suffix that a variable names.
fn split(variable: &str) -> Option<(Option<Signal>, &str)> {
    let rest = variable.strip_prefix(PREFIX)?;
    for signal in Signal::ALL {
        let (name, suffix) = rest.split_once('_').unwrap_or(("", rest));
        if name.eq_ignore_ascii_case(signal.as_str()) {
            return Some((Some(signal), suffix));
        }
    }
    Some((None, rest))
}

fn without_query(url: &str) -> String {
    url.split('?').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        send: SendArgs,
    }

    fn settings(flags: &[&str], vars: &[(&str, &str)]) -> Result<Settings, Failure> {
        let args = Command::parse_from([&["send", "x.pb"], flags].concat()).send;
        Settings::from_vars(&args, |name| {
            vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_protocol_decides_the_default_endpoint() {
        let endpoint = |flags: &[&str], vars: &[(&str, &str)]| {
            settings(flags, vars).unwrap().endpoint(Signal::Traces).to_owned()
        };
        assert_eq!(endpoint(&[], &[]), "http://localhost:4318/v1/traces");
        assert_eq!(endpoint(&["--protocol", "grpc"], &[]), "http://localhost:4317");
        assert_eq!(endpoint(&[], &[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]), "http://localhost:4317");
    }

    #[test]
    fn a_flag_wins_over_every_variable() {
        let vars = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://generic"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces/x"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
        ];
        let flags = ["--endpoint", "http://flag:1", "--protocol", "http/json"];
        assert_eq!(settings(&flags, &vars).unwrap().endpoint(Signal::Traces), "http://flag:1/v1/traces");
        assert_eq!(settings(&[], &vars[..2]).unwrap().endpoint(Signal::Traces), "http://traces/x");
        assert_eq!(settings(&[], &vars).unwrap().endpoint(Signal::Logs), "http://generic/v1/logs");
    }

    #[test]
    fn an_endpoint_with_the_signals_path_is_taken_as_it_is() {
        let settings = settings(&["--endpoint", "http://h/v1/traces"], &[]).unwrap();
        assert_eq!(settings.endpoint(Signal::Traces), "http://h/v1/traces");
        assert_eq!(settings.endpoint(Signal::Metrics), "http://h/v1/traces/v1/metrics");
    }

    #[test]
    fn wrong_flags_are_errors_and_wrong_variables_warnings() {
        for flags in [
            &["--endpoint", "localhost:4317"][..],
            &["--endpoint", "ftp://localhost"],
            &["--endpoint", "http://h:99999"],
            &["--endpoint", "http://h/path", "--protocol", "grpc"],
            &["--header", "hunter2"],
        ] {
            let error = settings(flags, &[]).err().unwrap();
            assert!(!error.to_string().contains("hunter2"));
        }
        let vars = [("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost"), ("OTLP_HEADERS", "a=1,hunter2")];
        let warnings = settings(&[], &vars).unwrap().warnings().join("\n");
        insta::assert_snapshot!(warnings, @r"
        OTEL_EXPORTER_OTLP_ENDPOINT: it needs to start with http:// or https://; used instead: http://localhost:4318
        OTLP_HEADERS: entry 2 has no `=` between name and value; used: the other entries
        ");
    }

    #[test]
    fn credentials_in_plaintext_are_warned_of_once() {
        let flags = ["--endpoint", "http://collector.example", "--header", "authorization=Bearer hunter2"];
        let warned = settings(&flags, &[]).unwrap().warnings().join("\n");
        let problem =
            "authorization goes to another host over plaintext http, where anyone on the way can read it";
        assert_eq!(warned, format!("--header: {problem}"));
        let vars = [("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hunter2")];
        let warned = settings(&flags[..2], &vars).unwrap().warnings().join("\n");
        assert_eq!(warned, format!("OTEL_EXPORTER_OTLP_HEADERS: {problem}"));
        let local = ["--endpoint", "unix:/run/otlp.sock", "--header", "authorization=Bearer hunter2"];
        assert_eq!(settings(&local, &[]).unwrap().warnings(), [""; 0]);
    }

    #[test]
    fn a_file_that_is_missing_harms_the_signal_that_needs_it() {
        let vars = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://h"),
            ("OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", "/nonexistent/ca.pem"),
        ];
        let settings = settings(&[], &vars).unwrap();
        assert!(settings.client(Signal::Traces).is_ok());
        assert!(settings.client(Signal::Logs).unwrap_err().to_string().contains("/nonexistent/ca.pem"));
    }
}
