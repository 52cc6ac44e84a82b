//! The server's clock, by the `Date` of an answer.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri, header};

use super::finding::{Health, Remedy};
use crate::{
    Protocol, TlsOptions,
    conformance::wire::{Host, Version},
};

/// A date has whole seconds, and the way takes time.
const UNNOTICED: Duration = Duration::from_secs(5);
/// From here on tokens and certificates may be refused.
const HARMFUL: Duration = Duration::from_secs(60);

/// Asks for nothing much, without credentials, and compares; `None` if the answer has no date.
pub(super) async fn look(
    url: &str,
    protocol: Protocol,
    tls: &TlsOptions,
    patience: Duration,
) -> Option<(Health, String, Option<Remedy>)> {
    let uri = Uri::try_from(url).ok()?;
    let host = Host::new(&uri, tls, patience).ok()?;
    let (version, kind) = match protocol {
        Protocol::Grpc => (Version::Http2, "application/grpc"),
        Protocol::HttpProtobuf => (Version::Http1, "application/x-protobuf"),
        Protocol::HttpJson => (Version::Http1, "application/json"),
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let before = SystemTime::now();
    let answer = host.ask(version, Method::POST, path, headers, Bytes::new()).await.ok()?;
    let after = SystemTime::now();
    let date = answer.headers.get(header::DATE)?.to_str().ok()?;
    judge(httpdate::parse_http_date(date).ok()?, before, after)
}

/// How far a date is from when it was made.
fn judge(
    date: SystemTime,
    before: SystemTime,
    after: SystemTime,
) -> Option<(Health, String, Option<Remedy>)> {
    let (gap, side) = if let Ok(ahead) = date.duration_since(after) {
        (ahead, "behind")
    } else {
        // The date's second may have been almost over.
        (before.duration_since(date.checked_add(Duration::from_secs(1))?).unwrap_or_default(), "ahead of")
    };
    Some(if gap <= UNNOTICED {
        (Health::Good, "this clock and the server's agree".to_owned(), None)
    } else {
        let text = format!("this clock is {} s {side} the server's", gap.as_secs());
        let health = if gap < HARMFUL { Health::Warning } else { Health::Bad };
        (health, text, Some(Remedy::Clock))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_told_with_their_side() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let look = |date: SystemTime| judge(date, now, now + Duration::from_millis(20)).unwrap();
        assert_eq!(look(now - Duration::from_secs(1)).0, Health::Good);
        let (health, text, _) = look(now + Duration::from_secs(30));
        assert_eq!((health, text.as_str()), (Health::Warning, "this clock is 29 s behind the server's"));
        let (health, text, remedy) = look(now - Duration::from_secs(86_401));
        assert_eq!((health, remedy), (Health::Bad, Some(Remedy::Clock)));
        assert_eq!(text, "this clock is 86400 s ahead of the server's");
    }
}
