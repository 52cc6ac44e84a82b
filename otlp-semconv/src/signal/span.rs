//! `Span`: what the builders of all span types share.

use core::fmt;

use crate::{Attributes, Stability};

/// A span type of the conventions, as a builder.
///
/// What the convention requires is an argument of `new`, so that it cannot be forgotten:
///
/// ```
/// use otlp_semconv::{Span as _, http};
///
/// let span = http::span::Server::new("GET", "/cart/7", "https").route("/cart/{id}");
/// assert_eq!(span.name().to_string(), "GET /cart/{id}");
/// ```
///
/// ```compile_fail,E0061
/// otlp_semconv::http::span::Server::new("GET", "/cart/7");
/// ```
pub trait Span: Attributes {
    /// The type, as the registry calls it: `http.server`. Of a refinement its id: `messaging.kafka.send.producer`.
    const TYPE: &'static str;
    /// The kind.
    const KIND: SpanKind;
    /// How far the definition has come.
    const STABILITY: Stability;

    /// Writes the name that the convention gives a span with these attributes; nothing where it gives none.
    fn write_name(&self, out: &mut impl fmt::Write) -> fmt::Result;

    /// The name that the convention gives a span with these attributes, to be displayed; empty where it gives none.
    fn name(&self) -> SpanName<'_, Self>
    where
        Self: Sized,
    {
        SpanName(self)
    }

    /// Begins a span in a scope, with the convention's name and kind and all attributes.
    ///
    /// ```
    /// use otlp_core::trace::TracesWriter;
    /// use otlp_core::{SpanId, TraceId};
    /// use otlp_semconv::{Entity as _, Span as _, http, service};
    ///
    /// let mut writer = TracesWriter::new();
    /// let mut resource = writer.resource(|resource| service::entity::Service::new("shop").describe(resource));
    /// let mut scope = resource.scope("shop.http", "0.3.0");
    /// let mut span = http::span::Server::new("GET", "/cart/7", "https")
    ///     .route("/cart/{id}")
    ///     .response_status_code(200)
    ///     .begin(&mut scope);
    /// span.ids(TraceId::from_bytes([7; 16]), SpanId::from_bytes([1; 8]), None).times(1, 2);
    /// assert_eq!(writer.finish().items(), 1);
    /// ```
    #[cfg(feature = "write")]
    #[inline(always)]
    fn begin<'w>(
        &self,
        scope: &'w mut otlp_core::trace::ScopeSpansWriter<'_>,
    ) -> otlp_core::trace::SpanWriter<'w>
    where
        Self: Sized,
    {
        crate::write::begin_span(self, scope)
    }
}

/// A span's name, put together when it is displayed.
pub struct SpanName<'a, S>(&'a S);

impl<S: Span> fmt::Display for SpanName<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_name(f)
    }
}

impl<S: Span> fmt::Debug for SpanName<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// A span's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SpanKind {
    /// Work within a process.
    Internal,
    /// The handling of a request.
    Server,
    /// An outgoing request.
    Client,
    /// A message handed over for later.
    Producer,
    /// A message taken and handled.
    Consumer,
}

impl SpanKind {
    /// The model's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }

    /// The kind behind the model's word, `None` for any other word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "internal" => Self::Internal,
            "server" => Self::Server,
            "client" => Self::Client,
            "producer" => Self::Producer,
            "consumer" => Self::Consumer,
            _ => return None,
        })
    }
}
