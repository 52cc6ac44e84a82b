//! Profiles: samples over shared dictionary tables, in scopes in resources.

mod dictionary;
mod handle;
pub(crate) mod layout;
pub(crate) mod rebase;
mod view;
mod writer;

pub use dictionary::{DictionaryWriter, Function, Line, Location, Mapping};
pub use handle::{AttributeId, FunctionId, LinkId, LocationId, MappingId, StackId, StringId};
pub use view::{
    AttributeUnitView, DictionaryView, FunctionView, LineView, LocationView, MappingView, ProfileLinkView,
    ProfileView, ProfilesView, ResourceProfilesView, SampleView, ScopeProfilesView, StackView, ValueTypeView,
};
pub use writer::{ProfileWriter, ProfilesWriter, ResourceProfilesWriter, Sample, ScopeProfilesWriter};
