//! What migration must not get wrong.

mod hazard;
mod kit;
mod oracle;
mod round_trip;
mod table;
