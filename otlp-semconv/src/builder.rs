//! Builders: macros that turn a table of attributes into one, and what the code they make calls.
//!
//! All of it is inlined: what a caller never sets is then known to be absent, and neither the builder nor the test for
//! the attribute is left in the program.

use core::fmt;

use crate::{Attribute, Attributes, Entries, Name, Part, Sink, Value};

/// A builder: `pin` lines are attributes with one right value, `need` lines arguments of `new`, `may` lines options.
///
/// `sampled` or `later` says whether samplers look at the attribute; a `may` line may depend on a feature.
macro_rules! builder {
    (
        $(#[$doc:meta])*
        $name:ident
        $(pin $pinned_key:literal = $pinned:literal $pinned_when:ident;)*
        $(need $need:ident: $need_type:ty = $need_key:literal $need_when:ident $need_doc:literal;)*
        $(may $([$cfg:meta])? $may:ident: $may_type:ty = $may_key:literal $may_when:ident $may_doc:literal;)*
    ) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name<'a> {
            $($need: $need_type,)*
            $($(#[cfg($cfg)])? $may: Option<$may_type>,)*
            borrowed: core::marker::PhantomData<&'a ()>,
        }

        impl<'a> $name<'a> {
            /// With everything that is required.
            #[inline(always)]
            pub fn new($($need: impl $crate::Given<$need_type>,)*) -> Self {
                Self {
                    $($need: $need.given(),)*
                    $($(#[cfg($cfg)])? $may: None,)*
                    borrowed: core::marker::PhantomData,
                }
            }

            $(
                #[doc = concat!("`", $need_key, "`: ", $need_doc, ".")]
                ///
                /// Replaces what `new` got, which at a span's start may not be known yet.
                #[inline(always)]
                #[must_use]
                pub fn $need(mut self, value: impl $crate::Given<$need_type>) -> Self {
                    self.$need = value.given();
                    self
                }
            )*

            $(
                #[doc = concat!("`", $may_key, "`: ", $may_doc, ".")]
                $(#[cfg($cfg)])?
                #[inline(always)]
                #[must_use]
                pub fn $may(mut self, value: impl $crate::Maybe<$may_type>) -> Self {
                    self.$may = value.maybe();
                    self
                }
            )*
        }

        impl $crate::Attributes for $name<'_> {
            #[inline(always)]
            fn each(&self, part: $crate::Part, sink: &mut impl $crate::Sink) {
                $(
                    if part.takes($pinned_when) {
                        $crate::builder::Field::send($pinned, $pinned_key, sink);
                    }
                )*
                $(
                    if part.takes($need_when) {
                        $crate::builder::Field::send(self.$need, $need_key, sink);
                    }
                )*
                $(
                    $(#[cfg($cfg)])?
                    if let Some(value) = self.$may
                        && part.takes($may_when)
                    {
                        $crate::builder::Field::send(value, $may_key, sink);
                    }
                )*
            }
        }

        impl core::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                $crate::builder::debug(self, stringify!($name), f)
            }
        }
    };
}

/// The attributes of a metric's points.
macro_rules! metric {
    ($name:ident: $kind:ty, $metric:ident; $($builder:tt)*) => {
        builder! { $($builder)* }

        impl $crate::MetricAttributes for $name<'_> {
            type Kind = $kind;
            const METRIC: $crate::Metric<$kind> = $metric;
        }
    };
}

/// A span type; the templates of its name stand after it, best first.
macro_rules! span {
    (
        $name:ident: $type:literal, $kind:ident, $stability:ident;
        |$span:ident| $($(#[$gate:meta])* [$($piece:expr),*])*;
        $($builder:tt)*
    ) => {
        builder! { $($builder)* }

        impl $crate::Span for $name<'_> {
            const TYPE: &'static str = $type;
            const KIND: $crate::SpanKind = $crate::SpanKind::$kind;
            const STABILITY: $crate::Stability = $crate::Stability::$stability;

            #[inline(always)]
            fn write_name(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
                let $span = self;
                $(
                    $(#[$gate])*
                    if let Some(written) = $crate::signal::write_whole(out, [$($piece),*]) {
                        return written;
                    }
                )*
                Ok(())
            }
        }
    };
}

/// An event.
macro_rules! event {
    ($name:ident: $event:literal, $stability:ident; $($builder:tt)*) => {
        builder! { $($builder)* }

        impl $crate::Event for $name<'_> {
            const NAME: &'static str = $event;
            const STABILITY: $crate::Stability = $crate::Stability::$stability;
        }
    };
}

/// An entity, with the keys that identify one.
macro_rules! entity {
    ($name:ident: $type:literal, $identity:expr, $stability:ident; $($builder:tt)*) => {
        builder! { $($builder)* }

        impl $crate::Entity for $name<'_> {
            const TYPE: &'static str = $type;
            const IDENTITY: &'static [&'static str] = $identity;
            const STABILITY: $crate::Stability = $crate::Stability::$stability;
        }
    };
}

pub(crate) use {builder, entity, event, metric, span};

/// Samplers look at the attribute.
pub(crate) const SAMPLED: bool = true;
/// They do not.
pub(crate) const LATER: bool = false;

impl Part {
    /// Whether the part has attributes that samplers look at (`true`), or the others.
    #[inline(always)]
    pub(crate) const fn takes(self, sampling: bool) -> bool {
        match self {
            Self::All => true,
            Self::Start => sampling,
            Self::Later => !sampling,
        }
    }
}

/// How one field of a builder gets out.
pub(crate) trait Field {
    fn send(self, key: &'static str, sink: &mut impl Sink);
}

impl<'a, T: Into<Value<'a>>> Field for T {
    #[inline(always)]
    fn send(self, key: &'static str, sink: &mut impl Sink) {
        sink.put(Attribute::new(key, self.into()));
    }
}

/// Of a template; the key ends in its dot.
impl<'a, T: Copy + Into<Value<'a>>> Field for Entries<'a, T> {
    #[inline(always)]
    fn send(self, key: &'static str, sink: &mut impl Sink) {
        for (suffix, value) in self.0 {
            sink.put(Attribute::named(Name::joined(key, suffix), (*value).into()));
        }
    }
}

/// The `Debug` of all builders: the attributes that are set.
pub(crate) fn debug(attributes: &impl Attributes, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(name)?;
    let mut list = f.debug_set();
    attributes.each(Part::All, &mut |attribute: Attribute<'_>| {
        list.entry(&attribute);
    });
    list.finish()
}
