//! Telemetry as text for people: data in, `String` out, nothing printed here.
//!
//! Everything that comes from telemetry passes [`clean`](clean::clean) on its way to a terminal and [`escape`](html::escape) on
//! its way into a page.

pub(crate) mod bar;
pub(crate) mod clean;
pub(crate) mod html;
pub(crate) mod log;
pub(crate) mod metric;
pub(crate) mod number;
pub(crate) mod profile;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod value;
pub(crate) mod waterfall;
