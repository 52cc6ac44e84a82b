//! The check of a bearer token.

use std::{fmt, hint::black_box};

use http::{HeaderMap, header};

/// The token that every request must carry.
pub(super) struct Bearer(Vec<u8>);

impl Bearer {
    pub(super) fn new(token: String) -> Self {
        Self(token.into_bytes())
    }

    /// Whether the request carries `Authorization: Bearer <token>`; scheme in any case.
    pub(super) fn allows(&self, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(header::AUTHORIZATION).map(http::HeaderValue::as_bytes) else {
            return false;
        };
        let Some((scheme, token)) = value.split_at_checked(b"bearer ".len()) else { return false };
        scheme.eq_ignore_ascii_case(b"bearer ") && same(&self.0, token.trim_ascii())
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(..)")
    }
}

/// Equality in a time that depends on the length of `given` alone, not on where the first difference stands.
fn same(expected: &[u8], given: &[u8]) -> bool {
    let mut difference = u8::from(expected.len() != given.len());
    for (index, byte) in given.iter().enumerate() {
        let against = expected.get(index % expected.len().max(1)).copied().unwrap_or_default();
        difference = black_box(difference | (byte ^ against));
    }
    black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(token: &str, value: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        Bearer::new(token.to_owned()).allows(&headers)
    }

    #[test]
    fn only_the_whole_token_passes() {
        assert!(allowed("s3cret", "Bearer s3cret"));
        assert!(allowed("s3cret", "bearer  s3cret"));
        for wrong in [
            "Bearer s3cre",
            "Bearer s3cret1",
            "Bearer s3crets3cret",
            "Bearer ",
            "Basic s3cret",
            "s3cret",
            "Bearer",
        ] {
            assert!(!allowed("s3cret", wrong), "{wrong}");
        }
        assert!(!Bearer::new("s3cret".to_owned()).allows(&HeaderMap::new()));
    }

    #[test]
    fn the_token_is_not_printed() {
        assert_eq!(format!("{:?}", Bearer::new("s3cret".to_owned())), "Bearer(..)");
    }
}
