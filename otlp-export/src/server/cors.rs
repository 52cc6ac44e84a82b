//! Which web pages may send here: cross-origin resource sharing (the Fetch standard, section 3.2) by a list of origins.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};

use super::response::{Response, ResponseBody};

/// How long a browser may keep the answer to a preflight, in seconds; browsers cap it themselves.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");
const VARY: HeaderValue =
    HeaderValue::from_static("origin, access-control-request-method, access-control-request-headers");

/// The origins whose pages may send.
#[derive(Debug)]
pub(super) struct Cors {
    origins: Vec<String>,
}

/// What a request's origin may.
#[derive(Debug)]
pub(super) struct Grant {
    /// The origin, if it is on the list.
    origin: Option<HeaderValue>,
    /// The headers that a preflight asks for, if this is one.
    asked: Option<Option<HeaderValue>>,
}

impl Cors {
    pub(super) const fn new(origins: Vec<String>) -> Self {
        Self { origins }
    }

    pub(super) fn grant(&self, parts: &Parts) -> Grant {
        let headers = &parts.headers;
        let listed = |value: &&HeaderValue| {
            self.origins.iter().any(|origin| origin.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
        };
        let asks = parts.method == Method::OPTIONS
            && headers.contains_key(header::ORIGIN)
            && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        Grant {
            origin: headers.get(header::ORIGIN).filter(listed).cloned(),
            asked: asks.then(|| headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned()),
        }
    }
}

impl Grant {
    /// The answer to a preflight; `None` for any other request. It needs no token, because browsers send none with it.
    ///
    /// An origin that is not on the list gets an answer too, without leave: the browser tells its page then.
    pub(super) fn preflight(&self) -> Option<Response> {
        let asked = self.asked.as_ref()?;
        let mut response = Response::new(ResponseBody::whole(Bytes::new()));
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        self.note(headers);
        headers.insert(header::VARY, VARY);
        if self.origin.is_some() {
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
            // Whatever headers an exporter is configured with: they say nothing here that the origin may not say.
            if let Some(asked) = asked.clone() {
                headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked);
            }
        }
        Some(response)
    }

    /// Marks an answer: which page may read it, and that others get other marks.
    pub(super) fn note(&self, headers: &mut HeaderMap) {
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = &self.origin {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            const EXPOSED: HeaderValue = HeaderValue::from_static("retry-after");
            headers.insert(HeaderName::from_static("access-control-expose-headers"), EXPOSED);
        }
    }
}
