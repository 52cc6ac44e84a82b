//! The registry that comes with the crate.

use std::sync::OnceLock;

use super::Registry;

static TEXT: &str = include_str!("../generated/registry.txt");
static BUILTIN: OnceLock<Registry> = OnceLock::new();

impl Registry {
    /// The OpenTelemetry conventions this crate was generated from ([`version`](Self::version)), facts only. The
    /// definitions of GenAI, MCP and OpenAI are the last live ones from before they moved to a registry of their own.
    ///
    /// Decoded at the first call, from text inside the program: no file, no network.
    pub fn builtin() -> &'static Self {
        BUILTIN.get_or_init(|| match Self::from_compact(TEXT) {
            Ok(registry) => registry,
            Err(error) => unreachable!("generated and tested: {error}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Registry;

    #[test]
    fn the_built_in_registry_is_complete_and_says_what_moved() {
        let registry = Registry::builtin();
        assert_eq!(registry.version(), "1.44.0");
        assert_eq!(registry.attributes().len(), 940);
        assert_eq!(registry.metrics().len(), 541);
        assert_eq!((registry.spans().len(), registry.span_refinements().len()), (78, 35));
        assert_eq!(registry.events().len(), 32);
        assert_eq!(registry.entities().len(), 64);
        let chat = registry.span("gen_ai.inference.client").unwrap();
        assert!(chat.deprecated.is_none() && chat.origin.moved);
        assert_eq!(registry.source(chat.origin).unwrap().version(), "1.41.1");
        assert!(registry.span("http.server").unwrap().origin.source == 0);
        // What was deprecated before it moved still is.
        assert!(registry.attribute("gen_ai.system").unwrap().deprecated.is_some());
    }

    #[test]
    fn the_built_in_registry_holds_no_prose() {
        let registry = Registry::builtin();
        assert!(registry.attributes().iter().all(|attribute| attribute.details.is_none()));
        let uses = registry.spans().iter().flat_map(|span| &span.attributes);
        assert!(uses.filter_map(|used| used.condition.as_ref()).all(|condition| condition.text.is_empty()));
    }

    #[test]
    fn the_built_in_registry_is_what_it_writes() {
        assert_eq!(Registry::builtin().to_compact(), super::TEXT);
    }
}
