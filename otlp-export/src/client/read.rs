//! Reading a response body within its limit, as received and decompressed (rules G4, H6).

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::Body;
use http_body_util::BodyExt;
use otlp_compress::{Codec, DecompressError, decompress};

use super::unreachable;
use crate::{Failure, FailureKind, Outcome};

/// The whole body.
pub(super) async fn collect<B>(body: B, limit: usize) -> Result<Bytes, Outcome>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit, ""));
    }
    let mut body = body;
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| unreachable(&*error.into()))?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + rest.len() + data.len() > limit {
            return Err(too_large(limit, ""));
        }
        // Answers are short: mostly there is one chunk, and nothing to copy.
        if first.is_empty() {
            first = data;
        } else {
            rest.extend_from_slice(&data);
        }
    }
    if rest.is_empty() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(first.len() + rest.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&rest);
    Ok(whole.freeze())
}

/// The body without the coding that the header `name` tells.
pub(super) fn decode(headers: &HeaderMap, name: &str, body: Bytes, limit: usize) -> Result<Bytes, Outcome> {
    let bad = |message: String| Outcome::Rejected { cause: Failure::new(FailureKind::BadResponse, message) };
    let Some(coding) = headers.get(name) else { return Ok(body) };
    let codec = coding.to_str().ok().and_then(Codec::from_content_coding);
    let Some(codec) = codec else {
        return Err(bad(format!("unknown {name} {coding:?}")));
    };
    if codec == Codec::Identity || body.is_empty() {
        return Ok(body);
    }
    decompress(codec, &body, limit).map_err(|error| match error {
        DecompressError::TooLarge { .. } => too_large(limit, " after decompression"),
        error => bad(error.to_string()),
    })
}

pub(super) fn too_large(limit: usize, when: &str) -> Outcome {
    let message = format!("over {limit} bytes{when} (setting: max_response_bytes)");
    Outcome::Rejected { cause: Failure::new(FailureKind::ResponseTooLarge, message) }
}
