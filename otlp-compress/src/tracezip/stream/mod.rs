//! Frames that build on those before: one encoder and one decoder per connection, dictionaries and models kept between.

mod decoder;
mod encoder;
mod limits;

pub use decoder::StreamDecoder;
pub use encoder::{StreamEncoder, Ticket};
pub use limits::StreamLimits;
