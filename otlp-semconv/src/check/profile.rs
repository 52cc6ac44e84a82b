//! Profiles: their attributes stand in the dictionary, once for all.

use otlp_core::Signal;
use otlp_core::profiles::ProfilesView;

use super::{
    Item, Run,
    attribute::Bearer,
    identity::Id,
    look::{Scope, place},
    mix::Mix,
    seen::Seen,
};

impl Run<'_> {
    pub(super) fn profiles(&mut self, view: &ProfilesView<'_>) {
        let mut first = None;
        for (r, group) in view.resource_profiles().iter().enumerate() {
            let source = self.source(Signal::Profiles, group.resource(), group.schema_url(), || {
                format!("resourceProfiles[{r}]")
            });
            for (s, group) in group.scope_profiles().iter().enumerate() {
                let path = || format!("resourceProfiles[{r}].scopeProfiles[{s}]");
                let scope = self.scope(Signal::Profiles, &source, group.scope(), group.schema_url(), path);
                for (p, profile) in group.profiles().iter().enumerate() {
                    self.profile(&scope, profile.profile_id(), &|| format!("{}.profiles[{p}]", path()));
                }
                first.get_or_insert(scope);
            }
        }
        // The dictionary is of all resources; with several of them nobody knows whose an attribute is.
        let scope = match first {
            Some(scope) if view.resource_profiles().len() == 1 => scope,
            _ => std::sync::Arc::new(Scope {
                seed: 1,
                service: std::sync::Arc::default(),
                name: std::sync::Arc::default(),
                resource: std::sync::Arc::default(),
            }),
        };
        self.dictionary(&scope, view);
    }

    fn profile(&mut self, scope: &Scope, id: &[u8], path: &dyn Fn() -> String) {
        let id = Id::profile(id);
        let print = {
            let mut mix = Mix::new(scope.seed);
            mix.add(u64::from(id.is_right_or_absent()));
            mix.get()
        };
        if self.is_known(print) {
            return;
        }
        let mut look = self.look(Signal::Profiles, place(scope, Item::Profile, ""), path());
        look.optional_id(id);
        let memory = look.end();
        self.remember(print, memory);
    }

    fn dictionary(&mut self, scope: &Scope, view: &ProfilesView<'_>) {
        let dictionary = view.dictionary();
        let strings: Vec<&str> = dictionary.strings().iter().collect();
        // Entry 0 means "none".
        for (at, attribute) in dictionary.attributes().iter().enumerate().skip(1) {
            let key = usize::try_from(attribute.key_strindex()).ok().and_then(|index| strings.get(index));
            let (Some(key), Some(value)) = (key.copied(), attribute.value()) else { continue };
            let mut mix = Mix::new(scope.seed ^ 3);
            self.checker.fold_one(&mut mix, key.as_bytes(), &value, "");
            if self.is_known(mix.get()) {
                continue;
            }
            let mut look =
                self.look(Signal::Profiles, place(scope, Item::Profile, ""), "dictionary".to_owned());
            let mut seen = Seen::new(look.checker.table.registry.attributes().len());
            look.key_value(key, value, "attributeTable", at, Bearer::Scope, &mut seen);
            let memory = look.end();
            self.remember(mix.get(), memory);
        }
    }
}
