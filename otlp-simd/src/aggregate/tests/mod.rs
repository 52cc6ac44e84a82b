//! Aggregation against plain code over the generated types.

mod conversion;
mod conversion_model;
mod merging;
mod oracle;
