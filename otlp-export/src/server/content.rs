//! What the headers say about the body: its type and its coding.

use std::sync::OnceLock;

use http::{HeaderMap, HeaderValue, header};
use otlp_compress::Codec;

use super::fault::{Fault, excerpt};

/// Content types of OTLP/HTTP, as the answers carry them.
pub(super) const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What a request is, by its `Content-Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentType {
    Grpc,
    Protobuf,
    Json,
    Unknown,
}

impl ContentType {
    /// Case and parameters (`; charset=utf-8`) do not matter; neither do bytes that are not text, which match nothing.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let Some(value) = headers.get(header::CONTENT_TYPE) else { return Self::Unknown };
        let essence = value.as_bytes().split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
        match essence.to_ascii_lowercase().as_slice() {
            b"application/x-protobuf" => Self::Protobuf,
            b"application/json" => Self::Json,
            b"application/grpc" | b"application/grpc+proto" => Self::Grpc,
            _ => Self::Unknown,
        }
    }

    /// The fault of a request whose type is unknown.
    pub(super) fn fault(headers: &HeaderMap) -> Fault {
        Fault::ContentType { given: headers.get(header::CONTENT_TYPE).map(|value| excerpt(value.as_bytes())) }
    }
}

/// Leaves only the headers that say how a refusal is to be written.
pub(super) fn keep_essential(headers: &mut HeaderMap) {
    let all = std::mem::take(headers);
    for name in [header::CONTENT_TYPE, header::ACCEPT_ENCODING, header::EXPECT, header::ORIGIN] {
        if let Some(value) = all.get(&name) {
            headers.insert(name, value.clone());
        }
    }
}

/// The one coding of a body, from `Content-Encoding` (or `grpc-encoding`): all lines and lists of it together, `identity` left
/// out. More than one coding on top of each other is refused, because nobody sends it and it multiplies bombs.
pub(super) fn coding(headers: &HeaderMap, name: &str) -> Result<Codec, Fault> {
    let mut codec = Codec::Identity;
    for value in headers.get_all(name) {
        for token in value.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
            if token.is_empty() || token.eq_ignore_ascii_case(b"identity") {
                continue;
            }
            let known = std::str::from_utf8(token).ok().and_then(supported);
            match known {
                Some(known) if codec == Codec::Identity => codec = known,
                _ => {
                    return Err(Fault::Coding { given: excerpt(value.as_bytes()), accepted: accepted() });
                }
            }
        }
    }
    Ok(codec)
}

/// Whether the client takes a gzip answer: listed (or `*`), and not with `q=0`.
pub(super) fn takes_gzip(headers: &HeaderMap, name: &str) -> bool {
    headers.get_all(name).iter().any(|value| {
        value.as_bytes().split(|&byte| byte == b',').any(|item| {
            let mut parts = item.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
            let token = parts.next().unwrap_or_default();
            let refused = parts.any(|part| {
                part.strip_prefix(b"q=").is_some_and(|q| q.iter().all(|&byte| byte == b'0' || byte == b'.'))
            });
            (token.eq_ignore_ascii_case(b"gzip") || token == b"*") && !refused
        })
    })
}

/// The codecs of this build under their names, `identity` left out: what `Accept-Encoding` says on a 415.
fn accepted() -> &'static str {
    static NAMES: OnceLock<String> = OnceLock::new();
    NAMES.get_or_init(|| {
        let names: Vec<_> = Codec::supported()
            .iter()
            .filter(|&&codec| codec != Codec::Identity)
            .map(|codec| codec.content_coding())
            .collect();
        names.join(", ")
    })
}

fn supported(name: &str) -> Option<Codec> {
    Codec::from_content_coding(name).filter(|codec| codec.is_supported())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    #[test]
    fn h1_j6_content_types_in_any_case_and_with_parameters() {
        for (value, expected) in [
            (&b"application/x-protobuf"[..], ContentType::Protobuf),
            (b"Application/X-Protobuf ; charset=utf-8", ContentType::Protobuf),
            (b"application/JSON;charset=UTF-8", ContentType::Json),
            (b"application/grpc", ContentType::Grpc),
            (b"application/grpc+proto", ContentType::Grpc),
            (b"application/grpc+json", ContentType::Unknown),
            (b"application/grpc-web", ContentType::Unknown),
            (b"text/plain", ContentType::Unknown),
            (b"\xff\xfe", ContentType::Unknown),
        ] {
            assert_eq!(ContentType::of(&headers("content-type", &[value])), expected, "{value:?}");
        }
        assert_eq!(ContentType::of(&HeaderMap::new()), ContentType::Unknown);
    }

    #[test]
    fn codings_are_one_known_name_or_a_fault_that_names_the_known() {
        let of = |values: &[&[u8]]| coding(&headers("content-encoding", values), "content-encoding");
        assert_eq!(of(&[]).unwrap(), Codec::Identity);
        assert_eq!(of(&[b"gzip"]).unwrap(), Codec::Gzip);
        assert_eq!(of(&[b"identity", b"X-GZIP"]).unwrap(), Codec::Gzip);
        for bad in [&[&b"br"[..]][..], &[b"gzip, gzip"], &[b"gzip", b"gzip"], &[b"x-lz4"], &[b"\xff"]] {
            let fault = of(bad).unwrap_err().to_string();
            assert!(fault.contains("this server accepts gzip"), "{fault}");
        }
    }

    #[test]
    fn h4_gzip_answers_only_for_who_asks() {
        for (value, expected) in [
            (&b"gzip"[..], true),
            (b"br, GZIP;q=0.5", true),
            (b"*", true),
            (b"gzip;q=0", false),
            (b"gzip; q=0.00", false),
            (b"gzip;q=0.01", true),
            (b"identity", false),
            (b"", false),
        ] {
            assert_eq!(
                takes_gzip(&headers("accept-encoding", &[value]), "accept-encoding"),
                expected,
                "{value:?}"
            );
        }
    }
}
