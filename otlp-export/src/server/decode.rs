//! From the bytes on the wire to a batch.

use std::cell::RefCell;

use bytes::Bytes;
use otlp_compress::{Codec, DecompressError, Decompressor};
use otlp_core::{
    Batch, Limits, ParseError, ParseErrorKind, ProfilesLayout, Salvaged, Signal,
    json::{self, JsonErrorKind, JsonOptions},
    salvage,
};

use super::{Strictness, budget::Reservation, content::Coding, fault::Fault};

thread_local! {
    /// Contexts of this thread, one for each codec that it has met.
    static CONTEXTS: RefCell<Vec<Decompressor>> = const { RefCell::new(Vec::new()) };
}

/// Bytes that a body without a stated size may decompress to at first, for each of its own.
const FIRST_RATIO: usize = 8;
/// How much more it may have each time that this was too little: decompressing again costs a third in all.
const NEXT_RATIO: usize = 4;
/// More output than this is not made on a thread that serves other connections too.
pub(super) const INLINE: usize = 8 << 20;

/// A message as it came.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    pub(super) signal: Signal,
    pub(super) coding: Coding,
    pub(super) json: bool,
    pub(super) bytes: Bytes,
}

/// What is checked of a message, and what happens to one that fails.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) limits: Limits,
    pub(super) strictness: Strictness,
}

impl Wire {
    /// Whether decoding takes so long (some milliseconds) that other requests on the same thread would notice.
    pub(super) fn is_slow(&self) -> bool {
        let limit = match self.coding {
            Coding::Codec(Codec::Identity) if !self.json => 8 << 20,
            Coding::Codec(_) => 1 << 20,
            // Tens of bytes come out of one.
            #[cfg(feature = "tracezip")]
            Coding::Tracezip => 64 << 10,
        };
        self.bytes.len() > limit
    }

    /// Decompresses and parses; every check of the message happens here. What it needs of memory, it takes from the budget first.
    ///
    /// `None` if `inline` is set and the output is too large for that.
    pub(super) fn decode(
        &self,
        rules: &Rules,
        held: &mut Reservation,
        inline: bool,
    ) -> Result<Option<Salvaged>, Fault> {
        let limit = rules.limits.max_bytes();
        let message = match self.coding {
            Coding::Codec(Codec::Identity) => Some(self.bytes.clone()),
            Coding::Codec(codec) => decompress(codec, &self.bytes, limit, held, inline)?,
            #[cfg(feature = "tracezip")]
            Coding::Tracezip => super::tracezip::decompress(self.signal, &self.bytes, limit, held, inline)?,
        };
        let Some(message) = message else { return Ok(None) };
        parse(self.signal, message, self.json, rules, held).map(Some)
    }
}

/// A decompressed message as a batch.
pub(super) fn parse(
    signal: Signal,
    message: Bytes,
    json: bool,
    rules: &Rules,
    held: &mut Reservation,
) -> Result<Salvaged, Fault> {
    let decoded = if json {
        grow(held, message.len())?;
        from_json(signal, &message, rules)?
    } else {
        from_protobuf(signal, message, rules).map_err(protobuf_fault)?
    };
    // Split messages are joined in a second copy, which views read.
    let copies = 1 + usize::from(decoded.batch.is_merged());
    held.settle(decoded.batch.bytes().len().saturating_mul(copies));
    Ok(decoded)
}

pub(super) fn grow(held: &mut Reservation, bytes: usize) -> Result<(), Fault> {
    held.grow(bytes).map_err(|over| Fault::Overloaded { limit: over.ceiling })
}

fn from_protobuf(signal: Signal, message: Bytes, rules: &Rules) -> Result<Salvaged, ParseError> {
    let strict = rules.limits.with_strict_ids(true);
    match rules.strictness {
        Strictness::Strict => Batch::parse(signal, message, &strict).map(Salvaged::whole),
        Strictness::Lenient => salvage(signal, message, &strict),
        Strictness::AnyId => Batch::parse(signal, message, &rules.limits).map(Salvaged::whole),
    }
}

/// JSON that is not UTF-8 or too deep has no items to tell apart, so leniency concerns ids only.
fn from_json(signal: Signal, message: &[u8], rules: &Rules) -> Result<Salvaged, Fault> {
    let strict = rules.limits.with_strict_ids(true);
    let limits = if rules.strictness == Strictness::Strict { strict } else { rules.limits };
    let read = json::read(signal, message, &JsonOptions::default(), &limits);
    let batch = read.map_err(|error| match error.kind() {
        JsonErrorKind::TooLarge => Fault::TooLarge { limit: limits.max_bytes() },
        _ => Fault::Json(error),
    })?;
    if rules.strictness != Strictness::Lenient {
        return Ok(Salvaged::whole(batch));
    }
    // Fields in JSON have names: there is no layout to guess.
    let strict = strict.with_profiles_layout(ProfilesLayout::Current);
    salvage(signal, batch.into_bytes(), &strict).map_err(protobuf_fault)
}

fn protobuf_fault(error: ParseError) -> Fault {
    match error.kind() {
        ParseErrorKind::TooLarge { limit, .. } => Fault::TooLarge { limit },
        _ => Fault::Protobuf(error),
    }
}

/// The decompressed body, made in steps: each takes its size from the budget before it takes it from memory, so that bombs
/// that arrive together stay within the budget together.
fn decompress(
    codec: Codec,
    bytes: &[u8],
    limit: usize,
    held: &mut Reservation,
    inline: bool,
) -> Result<Option<Bytes>, Fault> {
    CONTEXTS.with_borrow_mut(|contexts| {
        let index = match contexts.iter().position(|context| context.codec() == codec) {
            Some(index) => index,
            None => {
                contexts.push(Decompressor::new(codec).map_err(Fault::Compression)?);
                contexts.len() - 1
            }
        };
        let context = &mut contexts[index];
        let stated = context.stated_size(bytes).and_then(|size| usize::try_from(size).ok());
        let first = stated.unwrap_or_else(|| bytes.len().saturating_mul(FIRST_RATIO)).max(4096);
        let (mut allowed, mut granted) = (first.min(limit), 0);
        loop {
            if inline && allowed > INLINE {
                return Ok(None);
            }
            grow(held, allowed - granted)?;
            granted = allowed;
            match context.decompress(bytes, allowed) {
                Ok(message) => return Ok(Some(message)),
                Err(DecompressError::TooLarge { .. }) if allowed == limit => {
                    return Err(Fault::TooLarge { limit });
                }
                Err(DecompressError::TooLarge { .. }) => {
                    allowed = allowed.saturating_mul(NEXT_RATIO).min(limit);
                }
                Err(other) => return Err(Fault::Compression(other)),
            }
        }
    })
}
