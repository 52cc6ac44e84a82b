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

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Codec(Codec),
    /// A frame that stands alone; protobuf only.
    #[cfg(feature = "tracezip")]
    Tracezip,
}

impl Coding {
    pub(super) const IDENTITY: Self = Self::Codec(Codec::Identity);

    /// Its name among content codings.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Codec(codec) => codec.content_coding(),
            #[cfg(feature = "tracezip")]
            Self::Tracezip => TRACEZIP,
        }
    }
}

/// The content coding's name.
#[cfg(feature = "tracezip")]
const TRACEZIP: &str = "tracezip";

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
///
/// `tracezip` says whether that is taken too.
pub(super) fn coding(headers: &HeaderMap, name: &str, tracezip: bool) -> Result<Coding, Fault> {
    let mut coding = Coding::IDENTITY;
    for value in headers.get_all(name) {
        for token in value.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
            if token.is_empty() || token.eq_ignore_ascii_case(b"identity") {
                continue;
            }
            let known = std::str::from_utf8(token).ok().and_then(|name| supported(name, tracezip));
            match known {
                Some(known) if coding == Coding::IDENTITY => coding = known,
                _ => {
                    let accepted = accepted(tracezip);
                    return Err(Fault::Coding { given: excerpt(value.as_bytes()), accepted });
                }
            }
        }
    }
    Ok(coding)
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

/// The codecs of this build under their names, `identity` left out: what `Accept-Encoding` says in answers (RFC 7694), on a 415, and
/// on all where `tracezip` is among them.
pub(super) fn accepted(tracezip: bool) -> &'static str {
    static NAMES: OnceLock<String> = OnceLock::new();
    #[cfg(feature = "tracezip")]
    if tracezip {
        static WITH_TRACEZIP: OnceLock<String> = OnceLock::new();
        return WITH_TRACEZIP.get_or_init(|| format!("{TRACEZIP}, {}", accepted(false)));
    }
    let _ = tracezip;
    NAMES.get_or_init(|| {
        let names: Vec<_> = Codec::supported()
            .iter()
            .filter(|&&codec| codec != Codec::Identity)
            .map(|codec| codec.content_coding())
            .collect();
        names.join(", ")
    })
}

fn supported(name: &str, tracezip: bool) -> Option<Coding> {
    #[cfg(feature = "tracezip")]
    if tracezip && name.eq_ignore_ascii_case(TRACEZIP) {
        return Some(Coding::Tracezip);
    }
    let _ = tracezip;
    Codec::from_content_coding(name).filter(|codec| codec.is_supported()).map(Coding::Codec)
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
        let of = |values: &[&[u8]]| coding(&headers("content-encoding", values), "content-encoding", false);
        assert_eq!(of(&[]).unwrap(), Coding::IDENTITY);
        assert_eq!(of(&[b"gzip"]).unwrap(), Coding::Codec(Codec::Gzip));
        assert_eq!(of(&[b"identity", b"X-GZIP"]).unwrap(), Coding::Codec(Codec::Gzip));
        for bad in [&[&b"br"[..]][..], &[b"gzip, gzip"], &[b"gzip", b"gzip"], &[b"x-lz4"], &[b"\xff"]] {
            let fault = of(bad).unwrap_err().to_string();
            assert!(fault.contains("this server accepts gzip"), "{fault}");
        }
    }

    #[test]
    #[cfg(feature = "tracezip")]
    fn tracezip_is_a_coding_where_it_is_switched_on() {
        let given = headers("content-encoding", &[b"Tracezip"]);
        assert_eq!(coding(&given, "content-encoding", true).unwrap(), Coding::Tracezip);
        let fault = coding(&given, "content-encoding", false).unwrap_err().to_string();
        assert!(fault.ends_with(accepted(false)) && !accepted(false).contains("tracezip"), "{fault}");
        let doubled = headers("content-encoding", &[b"tracezip, gzip"]);
        let fault = coding(&doubled, "content-encoding", true).unwrap_err().to_string();
        assert!(fault.contains("accepts tracezip, gzip"), "{fault}");
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
