//! From a prepared batch to a request, and to the meaning of its answer.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, header::HOST};
use hyper::body::Incoming;
use otlp_core::Signal;

#[cfg(feature = "tracezip")]
use super::tracezip::{self, Knowledge};
use super::{
    ClientError, Inner,
    body::{RequestBody, Sent},
    fleet::Fleet,
    host::{Host, Settings},
    prepare::Prepared,
    proxy::Proxy,
};
use crate::{Failure, FailureKind, Outcome, endpoint::Endpoint};

/// The connections, and for each signal the way of its requests.
pub(super) struct Transport {
    /// One for each set of hosts.
    fleets: Vec<Fleet>,
    /// In the order of `Signal::ALL`.
    routes: [Option<Route>; 4],
}

/// The way of a signal's requests.
pub(super) struct Route {
    fleet: usize,
    /// In the order of the fleet's hosts.
    pub(super) targets: Vec<Target>,
    /// For people.
    shown: Vec<Endpoint>,
}

/// What a request to a host says about where it goes.
pub(super) struct Target {
    /// HTTP/1.1: path and query, and the host in a header.
    path: Uri,
    host: HeaderValue,
    /// HTTP/2: all of it.
    whole: Uri,
    #[cfg(feature = "tracezip")]
    pub(super) tracezip: Knowledge,
}

/// A request but for where it goes.
pub(super) struct Letter {
    pub(super) headers: HeaderMap,
    /// The body.
    pub(super) parts: Vec<Bytes>,
    /// Whether it is tracezip, which over gRPC is another method's.
    #[cfg(all(feature = "tracezip", feature = "grpc"))]
    pub(super) tracezip: bool,
}

impl Letter {
    /// The request in the client's own compression.
    pub(super) fn plain(client: &Inner, payload: Bytes) -> Result<Self, Outcome> {
        Ok(Self {
            headers: client.request_headers()?,
            parts: parts(client, payload)?,
            #[cfg(all(feature = "tracezip", feature = "grpc"))]
            tracezip: false,
        })
    }
}

impl Transport {
    /// `endpoints` in the order of `Signal::ALL`.
    pub(super) fn new(
        endpoints: [Vec<Endpoint>; 4],
        settings: Settings,
        proxy: &Proxy,
    ) -> Result<Self, ClientError> {
        let settings = Arc::new(settings);
        let mut fleets: Vec<Fleet> = Vec::new();
        let mut routes = [None, None, None, None];
        for ((route, shown), signal) in routes.iter_mut().zip(endpoints).zip(Signal::ALL) {
            if shown.is_empty() {
                continue;
            }
            let origins: Vec<_> = shown.iter().cloned().map(Endpoint::into_origin).collect();
            let is_it = |fleet: &Fleet| fleet.hosts().iter().map(|host| host.endpoint()).eq(&origins);
            let fleet = match fleets.iter().position(is_it) {
                Some(fleet) => fleet,
                None => {
                    let mut hosts = Vec::with_capacity(origins.len());
                    for origin in origins {
                        let way = proxy.of(&origin, |name| std::env::var(name).ok())?;
                        hosts.push(Arc::new(Host::new(origin, way, Arc::clone(&settings))));
                    }
                    fleets.push(Fleet::new(hosts, settings.balance, settings.timeout));
                    fleets.len() - 1
                }
            };
            let target = |endpoint| Target::new(endpoint, signal, settings.http2);
            let targets = shown.iter().map(target).collect::<Result<_, _>>()?;
            *route = Some(Route { fleet, targets, shown });
        }
        Ok(Self { fleets, routes })
    }

    /// A batch and what becomes of it.
    pub(super) async fn exchange(&self, client: &Inner, prepared: &Prepared, sent: Sent) -> Outcome {
        let signal = prepared.signal();
        let Some(route) = self.route(signal) else { return no_endpoint(prepared) };
        #[cfg(feature = "tracezip")]
        if let Some(forms) = &prepared.forms {
            return tracezip::exchange(self, client, route, forms, sent).await;
        }
        match Letter::plain(client, prepared.payload().clone()) {
            Ok(letter) => self.deliver(client, route, signal, |_| &letter, sent).await.1,
            Err(outcome) => outcome,
        }
    }

