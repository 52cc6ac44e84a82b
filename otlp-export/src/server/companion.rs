//! The two services beside OTLP's own that gRPC tools expect: health and reflection. tonic's implementations serve them.

use std::{convert::Infallible, fmt, future::Future, pin::Pin};

use http::{Request, Response};
use hyper::body::Incoming;
use otlp_core::{Signal, schema::FILE_DESCRIPTOR_SET};
use tonic::body::Body;
use tonic_health::{
    ServingStatus,
    pb::health_server::HealthServer,
    server::{HealthReporter, HealthService},
};
use tower_service::Service;

use super::ServerError;

type Answering = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;
type Handler = Box<dyn Fn(Request<Incoming>) -> Answering + Send + Sync>;

/// A service that is not OTLP's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Companion {
    Health,
    ReflectionV1,
    ReflectionV1Alpha,
}

impl Companion {
    /// The service that a path names.
    pub(super) fn of(path: &str) -> Option<Self> {
        let (service, _method) = path.strip_prefix('/')?.split_once('/')?;
        match service {
            "grpc.health.v1.Health" => Some(Self::Health),
            "grpc.reflection.v1.ServerReflection" => Some(Self::ReflectionV1),
            "grpc.reflection.v1alpha.ServerReflection" => Some(Self::ReflectionV1Alpha),
            _ => None,
        }
    }
}

/// The services, ready to be called.
pub(super) struct Companions {
    health: Handler,
    v1: Handler,
    v1alpha: Handler,
}

impl Companions {
    /// Health from the reporter, reflection from the descriptors of OTLP and health.
    pub(super) fn new(reporter: &HealthReporter) -> Result<Self, ServerError> {
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        let broken =
            |error: tonic_reflection::server::Error| ServerError::Reflection { source: error.into() };
        Ok(Self {
            health: erase(HealthServer::new(HealthService::from_health_reporter(reporter.clone()))),
            v1: erase(reflection().build_v1().map_err(broken)?),
            v1alpha: erase(reflection().build_v1alpha().map_err(broken)?),
        })
    }

    pub(super) fn call(&self, companion: Companion, request: Request<Incoming>) -> Answering {
        match companion {
            Companion::Health => (self.health)(request),
            Companion::ReflectionV1 => (self.v1)(request),
            Companion::ReflectionV1Alpha => (self.v1alpha)(request),
        }
    }
}

impl fmt::Debug for Companions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Companions").finish_non_exhaustive()
    }
}

fn erase<S>(service: S) -> Handler
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
{
    Box::new(move |request| {
        // tonic's generated services are always ready.
        let answer = service.clone().call(request);
        Box::pin(async move {
            match answer.await {
                Ok(response) => response,
            }
        })
    })
}

/// The names whose health is reported: the server as a whole, and each OTLP service.
fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once("").chain(Signal::ALL.map(Signal::grpc_service))
}

/// Everything serves from now on.
pub(super) async fn serving(reporter: &HealthReporter) {
    for name in names() {
        reporter.set_service_status(name, ServingStatus::Serving).await;
    }
}

/// Says that nothing serves any more, then ends the streams of all watchers, which would hold up a shutdown.
pub(super) async fn stopping(reporter: &mut HealthReporter) {
    for name in names() {
        reporter.set_service_status(name, ServingStatus::NotServing).await;
        reporter.clear_service_status(name).await;
    }
}
