//! From the bytes on the wire to a batch.

use std::cell::RefCell;

use bytes::Bytes;
use otlp_compress::{Codec, DecompressError, Decompressor};
use otlp_core::{Batch, Limits, ParseErrorKind, Signal, json};

use super::fault::Fault;

thread_local! {
    /// Contexts of this thread, one for each codec that it has met.
    static CONTEXTS: RefCell<Vec<Decompressor>> = const { RefCell::new(Vec::new()) };
}

/// A message as it came.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) signal: Signal,
    pub(super) codec: Codec,
    pub(super) json: bool,
    pub(super) bytes: Bytes,
}

impl Wire {
    /// Whether decoding takes so long (some milliseconds) that other requests on the same thread would notice.
    pub(super) fn is_slow(&self) -> bool {
        let limit = if self.json || self.codec != Codec::Identity { 1 << 20 } else { 8 << 20 };
        self.bytes.len() > limit
    }

    /// Bytes that decoding probably needs on top of the wire bytes.
    pub(super) fn expected_growth(&self, limits: &Limits) -> usize {
        let factor = match (self.codec, self.json) {
            (Codec::Identity, false) => 0,
            (Codec::Identity, true) => 1,
            _ => 4,
        };
        self.bytes.len().saturating_mul(factor).min(limits.max_bytes())
    }

    /// Decompresses and parses; every check of the message happens here.
    pub(super) fn decode(self, limits: &Limits) -> Result<Batch, Fault> {
        let message = match self.codec {
            Codec::Identity => self.bytes,
            codec => decompress(codec, &self.bytes, limits.max_bytes())?,
        };
        if self.json {
            let read = json::read(self.signal, &message, &json::JsonOptions::default(), limits);
            read.map_err(|error| match error.kind() {
                json::JsonErrorKind::TooLarge => Fault::TooLarge { limit: limits.max_bytes() },
                _ => Fault::Json(error),
            })
        } else {
            Batch::parse(self.signal, message, limits).map_err(|error| match error.kind() {
                ParseErrorKind::TooLarge { limit, .. } => Fault::TooLarge { limit },
                _ => Fault::Protobuf(error),
            })
        }
    }
}

fn decompress(codec: Codec, bytes: &[u8], limit: usize) -> Result<Bytes, Fault> {
    CONTEXTS.with_borrow_mut(|contexts| {
        let index = match contexts.iter().position(|context| context.codec() == codec) {
            Some(index) => index,
            None => {
                contexts.push(Decompressor::new(codec).map_err(Fault::Compression)?);
                contexts.len() - 1
            }
        };
        contexts[index].decompress(bytes, limit).map_err(|error| match error {
            DecompressError::TooLarge { .. } => Fault::TooLarge { limit },
            other => Fault::Compression(other),
        })
    })
}
