//! The kinds of work, one file each. A file's function gives its contests on the payloads.

mod aggregate;
#[cfg(feature = "arrow")]
mod arrow;
mod encode;
mod json;
mod keep;
mod kernel;
mod merge;
mod parse;
mod share;
mod split;
#[cfg(feature = "transport")]
mod transport;
mod write;

use crate::contest::Contest;
use crate::payload::Payloads;

/// Makes contests; what they borrow is the payloads.
pub type Make = for<'a> fn(&'a Payloads) -> anyhow::Result<Vec<Contest<'a>>>;

/// All of it, in the order of the report.
pub const ALL: &[(&str, Make)] = &[
    ("parse", parse::parse),
    ("walk", parse::walk),
    ("parse+walk", parse::both),
    ("checked", parse::checked),
    ("write", write::rows),
    ("encode", encode::tree),
    ("split", split::split),
    ("concat", merge::concat),
    ("regroup", merge::regroup),
    ("filter", keep::filter),
    ("sample", keep::sample),
    ("sampled ids", share::ids),
    ("profiles", share::profiles),
    ("json write", json::write),
    ("json read", json::read),
    ("aggregate", aggregate::points),
    ("kernels", kernel::kernels),
    #[cfg(feature = "arrow")]
    ("arrow", arrow::all),
    #[cfg(feature = "transport")]
    ("grpc", transport::grpc),
    #[cfg(feature = "transport")]
    ("http", transport::http),
];
