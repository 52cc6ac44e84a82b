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
    /// Made as they are needed, where there is more than the one.
    #[cfg(feature = "tracezip")]
    pub(super) forms: Option<Arc<super::tracezip::Forms>>,
}

impl Prepared {
    pub(super) const fn new(signal: Signal, payload: Bytes) -> Self {
        Self {
            signal,
            payload,
            #[cfg(feature = "tracezip")]
            forms: None,
        }
    }

    /// The signal of the batch it was made of.
    #[must_use]
    pub const fn signal(&self) -> Signal {
        self.signal
    }

    /// The body: encoded and compressed, without gRPC's frame header. With tracezip, the form that seemed right when it was made: which one
    /// is sent is decided for each server. With [`Tracezip::Stream`](crate::Tracezip::Stream) over gRPC, the batch itself.
    #[must_use]
    pub const fn payload(&self) -> &Bytes {
        &self.payload
    }
}

/// Work on more bytes than this goes to the runtime's blocking threads: below, handing it over costs more than it frees.
pub(super) const INLINE: usize = 64 * 1024;

/// Turns batches into bodies. Compression contexts are kept for the next batch, which saves 16 to 45 % of the time.
#[derive(Clone)]
pub(super) struct Encoder(Arc<Shared>);

struct Shared {
    json: bool,
    codec: Codec,
    level: Level,
    limit: usize,
    idle: Mutex<Vec<Compressor>>,
    #[cfg(feature = "tracezip")]
    idle_tracezip: Mutex<Vec<otlp_compress::tracezip::Encoder>>,
}

impl Encoder {
    pub(super) fn new(protocol: Protocol, codec: Codec, level: Level, limits: Limits) -> Self {
        let json = protocol.is_json();
        Self(Arc::new(Shared {
            json,
            codec,
            level,
            limit: limits.request,
            idle: Mutex::default(),
            #[cfg(feature = "tracezip")]
            idle_tracezip: Mutex::default(),
        }))
    }

    pub(super) async fn prepare(&self, batch: &Batch) -> Result<Prepared, Failure> {
        Ok(Prepared::new(batch.signal(), self.encode(batch).await?))
    }

    /// The batch in the client's encoding and compression.
    pub(super) async fn encode(&self, batch: &Batch) -> Result<Bytes, Failure> {
        let shared = &self.0;
        if !shared.json {
            shared.check("", batch.bytes().len())?;
            if shared.codec == Codec::Identity {
                return Ok(batch.bytes().clone());
            }
        }
        self.work(batch, Shared::encode).await
    }

    /// The batch as a tracezip frame that stands alone.
    #[cfg(feature = "tracezip")]
    pub(super) async fn encode_tracezip(&self, batch: &Batch) -> Result<Bytes, Failure> {
        self.0.check("", batch.bytes().len())?;
        self.work(batch, Shared::encode_tracezip).await
    }

    /// Works here if it is quick, else where nobody waits.
    async fn work(
        &self,
        batch: &Batch,
        encode: fn(&Shared, &Batch) -> Result<Bytes, Failure>,
    ) -> Result<Bytes, Failure> {
        if batch.bytes().len() <= INLINE {
            return encode(&self.0, batch);
        }
        let (shared, batch) = (Arc::clone(&self.0), batch.clone());
        tokio::task::spawn_blocking(move || encode(&shared, &batch))
            .await
            .map_err(|error| Failure::new(FailureKind::Unencodable, error.to_string()))?
    }

    /// Checks the size of what is to be sent.
    #[cfg(feature = "tracezip")]
    pub(super) fn check(&self, when: &str, bytes: usize) -> Result<(), Failure> {
        self.0.check(when, bytes)
    }

    /// How tracezip frames are made.
    #[cfg(all(feature = "tracezip", feature = "grpc"))]
    pub(super) fn tracezip_options(&self) -> otlp_compress::tracezip::Options {
        self.0.tracezip_options()
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

    #[cfg(feature = "tracezip")]
    fn encode_tracezip(&self, batch: &Batch) -> Result<Bytes, Failure> {
        use otlp_compress::tracezip::Encoder as Tracezip;

        let idle = self.idle_tracezip.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let unencodable = |error: otlp_compress::tracezip::TracezipError| {
            Failure::new(FailureKind::Unencodable, error.to_string())
        };
        let mut encoder = match idle {
            Some(encoder) => encoder,
            None => Tracezip::new(self.tracezip_options()).map_err(unencodable)?,
        };
        let mut frame = Vec::new();
        encoder.encode(batch, &mut frame).map_err(unencodable)?;
        self.idle_tracezip.lock().unwrap_or_else(PoisonError::into_inner).push(encoder);
        self.check(" after compression", frame.len())?;
        frame.shrink_to_fit();
        Ok(frame.into())
    }

    /// The best inner compression of this build; a level by number counts if it is on its scale.
    #[cfg(feature = "tracezip")]
    fn tracezip_options(&self) -> otlp_compress::tracezip::Options {
        use otlp_compress::tracezip::{Inner, Options};

        let options = Options::default();
        let scale = if options.inner() == Inner::Zstd { Codec::Zstd } else { Codec::Gzip };
        match self.level {
            Level::Number(_) if scale != self.codec => options,
            level => options.with_level(level),
        }
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