    /// The way of a signal's requests, if there is one.
    pub(super) const fn route(&self, signal: Signal) -> Option<&Route> {
        self.routes[signal as usize].as_ref()
    }

    /// The hosts of a route, in the order of its targets.
    #[cfg(all(feature = "tracezip", feature = "grpc"))]
    pub(super) fn fleet(&self, route: &Route) -> &Fleet {
        &self.fleets[route.fleet]
    }

    /// One request, as `letter` has it for each host, and the answer: which host it went to last, and what came of it.
    pub(super) async fn deliver<'a>(
        &self,
        client: &Inner,
        route: &Route,
        signal: Signal,
        letter: impl Fn(usize) -> &'a Letter,
        sent: Sent,
    ) -> (usize, Outcome) {
        let last = AtomicUsize::new(0);
        let make = |host: usize, http2: bool| {
            last.store(host, Ordering::Relaxed);
            let (target, letter) = (&route.targets[host], letter(host));
            let mut request = Request::new(RequestBody::new(letter.parts.iter().cloned(), sent.clone()));
            *request.method_mut() = Method::POST;
            *request.headers_mut() = letter.headers.clone();
            if http2 {
                *request.uri_mut() = target.whole.clone();
                #[cfg(all(feature = "tracezip", feature = "grpc"))]
                if letter.tracezip && client.protocol == crate::Protocol::Grpc {
                    *request.uri_mut() = target.tracezip.export.clone();
                }
            } else {
                *request.uri_mut() = target.path.clone();
                request.headers_mut().insert(HOST, target.host.clone());
            }
            request
        };
        let (response, lease) = match self.fleets[route.fleet].request(make).await {
            Ok(answer) => answer,
            Err(outcome) => return (last.into_inner(), outcome),
        };
        let host = last.into_inner();
        #[cfg(feature = "tracezip")]
        route.targets[host].tracezip.hear(client, &response);
        let outcome = read(client, signal, response).await;
        if outcome.failure().map(Failure::kind) != Some(FailureKind::Unreachable) {
            lease.done();
        }
        (host, outcome)
    }
}

/// The body: the payload, and in front of it gRPC's frame header.
#[cfg_attr(
    not(feature = "grpc"),
    expect(unused_variables, reason = "which protocol it is matters with gRPC only")
)]
fn parts(client: &Inner, payload: Bytes) -> Result<Vec<Bytes>, Outcome> {
    #[cfg(feature = "grpc")]
    if client.protocol == crate::Protocol::Grpc {
        return super::grpc::frame(client.codec, payload);
    }
    Ok(vec![payload])
}

async fn read(client: &Inner, signal: Signal, response: Response<Incoming>) -> Outcome {
    let limit = client.limits.response;
    #[cfg(feature = "grpc")]
    if client.protocol == crate::Protocol::Grpc {
        return super::grpc::read_response(signal, response, limit).await;
    }
    super::http::read_response(signal, client.protocol, response, limit).await
}

impl Target {
    fn new(endpoint: &Endpoint, signal: Signal, grpc: bool) -> Result<Self, ClientError> {
        let error = |problem: String| ClientError::Endpoint { which: endpoint.to_string(), problem };
        let path = if grpc { signal.grpc_path().to_owned() } else { endpoint.target() };
        let scheme = if endpoint.is_tls() { "https" } else { "http" };
        let whole = format!("{scheme}://{}{path}", endpoint.authority());
        Ok(Self {
            path: path.parse().map_err(|bad: http::uri::InvalidUri| error(bad.to_string()))?,
            host: HeaderValue::from_str(endpoint.authority()).map_err(|bad| error(bad.to_string()))?,
            whole: whole.parse().map_err(|bad: http::uri::InvalidUri| error(bad.to_string()))?,
            #[cfg(feature = "tracezip")]
            tracezip: Knowledge::new(&format!("{scheme}://{}", endpoint.authority()))
                .map_err(|bad| error(bad.to_string()))?,
        })
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.routes.iter().flatten().flat_map(|route| &route.shown)).finish()
    }
}

/// The client serves other signals than this one.
fn no_endpoint(prepared: &Prepared) -> Outcome {
    let message = format!("this client was built without an endpoint for {}", prepared.signal());
    Outcome::Rejected { cause: Failure::new(FailureKind::NoEndpoint, message) }
}
