//! The two ways out.

use std::fmt;

use otlp_core::Signal;

#[cfg(feature = "grpc")]
use super::grpc::GrpcTransport;
use super::{ClientError, Inner, body::Sent, connector::Connector, http::HttpTransport, prepare::Prepared};
use crate::{Failure, FailureKind, Outcome, Protocol, endpoint::Endpoint};

pub(super) enum Transport {
    Http(Box<HttpTransport>),
    #[cfg(feature = "grpc")]
    Grpc(Box<GrpcTransport>),
}

impl Transport {
    /// `endpoints` in the order of `Signal::ALL`.
    pub(super) fn new(
        protocol: Protocol,
        endpoints: [Option<Endpoint>; 4],
        connector: Connector,
    ) -> Result<Self, ClientError> {
        match protocol {
            #[cfg(feature = "grpc")]
            Protocol::Grpc => Ok(Self::Grpc(Box::new(GrpcTransport::new(endpoints, connector)?))),
            #[cfg(not(feature = "grpc"))]
            Protocol::Grpc => Err(ClientError::GrpcNotBuilt),
            Protocol::HttpProtobuf | Protocol::HttpJson => {
                Ok(Self::Http(Box::new(HttpTransport::new(endpoints, connector)?)))
            }
        }
    }

    /// One request and its answer.
    pub(super) async fn exchange(&self, client: &Inner, prepared: &Prepared, sent: Sent) -> Outcome {
        match self {
            Self::Http(transport) => transport.exchange(client, prepared, sent).await,
            #[cfg(feature = "grpc")]
            Self::Grpc(transport) => transport.exchange(client, prepared, sent).await,
        }
    }
}

impl Transport {
    /// Lets the next request of a signal connect anew. Requests under way keep their connections.
    pub(super) fn forget_connections(&self, signal: Signal) {
        match self {
            Self::Http(transport) => transport.forget_connections(),
            #[cfg(feature = "grpc")]
            Self::Grpc(transport) => transport.forget_connections(signal),
        }
        #[cfg(not(feature = "grpc"))]
        let _ = signal;
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(transport) => transport.fmt(f),
            #[cfg(feature = "grpc")]
            Self::Grpc(transport) => transport.fmt(f),
        }
    }
}

/// The client serves other signals than this one.
pub(super) fn no_endpoint(prepared: &Prepared) -> Outcome {
    let message = format!("this client was built without an endpoint for {}", prepared.signal());
    Outcome::Rejected { cause: Failure::new(FailureKind::NoEndpoint, message) }
}

/// An endpoint as the `http` crate's URL.
pub(super) fn uri(url: &str, endpoint: &Endpoint) -> Result<::http::Uri, ClientError> {
    url.parse().map_err(|problem: ::http::uri::InvalidUri| ClientError::Endpoint {
        which: endpoint.to_string(),
        problem: problem.to_string(),
    })
}
