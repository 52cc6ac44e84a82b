//! Logs: records in scopes in resources.

mod severity;
mod view;

pub use severity::Severity;
pub use view::{LogRecordView, LogsView, ResourceLogsView, ScopeLogsView};
