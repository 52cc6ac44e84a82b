//! What a receiver says about a batch.

use std::time::Duration;

/// What a [`Receiver`](crate::Receiver) made of a batch; the server turns it into the answer of the transport in use.
///
/// | verdict | gRPC | HTTP |
/// |---|---|---|
/// | `Accepted` | `OK`, `partial_success` unset | 200 |
/// | `Partial` | `OK`, `partial_success` set | 200 |
/// | `RetryLater` | `UNAVAILABLE`, with `RetryInfo` if `after` is given | 503, with `Retry-After` if `after` is given |
/// | `Invalid` | `INVALID_ARGUMENT` with `BadRequest` | 400 with `BadRequest` |
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// All items are taken; the sender may forget them.
    Accepted,
    /// Some items are refused for good and the others taken; the sender must not send the batch again (rules G10, G11).
    Partial {
        /// How many items (spans, data points, log records, profiles) are refused; 0 makes the message a warning.
        rejected: u64,
        /// Why, in English, for the developer of the sender. Cut if the response would grow over its limit.
        message: String,
    },
    /// Nothing is taken, the sender may send the same batch again.
    RetryLater {
        /// How long the sender shall wait; HTTP carries whole seconds, rounded up.
        after: Option<Duration>,
    },
    /// Nothing is taken and sending the same batch again is pointless.
    Invalid {
        /// What is wrong with the batch, in English, for the developer of the sender.
        what: String,
    },
}

impl Verdict {
    /// Some items are refused for good: how many and why.
    #[must_use]
    pub fn partial(rejected: u64, message: impl Into<String>) -> Self {
        Self::Partial { rejected, message: message.into() }
    }

    /// All items are taken, with a word to the sender's developer.
    #[must_use]
    pub fn warning(message: impl Into<String>) -> Self {
        Self::partial(0, message)
    }

    /// Nothing is taken; the sender may try again after this time.
    #[must_use]
    pub const fn retry_after(after: Duration) -> Self {
        Self::RetryLater { after: Some(after) }
    }

    /// The batch is refused for good: what is wrong with it.
    #[must_use]
    pub fn invalid(what: impl Into<String>) -> Self {
        Self::Invalid { what: what.into() }
    }
}
