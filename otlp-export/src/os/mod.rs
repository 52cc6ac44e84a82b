//! The one thing that needs the operating system itself and has no safe wrapper: noticing a fork.
#![allow(unsafe_code, reason = "one of the rooms for unsafe code: docs/src/decisions, page 6")]

pub(crate) mod fork;
