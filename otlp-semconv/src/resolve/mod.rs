//! From a model's YAML to a [`Registry`](crate::registry::Registry): both dialects, references followed, registries stacked.

mod attribute;
mod build;
mod condition;
mod definition;
mod error;
mod expected;
mod field;
mod groups;
mod item;
mod limit;
mod link;
mod load;
mod name;
mod resolved;
mod stack;
mod yaml;

pub use error::{Error, Place, Problem};
pub use limit::Limits;
pub use load::Resolver;

#[cfg(test)]
mod tests;
