//! `Retry-After`: seconds or a date (rule H12; RFC 9110, 10.2.3).

use std::time::{Duration, SystemTime};

use http::{
    HeaderMap,
    header::{DATE, RETRY_AFTER},
};

/// The wait that the server asks for, if it does so in a form that can be read; a date in the past is no wait.
///
/// A date is compared with the response's own `Date` where there is one, so that clocks that disagree do no harm; else with `now`.
pub(super) fn read(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let date = headers.get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
    Some(until.duration_since(date.unwrap_or(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(retry_after: &'static str, date: Option<&'static str>) -> Option<Duration> {
        let now = httpdate::parse_http_date("Wed, 21 Oct 2015 07:28:00 GMT").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, http::HeaderValue::from_static(retry_after));
        if let Some(date) = date {
            headers.insert(DATE, http::HeaderValue::from_static(date));
        }
        read(&headers, now)
    }

    #[test]
    fn h12_seconds() {
        assert_eq!(wait("120", None), Some(Duration::from_secs(120)));
        assert_eq!(wait(" 0 ", None), Some(Duration::ZERO));
        assert_eq!(wait("99999999999999999999999", None), Some(Duration::from_secs(u64::MAX)));
    }

    #[test]
    fn h12_every_form_of_http_date() {
        for date in
            ["Wed, 21 Oct 2015 07:28:30 GMT", "Wednesday, 21-Oct-15 07:28:30 GMT", "Wed Oct 21 07:28:30 2015"]
        {
            assert_eq!(wait(date, None), Some(Duration::from_secs(30)), "{date}");
        }
        assert_eq!(wait("Wed, 21 Oct 2015 07:00:00 GMT", None), Some(Duration::ZERO), "in the past");
    }

    #[test]
    fn h12_the_servers_own_clock_counts() {
        let wait = wait("Wed, 21 Oct 2015 09:00:10 GMT", Some("Wed, 21 Oct 2015 09:00:00 GMT"));
        assert_eq!(wait, Some(Duration::from_secs(10)));
    }

    #[test]
    fn what_cannot_be_read_is_no_wish() {
        for text in ["", "-1", "1.5", "soon", "120 s"] {
            assert_eq!(wait(text, None), None, "{text:?}");
        }
        assert_eq!(read(&HeaderMap::new(), SystemTime::UNIX_EPOCH), None);
    }
}
