//! gzip (RFC 1952) on flate2's raw deflate.
//!
//! The member's header and trailer are read here rather than by the library: so that several members, truncation, trailing
//! bytes and every broken field are told apart, with their offsets, and so that a new member costs no new context.

mod header;
mod inflater;

pub(crate) use inflater::Inflater;
