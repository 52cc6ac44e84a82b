//! Code made by `cargo xtask codegen proto`; nothing here is public, the façades `proto` and `schema` choose names.

#[allow(clippy::needless_borrow, reason = "the generator borrows without looking")]
mod encode;
#[allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    reason = "prost writes no docs and its own style"
)]
pub(crate) mod proto;
#[allow(dead_code, reason = "the descriptors define more messages than requests reach")]
pub(crate) mod schema;
