//! Writers against prost: what they write decodes to the message that was meant.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

mod log;
mod metric;
mod misuse;
mod profile;
mod random;
mod span;
mod value;

use otlp_core::{Batch, Limits};
use prost::Message;

/// Decodes a batch with prost, after checking that our parser takes it and counts the same items.
fn decode<M: Message + Default>(batch: &Batch) -> M {
    let parsed = Batch::parse(batch.signal(), batch.bytes().clone(), &Limits::default())
        .unwrap_or_else(|error| panic!("{error}: {:?}", batch.bytes()));
    assert_eq!(parsed.items(), batch.items());
    let message = M::decode(batch.bytes().clone()).unwrap();
    // Nothing longer than need be: prost writes minimal varints and leaves defaults out, too.
    assert_eq!(message.encoded_len(), batch.bytes().len());
    message
}
