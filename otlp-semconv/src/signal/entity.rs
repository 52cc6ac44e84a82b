//! `Entity`: what the builders of all entities share.

use crate::{Attributes, Stability};

/// An entity of the conventions, as a builder: something that a resource describes.
///
/// ```
/// use otlp_semconv::{Entity as _, service};
///
/// let service = service::entity::Service::new("shop").version("1.4.2");
/// # let _ = service;
/// assert_eq!(service::entity::Service::IDENTITY, ["service.name"]);
/// ```
///
/// ```compile_fail,E0061
/// otlp_semconv::service::entity::Service::new();
/// ```
pub trait Entity: Attributes {
    /// The entity's type: `k8s.pod`.
    const TYPE: &'static str;
    /// Keys of the attributes that tell one entity of the type from another.
    const IDENTITY: &'static [&'static str];
    /// How far the definition has come.
    const STABILITY: Stability;

    /// Writes all attributes into a resource, and the reference that says which of them identify the entity. There is
    /// no reference if one of those is missing or the convention names none.
    #[cfg(feature = "write")]
    fn describe(&self, resource: &mut otlp_core::write::ResourceWriter<'_>)
    where
        Self: Sized,
    {
        crate::write::describe(self, resource);
    }
}
