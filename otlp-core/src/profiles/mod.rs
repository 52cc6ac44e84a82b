//! Profiles: samples over shared dictionary tables, in scopes in resources.

pub(crate) mod layout;
mod view;

pub use view::{
    AttributeUnitView, DictionaryView, FunctionView, LineView, LocationView, MappingView, ProfileLinkView,
    ProfileView, ProfilesView, ResourceProfilesView, SampleView, ScopeProfilesView, StackView, ValueTypeView,
};
