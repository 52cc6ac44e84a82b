//! Headers that are asked for anew with each request.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use http::{HeaderMap, HeaderName, HeaderValue};

use super::ClientError;
use crate::{Failure, FailureKind, Outcome, header::Header};

/// The headers of one request, for [`ClientBuilder::headers_with`](super::ClientBuilder::headers_with) to fill. `Debug` shows names
/// only.
#[derive(Debug, Default)]
pub struct Headers {
    list: Vec<Header>,
    problem: Option<String>,
}

impl Headers {
    /// Sets a header, in the place of one of the same name, be it set here or in the builder. A name or a value that HTTP does not
    /// allow, or a name that the transport sets itself, makes the send fail with [`FailureKind::Header`].
    pub fn set(&mut self, name: &str, value: &str) {
        match Header::new(name, value) {
            Ok(header) => crate::header::set(&mut self.list, header),
            Err(error) => self.fail(&format!("{:?}: {error}", shorten(name))),
        }
    }

    /// Sets `authorization: Bearer <token>`.
    pub fn bearer(&mut self, token: &str) {
        self.set("authorization", &format!("Bearer {token}"));
    }

    /// There are no headers to be had right now, such as while a token cannot be fetched: nothing is sent, and the outcome is
    /// [`Outcome::RetryLater`] with this explanation. It is shown to people: no secrets.
    pub fn fail(&mut self, problem: &str) {
        self.problem.get_or_insert_with(|| shorten(problem));
    }
}

/// Enough for any explanation.
fn shorten(text: &str) -> String {
    text.chars().take(500).collect()
}

/// A caller's function that fills [`Headers`].
#[derive(Clone)]
pub(super) struct Provider(Arc<dyn Fn(&mut Headers) + Send + Sync>);

impl Provider {
    pub(super) fn new(fill: impl Fn(&mut Headers) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// Adds its headers to those of a request.
    pub(super) fn apply(&self, map: &mut HeaderMap) -> Result<(), Outcome> {
        let mut headers = Headers::default();
        // The worker of an exporter must outlive a caller's mistake.
        if catch_unwind(AssertUnwindSafe(|| (self.0)(&mut headers))).is_err() {
            return Err(failed("the function of `headers_with` panicked"));
        }
        if let Some(problem) = headers.problem {
            return Err(failed(problem));
        }
        for header in &headers.list {
            let (name, value) = parts(header).map_err(|error| failed(error.to_string()))?;
            map.insert(name, value);
        }
        Ok(())
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[function]")
    }
}

/// Nothing was sent, and the next call of the function may do better.
fn failed(problem: impl Into<String>) -> Outcome {
    Outcome::RetryLater { after: None, cause: Failure::new(FailureKind::Header, problem) }
}

/// A header as the `http` crate has it, its value out of hyper's `Debug` and out of HTTP/2's header table.
pub(super) fn parts(header: &Header) -> Result<(HeaderName, HeaderValue), ClientError> {
    let error = |problem: String| ClientError::Header { name: header.name.clone(), problem };
    let name =
        HeaderName::from_bytes(header.name.as_bytes()).map_err(|problem| error(problem.to_string()))?;
    let mut value =
        HeaderValue::from_bytes(header.value.as_bytes()).map_err(|problem| error(problem.to_string()))?;
    value.set_sensitive(name != http::header::USER_AGENT);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_out_of_debug_and_of_errors() {
        let mut headers = Headers::default();
        headers.bearer("hunter2");
        assert!(!format!("{headers:?}").contains("hunter2"));
        let mut map = HeaderMap::new();
        Provider::new(|headers| headers.bearer("hunter2")).apply(&mut map).unwrap();
        assert_eq!(map["authorization"], "Bearer hunter2");
        assert!(!format!("{map:?}").contains("hunter2"));
        let outcome = Provider::new(|headers| headers.bearer("hunter2\r\nx: y")).apply(&mut map).unwrap_err();
        assert!(!format!("{outcome:?}").contains("hunter2"), "{outcome}");
        assert_eq!(outcome.failure().map(Failure::kind), Some(FailureKind::Header));
        assert!(outcome.is_retryable());
    }

    #[test]
    fn a_function_that_panics_is_an_outcome() {
        let outcome =
            Provider::new(|_| panic!("a caller's mistake")).apply(&mut HeaderMap::new()).unwrap_err();
        assert_eq!(outcome.to_string(), "to be retried: no headers: the function of `headers_with` panicked");
    }
}
