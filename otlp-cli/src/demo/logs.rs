//! The story's log records as a batch.

use otlp::Batch;
use otlp::logs::LogsWriter;

use super::service::{SCHEMA, SERVICES, describe};
use super::story::{MS, Story};
use super::traces::put;

/// All records of the story, by service.
pub(super) fn batch(story: &Story) -> Batch {
    let mut writer = LogsWriter::new();
    for about in &SERVICES {
        let mut logs = story.logs.iter().filter(|log| log.service == about.service).peekable();
        if logs.peek().is_none() {
            continue;
        }
        let mut resource = writer.resource(|resource| describe!(resource, about));
        resource.schema_url(SCHEMA);
        let mut scope = resource.scope(&format!("shop.{}", about.name), about.version);
        for log in logs {
            let mut record = scope.record();
            // Seen by the collecting side a moment later.
            record.times(log.time, log.time + MS).severity(log.severity, log.severity.as_str());
            record.body(log.body.as_str());
            put!(record, &log.attributes);
            if let Some((trace, span)) = log.context {
                record.ids(trace, span).flags(1);
            }
        }
    }
    writer.finish()
}
