//! An empty request's answer, and what else is spoken nearby when it is not the right one.

use std::time::Duration;

use bytes::Bytes;
use otlp_core::{Batch, Limits, Signal};

use super::finding::{Health, Remedy};
use crate::{
    Client, Config, Failure, FailureKind, Outcome, Protocol, TlsOptions, client::ClientBuilder,
    endpoint::Endpoint,
};

const GRPC_PORT: u16 = 4317;
const HTTP_PORT: u16 = 4318;

/// How an empty request went.
pub(super) struct Tried {
    pub(super) health: Health,
    pub(super) text: String,
    pub(super) remedy: Option<Remedy>,
    /// Nobody answered at all, so that other signals need not ask there.
    pub(super) silent: bool,
}

/// Sends a request without items, as the signal's settings say.
pub(super) async fn look(config: &Config, signal: Signal, patience: Duration) -> Tried {
    let settings = config.signal(signal);
    let outcome = ask(config.client(signal), signal, patience).await;
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(problem) => return Tried::bad(problem, None),
    };
    let Some(cause) = outcome.failure() else {
        return match outcome {
            Outcome::Partial { rejected, message } if rejected > 0 || !message.is_empty() => {
                Tried::of(Health::Warning, format!("an empty request is taken with a warning: {message}"))
            }
            _ => Tried::of(Health::Good, format!("an empty {} request is taken", settings.protocol())),
        };
    };
    if is_unauthorised(cause.kind()) {
        let what = if settings.header_names().next().is_none() {
            "no credentials are sent"
        } else {
            "with the headers that are set"
        };
        return Tried::bad(format!("refused: {cause}; {what}"), Some(Remedy::Credentials));
    }
    let silent = matches!(cause.kind(), FailureKind::Unreachable | FailureKind::TimedOut);
    if outcome.is_retryable() && !silent {
        return Tried::of(Health::Warning, format!("the server asks to come again later: {cause}"));
    }
    let url = settings.endpoint();
    // Beside a Unix socket there is nowhere else to look.
    if let Ok(endpoint) = Endpoint::parse(&url)
        && endpoint.socket().is_none()
        && let Some((remedy, spoken)) =
            elsewhere(&endpoint, settings.protocol(), signal, &settings.tls(), patience, true).await
    {
        let text = format!("{} is not taken here ({cause}), but {spoken}", settings.protocol());
        return Tried { silent, ..Tried::bad(text, Some(remedy)) };
    }
    if signal == Signal::Profiles && has_no_such_signal(cause.kind()) {
        let text = format!("the server has no profiles, a signal in development: {cause}");
        return Tried::of(Health::Warning, text);
    }
    let message = cause.message().to_ascii_lowercase();
    if message.contains("certificaterequired") {
        return Tried { silent, ..Tried::bad(words(cause), Some(Remedy::Identity)) };
    }
    // With TLS 1.3 a server asks for a certificate, and ends the connection, after the handshake. Its reason is lost when the
    // request is written to what it has closed.
    let ended = ["connection closed", "connection reset", "broken pipe", "eof"];
    if url.starts_with("https:")
        && settings.client_certificate().is_none()
        && ended.iter().any(|words| message.contains(words))
    {
        let text =
            format!("{}; servers that want a client's certificate end connections like this", words(cause));
        return Tried { silent, ..Tried::bad(text, Some(Remedy::Identity)) };
    }
    Tried { silent, ..Tried::bad(words(cause), None) }
}

impl Tried {
    const fn of(health: Health, text: String) -> Self {
        Self { health, text, remedy: None, silent: false }
    }

    const fn bad(text: String, remedy: Option<Remedy>) -> Self {
        Self { health: Health::Bad, text, remedy, silent: false }
    }
}

fn words(cause: &Failure) -> String {
    format!("an empty request fails: {cause}")
}

async fn ask(client: ClientBuilder, signal: Signal, patience: Duration) -> Result<Outcome, String> {
    let client = client.timeout(patience).build().map_err(|error| error.to_string())?;
    let batch = Batch::parse(signal, Bytes::new(), &Limits::default()).map_err(|error| error.to_string())?;
    Ok(client.send(&batch).await.outcome)
}

/// A place nearby that takes the signal: another protocol, path, port or scheme, tried in this order. No headers are sent there:
/// what was meant for one place is not told to another. `here`: whether the endpoint's own port is worth trying.
pub(super) async fn elsewhere(
    endpoint: &Endpoint,
    protocol: Protocol,
    signal: Signal,
    tls: &TlsOptions,
    patience: Duration,
    here: bool,
) -> Option<(Remedy, String)> {
    let other = if protocol == Protocol::Grpc { Protocol::HttpProtobuf } else { Protocol::Grpc };
    let origin = endpoint.clone().into_origin();
    let mut places = Vec::new();
    if here {
        places.push((origin.clone(), other));
    }
    let sibling = match endpoint.port() {
        HTTP_PORT => Some(GRPC_PORT),
        GRPC_PORT => Some(HTTP_PORT),
        _ => None,
    };
    if let Some(port) = sibling {
        places.extend([(origin.with_port(port), protocol), (origin.with_port(port), other)]);
    }
    if here {
        let scheme = origin.with_tls(!endpoint.is_tls());
        places.extend([(scheme.clone(), protocol), (scheme, other)]);
        if protocol != Protocol::Grpc {
            for url in paths(endpoint, signal) {
                if answers(Client::builder().signal_endpoint(signal, &url), protocol, signal, tls, patience)
                    .await
                {
                    let shown = url.split('?').next().unwrap_or_default();
                    return Some((Remedy::SignalUrl(url.clone()), format!("it is at {shown}")));
                }
            }
        }
    }
    for (place, spoken) in places {
        let client = match spoken {
            Protocol::Grpc => Client::builder().endpoint(&place.origin()),
            _ => Client::builder().signal_endpoint(signal, &place.clone().for_signal(signal).to_url()),
        };
        if answers(client, spoken, signal, tls, patience).await {
            let text = format!("{spoken} is at {}", place.origin());
            return Some((Remedy::Endpoint { origin: place.origin(), protocol: spoken }, text));
        }
    }
    None
}

/// Whether the server takes requests of this kind, or would with credentials.
async fn answers(
    client: ClientBuilder,
    protocol: Protocol,
    signal: Signal,
    tls: &TlsOptions,
    patience: Duration,
) -> bool {
    let patience = patience.min(Duration::from_secs(2));
    match ask(client.protocol(protocol).tls(tls.clone()), signal, patience).await {
        Ok(outcome) => {
            outcome.is_delivered() || outcome.failure().is_some_and(|cause| is_unauthorised(cause.kind()))
        }
        Err(_) => false,
    }
}

/// The signal's path behind the endpoint's, or not twice.
fn paths(endpoint: &Endpoint, signal: Signal) -> Vec<String> {
    let url = endpoint.to_url();
    let path = signal.http_path();
    let mut urls = Vec::new();
    if let Some(at) = url.find(&format!("{path}{path}")) {
        let (head, tail) = url.split_at(at);
        urls.push(format!("{head}{}", &tail[path.len()..]));
    }
    if !url.contains(path) {
        urls.push(endpoint.clone().for_signal(signal).to_url());
    }
    urls
}

const fn is_unauthorised(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::HttpStatus(401 | 403) | FailureKind::GrpcStatus(7 | 16))
}

const fn has_no_such_signal(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::HttpStatus(404 | 405 | 501) | FailureKind::GrpcStatus(12))
}
