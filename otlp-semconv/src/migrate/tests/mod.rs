//! What migration must not get wrong.

mod hazard;
mod kit;
