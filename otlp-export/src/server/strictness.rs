//! What becomes of requests with faults in them.

/// What a [`Server`](crate::Server) does about bad text, nesting that is too deep, and ids that are neither empty nor 16 bytes
/// (traces, profiles) or 8 bytes (spans).
///
/// | | text, nesting, wire format | ids of other lengths |
/// |---|---|---|
/// | `Strict` | the request is refused, 400 or `INVALID_ARGUMENT` | the request is refused |
/// | `Lenient` | the items at fault are cut out, the others taken | the items at fault are cut out |
/// | `AnyId` | the request is refused | pass |
///
/// Refusals name the field path. After a cut the answer is a partial success with the number of items, the path and the reason; see
/// [`otlp_core::salvage`] for what can be saved. In OTLP/JSON only ids can be told apart from the rest: a text that is not UTF-8, not JSON
/// or too deep is refused whatever the setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Strictness {
    /// Refuse (the default).
    #[default]
    Strict,
    /// Save what is good.
    Lenient,
    /// As `Strict`, but ids of any length pass.
    AnyId,
}
