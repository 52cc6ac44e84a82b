//! What became of every item: counted per destination and signal, exact at every moment.

mod account;
mod handle;
mod reason;
mod report;

pub use account::Account;
pub use handle::Ledger;
pub use reason::DropReason;
pub use report::{DestinationReport, Report};
