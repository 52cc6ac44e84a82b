//! Tracezip on the way out: which form of a batch each server gets, and what follows from a refusal.

#[cfg(feature = "grpc")]
mod live;
#[cfg(feature = "grpc")]
mod pool;
mod standing;

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use http::{
    HeaderValue, Response,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING},
};
use hyper::body::Incoming;
use otlp_core::{Batch, Signal};
use standing::{REFUSED, Standing};

use super::{
    Inner,
    body::Sent,
    prepare::Prepared,
    transport::{Letter, Route, Transport},
};
use crate::{Failure, FailureKind, Outcome, Protocol, Tracezip};

/// The name among content codings.
const CODING: &str = "tracezip";

/// What is known of an endpoint, and how its service is called.
pub(super) struct Knowledge {
    standing: Standing,
    #[cfg(feature = "grpc")]
    pub(super) export: http::Uri,
    #[cfg(feature = "grpc")]
    streams: pool::Pool,
}

impl Knowledge {
    /// `origin` is scheme, host and port.
    #[cfg_attr(
        not(feature = "grpc"),
        expect(unused_variables, reason = "HTTP has no paths of its own for it")
    )]
    pub(super) fn new(origin: &str) -> Result<Self, http::uri::InvalidUri> {
        Ok(Self {
            standing: Standing::default(),
            #[cfg(feature = "grpc")]
            export: format!("{origin}{}", crate::grpc::tracezip::EXPORT).parse()?,
            #[cfg(feature = "grpc")]
            streams: pool::Pool::new(format!("{origin}{}", crate::grpc::tracezip::EXPORT_STREAM).parse()?),
        })
    }

    /// Whether a request may be tracezip. A gRPC server without the service takes nothing, so it needs not be asked first.
    fn allows(&self, client: &Inner) -> bool {
        self.standing.allows(client.protocol == Protocol::Grpc, Instant::now())
    }

    /// Reads what an answer says its server takes. What fails on the way to the server says nothing about it.
    pub(super) fn hear(&self, client: &Inner, response: &Response<Incoming>) {
        if client.tracezip != Tracezip::Off
            && client.protocol != Protocol::Grpc
            && !response.status().is_server_error()
        {
            self.standing.hear(takes_tracezip(response), Instant::now());
        }
    }
}

/// Whether the answer names the coding, and not with `q=0`.
fn takes_tracezip<B>(response: &Response<B>) -> bool {
    let values = response.headers().get_all(ACCEPT_ENCODING);
    let items = values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    items.map(|item| item.split(';').map(str::trim)).any(|mut parts| {
        let is_it = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(CODING));
        let zero = |q: &str| q.trim().parse::<f32>().is_ok_and(|q| q <= 0.0);
        is_it && !parts.any(|part| part.strip_prefix("q=").is_some_and(zero))
    })
}

/// A batch and its two forms, each made when it is first needed and then kept: a retry sends the same bytes.
pub(super) struct Forms {
    batch: Batch,
    plain: Slot,
    tracezip: Slot,
    /// Some server refused the form and took the other, or might have.
    refused: AtomicBool,
}

type Slot = Mutex<Option<Bytes>>;

fn get(slot: &Slot) -> Option<Bytes> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn keep(slot: &Slot, bytes: Bytes) -> Bytes {
    slot.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(bytes).clone()
}

impl Forms {
    async fn plain(&self, client: &Inner) -> Result<Bytes, Failure> {
        match get(&self.plain) {
            Some(bytes) => Ok(bytes),
            None => Ok(keep(&self.plain, client.encoder.encode(&self.batch).await?)),
        }
    }

    async fn tracezip(&self, client: &Inner) -> Result<Bytes, Failure> {
        match get(&self.tracezip) {
            Some(bytes) => Ok(bytes),
            None => Ok(keep(&self.tracezip, client.encoder.encode_tracezip(&self.batch).await?)),
        }
    }

    const fn signal(&self) -> Signal {
        self.batch.signal()
    }
}

impl fmt::Debug for Forms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forms").field("batch", &self.batch).finish_non_exhaustive()
    }
}

/// Makes the form that would be sent now.
pub(super) async fn prepare(client: &Inner, batch: &Batch) -> Result<Prepared, Failure> {
    let forms = Forms {
        batch: batch.clone(),
        plain: Slot::default(),
        tracezip: Slot::default(),
        refused: AtomicBool::new(false),
    };
    let targets = client.transport.route(batch.signal()).map_or(&[][..], |route| &route.targets);
    let payload = if is_streaming(client) {
        client.encoder.check("", batch.bytes().len())?;
        batch.bytes().clone()
    } else if targets.iter().any(|target| target.tracezip.allows(client)) {
        forms.tracezip(client).await?
    } else {
        forms.plain(client).await?
    };
    let mut prepared = Prepared::new(batch.signal(), payload);
    prepared.forms = Some(Arc::new(forms));
    Ok(prepared)
}

