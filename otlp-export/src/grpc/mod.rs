//! What gRPC adds to HTTP/2, shared by the client and the server.

pub(crate) mod frame;
pub(crate) mod status;
#[cfg(feature = "tracezip")]
pub(crate) mod tracezip;
