//! Resources and scopes.

use std::sync::Arc;

use otlp_core::Signal;
use otlp_core::value::{ResourceView, ScopeView};

use super::{
    FindingId, Item, Place, Run,
    attribute::Bearer,
    look::{Look, Scope, Source, place},
    mix::Mix,
    schema_url::{self, Trouble},
    store::{Words, clip, shared},
};

impl Run<'_> {
    /// Looks at the resource of a group.
    pub(super) fn source(
        &mut self,
        signal: Signal,
        resource: Option<ResourceView<'_>>,
        schema_url: &str,
        path: impl Fn() -> String,
    ) -> Arc<Source> {
        self.tally.resources += 1;
        let checker = self.checker;
        let keyed = &checker.table.keyed;
        let service = resource.and_then(|resource| resource.service_name()).unwrap_or_default();
        let mut mix = Mix::new(signal as u64 + 1);
        mix.add(keyed.text(service.as_bytes()));
        mix.add(keyed.text(schema_url.as_bytes()));
        if let Some(resource) = &resource {
            checker.fold(&mut mix, &resource.attributes());
        }
        let print = mix.get();
        if let Some((memory, source)) = self.sources.get_mut(&print) {
            memory.hits += 1;
            return Arc::clone(source);
        }
        let service = shared(service);
        let at = Place {
            service: Arc::clone(&service),
            scope: Arc::default(),
            item: Item::Resource,
            name: Arc::default(),
        };
        let mut look = self.look(signal, at, format!("{}.resource", path()));
        let present = match &resource {
            Some(resource) => {
                let seen = look.attributes(resource.attributes(), "attributes", Bearer::Resource);
                seen.indices().map(|index| index as u32).collect()
            }
            None => Vec::new(),
        };
        look.schema_url(schema_url);
        let memory = look.end();
        self.note_worst(&memory);
        let source =
            Arc::new(Source { seed: print, service, present, has_schema_url: !schema_url.is_empty() });
        self.make_room();
        self.sources.insert(print, (memory, Arc::clone(&source)));
        source
    }

    /// Looks at the scope of a group.
    pub(super) fn scope(
        &mut self,
        signal: Signal,
        source: &Arc<Source>,
        scope: Option<ScopeView<'_>>,
        schema_url: &str,
        path: impl Fn() -> String,
    ) -> Arc<Scope> {
        self.tally.scopes += 1;
        let checker = self.checker;
        let keyed = &checker.table.keyed;
        let name = scope.map_or("", |scope| scope.name());
        let mut mix = Mix::new(source.seed);
        mix.add(keyed.text(name.as_bytes()));
        mix.add(keyed.text(schema_url.as_bytes()));
        if let Some(scope) = &scope {
            checker.fold(&mut mix, &scope.attributes());
        }
        let print = mix.get();
        if let Some((memory, scope)) = self.scopes.get_mut(&print) {
            memory.hits += 1;
            return Arc::clone(scope);
        }
        let known = Arc::new(Scope {
            seed: print,
            service: Arc::clone(&source.service),
            name: shared(name),
            resource: Arc::clone(source),
        });
        let mut look = self.look(signal, place(&known, Item::Scope, ""), format!("{}.scope", path()));
        if let Some(scope) = &scope {
            look.attributes(scope.attributes(), "attributes", Bearer::Scope);
        }
        look.schema_url(schema_url);
        if schema_url.is_empty() && !source.has_schema_url {
            look.note(FindingId::SchemaUrl, "", "", String::new, || {
                Words::new("Neither scope nor resource says by its schema URL which version of the conventions it follows.".to_owned())
            });
        }
        let memory = look.end();
        self.note_worst(&memory);
        self.make_room();
        self.scopes.insert(print, (memory, Arc::clone(&known)));
        known
    }
}

impl Look<'_, '_> {
    fn schema_url(&mut self, url: &str) {
        if url.is_empty() {
            return;
        }
        let registry = self.checker.table.registry;
        let Some(trouble) = schema_url::trouble(url, registry) else { return };
        self.note(FindingId::SchemaUrl, url, "", String::new, || {
            let url = clip(url);
            match trouble {
                Trouble::Malformed => {
                    Words::new(format!("The schema URL `{url}` does not end in a version."))
                        .fix("write it as https://HOST/PATH/1.2.3")
                }
                Trouble::Newer => {
                    let known = registry.version();
                    Words::new(format!(
                        "The schema URL `{url}` is of a version after {known}, which is checked against."
                    ))
                }
                Trouble::Unpublished => {
                    Words::new(format!("The schema URL `{url}` is of a version that was never published."))
                }
            }
        });
    }
}