fn is_streaming(client: &Inner) -> bool {
    cfg!(feature = "grpc") && client.tracezip == Tracezip::Stream && client.protocol == Protocol::Grpc
}

/// Sends a batch in the form that each server takes; after a refusal of tracezip once more in the other, as a new request.
pub(super) async fn exchange(
    transport: &Transport,
    client: &Inner,
    route: &Route,
    forms: &Forms,
    sent: Sent,
) -> Outcome {
    match attempts(transport, client, route, forms, sent).await {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

async fn attempts(
    transport: &Transport,
    client: &Inner,
    route: &Route,
    forms: &Forms,
    sent: Sent,
) -> Result<Outcome, Outcome> {
    let signal = forms.signal();
    let unsent = |cause| Outcome::Rejected { cause };
    if !forms.refused.load(Ordering::Relaxed) {
        #[cfg(feature = "grpc")]
        if is_streaming(client)
            && let Some(outcome) = pool::send(transport, client, route, &forms.batch, &sent).await
        {
            return Ok(outcome);
        }
        // As it is known now: while the request is under way, another one may learn more.
        let takes: Vec<bool> = route.targets.iter().map(|target| target.tracezip.allows(client)).collect();
        if takes.contains(&true) {
            let zipped = zipped(client, forms.tracezip(client).await.map_err(unsent)?)?;
            let plain = if takes.contains(&false) {
                Some(Letter::plain(client, forms.plain(client).await.map_err(unsent)?)?)
            } else {
                None
            };
            let letter = |host: usize| match &plain {
                Some(plain) if !takes[host] => plain,
                _ => &zipped,
            };
            let (host, first) = transport.deliver(client, route, signal, letter, sent.clone()).await;
            let Some(refusal) = Refusal::of(client, &first).filter(|_| takes[host]) else { return Ok(first) };
            forms.refused.store(true, Ordering::Relaxed);
            let plain = match plain {
                // Headers may have to be asked for anew.
                Some(plain) => Letter { headers: client.request_headers()?, ..plain },
                None => Letter::plain(client, forms.plain(client).await.map_err(unsent)?)?,
            };
            let (_, second) = transport.deliver(client, route, signal, |_| &plain, sent).await;
            // Refused in both forms, it is the batch that is bad.
            if refusal == Refusal::OfTheForm || !matches!(second, Outcome::Rejected { .. }) {
                route.targets[host].tracezip.standing.refuse(Instant::now(), REFUSED);
            }
            return Ok(second);
        }
    }
    let plain = Letter::plain(client, forms.plain(client).await.map_err(unsent)?)?;
    Ok(transport.deliver(client, route, signal, |_| &plain, sent).await.1)
}

/// A refusal that may be about the form and not about the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// The server knows no tracezip.
    OfTheForm,
    /// It does not say which.
    Unclear,
}

impl Refusal {
    fn of(client: &Inner, outcome: &Outcome) -> Option<Self> {
        const INVALID_ARGUMENT: u32 = 3;
        const UNIMPLEMENTED: u32 = 12;
        let Outcome::Rejected { cause } = outcome else { return None };
        match cause.kind() {
            FailureKind::HttpStatus(415) => Some(Self::OfTheForm),
            FailureKind::HttpStatus(400) => Some(Self::Unclear),
            // An answer without a gRPC status: a proxy that does not know the path.
            FailureKind::HttpStatus(_) if client.protocol == Protocol::Grpc => Some(Self::OfTheForm),
            FailureKind::GrpcStatus(UNIMPLEMENTED) => Some(Self::OfTheForm),
            FailureKind::GrpcStatus(INVALID_ARGUMENT) => Some(Self::Unclear),
            _ => None,
        }
    }
}

/// The request with a frame for its body.
fn zipped(client: &Inner, frame: Bytes) -> Result<Letter, Outcome> {
    let mut headers = client.request_headers()?;
    #[cfg(feature = "grpc")]
    if client.protocol == Protocol::Grpc {
        headers.remove("grpc-encoding");
        let message = crate::grpc::tracezip::request(frame);
        return Ok(Letter {
            headers,
            parts: super::grpc::frame(otlp_compress::Codec::Identity, message)?,
            tracezip: true,
        });
    }
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(CODING));
    Ok(Letter {
        headers,
        parts: vec![frame],
        #[cfg(feature = "grpc")]
        tracezip: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advertisements_are_lists_with_weights() {
        for (values, expected) in [
            (&["gzip, tracezip"][..], true),
            (&["gzip", "Tracezip;q=0.5"], true),
            (&["tracezip;q=0"], false),
            (&["tracezip; q=0.000, gzip"], false),
            (&["x-tracezip, *"], false),
            (&[], false),
        ] {
            let mut response = Response::new(());
            for value in values {
                response.headers_mut().append(ACCEPT_ENCODING, value.parse().unwrap());
            }
            assert_eq!(takes_tracezip(&response), expected, "{values:?}");
        }
    }
}
