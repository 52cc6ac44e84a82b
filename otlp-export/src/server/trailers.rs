//! gRPC answers without a message: a status in the headers. An HTTP-only server needs them too, to tell a gRPC client so.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use otlp_core::rpc::Status;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{
    core::Core,
    fault::Fault,
    mapping::Answer,
    render,
    response::{Response, ResponseBody},
};

pub(super) const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");

pub(super) const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// Longest text in a status. It stands in the headers twice, once percent-encoded and once in the details, and there are clients that take
/// 8 KiB of headers.
const LONGEST_TEXT: usize = 1024;

/// What gRPC wants escaped in `grpc-message`: everything but printable ASCII, and the escape itself.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// The answer to a call that failed.
pub(super) fn refused<R>(core: &Core<R>, fault: &Fault) -> Response {
    let mut response = Response::new(ResponseBody::whole(bytes::Bytes::new()));
    *response.headers_mut() = status(core, fault);
    response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
    response
}

/// What says that a call failed, in headers or in trailers.
pub(super) fn status<R>(core: &Core<R>, fault: &Fault) -> HeaderMap {
    let Answer { mut status, refusal, header, .. } = fault.answer();
    core.counters.refused(refusal);
    render::shorten(&mut status, LONGEST_TEXT);
    let mut headers = HeaderMap::new();
    headers.insert(GRPC_STATUS, HeaderValue::from(status.code));
    let message = utf8_percent_encode(&status.message, ESCAPED).to_string();
    if let Ok(message) = HeaderValue::try_from(message) {
        headers.insert("grpc-message", message);
    }
    if let Some(details) = details(&status) {
        headers.insert("grpc-status-details-bin", details);
    }
    if let Some(("accept-encoding", accepted)) = header
        && let Ok(accepted) = HeaderValue::try_from(format!("identity, {accepted}"))
    {
        headers.insert("grpc-accept-encoding", accepted);
    }
    headers
}

/// The whole status, for those who read more than a code; only where it says more. Without padding, as gRPC recommends.
fn details(status: &Status) -> Option<HeaderValue> {
    if status.retry_delay.is_none() && status.violations.is_empty() {
        return None;
    }
    HeaderValue::try_from(STANDARD_NO_PAD.encode(status.encode())).ok()
}
