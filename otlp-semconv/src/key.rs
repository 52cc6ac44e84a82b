//! `Key` and `TemplateKey`: an attribute's name with what the convention says about it.

use core::fmt;
use core::marker::PhantomData;

use crate::{Attribute, Deprecated, Given, Kind, Stability, ValueType};

/// The key of an attribute; `T` is what values it takes.
///
/// A key is a constant: whatever of it is not used leaves no trace in a program. `T` is `str`, `i64`, `f64`, `bool`,
/// `[&str]`, `[i64]`, [`Any`](crate::Any), or the enum of the attribute's known values.
///
/// ```
/// use otlp_semconv::{Value, http};
///
/// let method = http::REQUEST_METHOD.of(http::RequestMethod::Get);
/// assert_eq!((method.key(), method.value()), ("http.request.method", Value::Str("GET")));
/// assert_eq!(http::ROUTE.of("/cart").value(), Value::Str("/cart"));
/// ```
///
/// A value of another type does not compile:
///
/// ```compile_fail,E0277
/// otlp_semconv::http::RESPONSE_STATUS_CODE.of("ok");
/// ```
pub struct Key<T: ?Sized> {
    name: &'static str,
    stability: Stability,
    deprecated: Option<Deprecated>,
    values: PhantomData<fn(&T)>,
}

impl<T: ?Sized> Key<T> {
    pub(crate) const fn new(name: &'static str, stability: Stability) -> Self {
        Self { name, stability, deprecated: None, values: PhantomData }
    }

    #[cfg(feature = "deprecated")]
    pub(crate) const fn deprecate(self, reason: Deprecated) -> Self {
        Self { deprecated: Some(reason), ..self }
    }

    /// The name: `http.route`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How far the attribute has come.
    pub const fn stability(&self) -> Stability {
        self.stability
    }

    /// Why the attribute should no longer be used; `None` if it may.
    pub const fn deprecated(&self) -> Option<Deprecated> {
        self.deprecated
    }
}

impl<T: Kind + ?Sized> Key<T> {
    /// The type of the attribute's values on the wire.
    pub const fn value_type(&self) -> ValueType {
        T::TYPE
    }

    /// The attribute with this value.
    #[inline(always)]
    pub fn of<'a>(&self, value: impl Given<T::Value<'a>>) -> Attribute<'a> {
        Attribute::new(self.name, value.given().into())
    }
}

impl<T: ?Sized> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Key<T> {}

impl<T: ?Sized> AsRef<str> for Key<T> {
    fn as_ref(&self) -> &str {
        self.name
    }
}

impl<T: ?Sized> fmt::Display for Key<T> {
    /// The name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}

impl<T: ?Sized> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?})", self.name)
    }
}

/// A key of which the caller chooses the last part: what template attributes such as `http.request.header.<key>` are.
///
/// ```
/// use otlp_semconv::http;
///
/// let header = http::request_header("content-type").of(&["text/html"]);
/// assert_eq!(header.name().to_string(), "http.request.header.content-type");
/// ```
pub struct TemplateKey<'a, T: ?Sized> {
    /// Ends in a dot.
    prefix: &'static str,
    suffix: &'a str,
    stability: Stability,
    deprecated: Option<Deprecated>,
    values: PhantomData<fn(&T)>,
}

impl<'a, T: ?Sized> TemplateKey<'a, T> {
    pub(crate) const fn new(prefix: &'static str, suffix: &'a str, stability: Stability) -> Self {
        Self { prefix, suffix, stability, deprecated: None, values: PhantomData }
    }

    #[cfg(feature = "deprecated")]
    pub(crate) const fn deprecate(self, reason: Deprecated) -> Self {
        Self { deprecated: Some(reason), ..self }
    }

    /// The name, in two parts.
    pub const fn name(&self) -> Name<'a> {
        Name::joined(self.prefix, self.suffix)
    }

    /// How far the attribute has come.
    pub const fn stability(&self) -> Stability {
        self.stability
    }

    /// Why the attribute should no longer be used; `None` if it may.
    pub const fn deprecated(&self) -> Option<Deprecated> {
        self.deprecated
    }
}

impl<'a, T: Kind + ?Sized> TemplateKey<'a, T> {
    /// The type of the attribute's values on the wire.
    pub const fn value_type(&self) -> ValueType {
        T::TYPE
    }

    /// The attribute with this value.
    #[inline(always)]
    pub fn of(&self, value: impl Given<T::Value<'a>>) -> Attribute<'a> {
        Attribute::named(self.name(), value.given().into())
    }
}

impl<T: ?Sized> Clone for TemplateKey<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for TemplateKey<'_, T> {}

impl<T: ?Sized> fmt::Debug for TemplateKey<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TemplateKey(\"{}\")", self.name())
    }
}

/// An attribute's name: a constant, or the prefix of a template and what the caller put behind it.
///
/// It is kept in two parts, so that putting a name together needs no memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name<'a> {
    prefix: &'static str,
    suffix: &'a str,
}

impl<'a> Name<'a> {
    pub(crate) const fn constant(name: &'static str) -> Self {
        Self { prefix: name, suffix: "" }
    }

    #[inline(always)]
    pub(crate) const fn joined(prefix: &'static str, suffix: &'a str) -> Self {
        Self { prefix, suffix }
    }

    /// The two parts; the second is empty unless this is a template's name.
    pub const fn parts(&self) -> (&'static str, &'a str) {
        (self.prefix, self.suffix)
    }

    /// The constant name; of a template its prefix, with the dot.
    pub const fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// Whether the name is a constant.
    pub const fn is_constant(&self) -> bool {
        self.suffix.is_empty()
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix)?;
        f.write_str(self.suffix)
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}
