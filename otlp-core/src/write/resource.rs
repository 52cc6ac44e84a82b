//! Resources and scopes: the same in every signal.

use super::{Message, attribute_methods};

/// Writes a `Resource`: what produced the telemetry.
pub struct ResourceWriter<'a>(Message<'a>);

attribute_methods!(ResourceWriter, 0, 1);

impl<'a> ResourceWriter<'a> {
    /// In an open `ResourceSpans` or its like.
    pub(crate) fn begin(group: &'a mut Message<'_>) -> Self {
        Self(group.child(1, 2))
    }

    /// How many attributes were left out (`dropped_attributes_count`).
    pub fn dropped_attributes(&mut self, count: u32) -> &mut Self {
        self.0.dropped_attributes(count);
        self
    }

    /// Adds an entity (`EntityRef`): its type, the attribute keys that identify it, those that describe it, and the URL
    /// of the schema that these follow, empty for none.
    pub fn entity(
        &mut self,
        kind: &str,
        id_keys: &[&str],
        description_keys: &[&str],
        schema_url: &str,
    ) -> &mut Self {
        let mut entity = self.0.child(3, 0);
        entity.string(1, schema_url);
        entity.string(2, kind);
        for key in id_keys {
            entity.element(3, key.as_bytes());
        }
        for key in description_keys {
            entity.element(4, key.as_bytes());
        }
        self
    }
}

/// Writes an `InstrumentationScope`: the library that made the telemetry.
pub struct ScopeWriter<'a>(Message<'a>);

attribute_methods!(ScopeWriter, 0, 3);

impl<'a> ScopeWriter<'a> {
    /// In an open `ScopeSpans` or its like.
    pub(crate) fn begin(group: &'a mut Message<'_>, name: &str, version: &str) -> Self {
        let mut scope = Self(group.child(1, 4));
        scope.0.string(1, name);
        scope.0.string(2, version);
        scope
    }

    /// How many attributes were left out (`dropped_attributes_count`).
    pub fn dropped_attributes(&mut self, count: u32) -> &mut Self {
        self.0.dropped_attributes(count);
        self
    }
}
