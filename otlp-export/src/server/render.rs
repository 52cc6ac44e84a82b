//! Messages of answers, within their size.

use bytes::Bytes;
use otlp_core::rpc::{ExportResponse, Status};

use super::{core::Success, fault::Fault};

/// The `Export*ServiceResponse`. A message that makes it too long is cut (G5); if that does not help, the request fails (H7).
pub(super) fn export_response(success: &Success, json: bool, limit: usize) -> Result<Bytes, Fault> {
    let (rejected, mut message) = success.partial.clone().unwrap_or_default();
    loop {
        let response = ExportResponse { rejected, message: message.clone() };
        let encoded = if json { response.to_json(success.signal).into_bytes() } else { response.encode() };
        if encoded.len() <= limit {
            return Ok(encoded.into());
        }
        if message.is_empty() {
            return Err(Fault::ResponseTooLarge { limit });
        }
        let half = message.len() / 2;
        cut(&mut message, half);
    }
}

/// Cuts each text of a status to `limit` bytes.
pub(super) fn shorten(status: &mut Status, limit: usize) {
    cut(&mut status.message, limit);
    for violation in &mut status.violations {
        cut(&mut violation.field, limit);
        cut(&mut violation.description, limit);
    }
}

/// Cuts a text to at most `limit` bytes, at a character.
fn cut(text: &mut String, limit: usize) {
    if text.len() > limit {
        let end = (0..=limit).rev().find(|&end| text.is_char_boundary(end)).unwrap_or_default();
        text.truncate(end);
    }
}
