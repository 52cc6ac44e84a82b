//! Aggregation against plain code over the generated types.

mod conversion;
mod merging;
mod oracle;
