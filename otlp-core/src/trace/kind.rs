//! Enums of spans.

use crate::numbered::numbered;

numbered! {
    /// Relation of a span to its parents and children (`Span.SpanKind`).
    pub enum SpanKind {
        /// Not given.
        Unspecified = 0 "unspecified",
        /// An operation inside an application.
        Internal = 1 "internal",
        /// The handling of a request from outside.
        Server = 2 "server",
        /// A request to another service.
        Client = 3 "client",
        /// A message sent for later.
        Producer = 4 "producer",
        /// A message taken in.
        Consumer = 5 "consumer",
    }
}

numbered! {
    /// How an operation ended (`Status.StatusCode`).
    pub enum StatusCode {
        /// Not set.
        Unset = 0 "unset",
        /// Declared successful by the application.
        Ok = 1 "ok",
        /// Failed.
        Error = 2 "error",
    }
}
