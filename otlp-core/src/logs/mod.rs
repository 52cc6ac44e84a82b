//! Logs: records in scopes in resources.

mod severity;
mod view;
mod writer;

pub use severity::Severity;
pub use view::{LogRecordView, LogsView, ResourceLogsView, ScopeLogsView};
pub use writer::{LogRecordWriter, LogsWriter, ResourceLogsWriter, ScopeLogsWriter};
