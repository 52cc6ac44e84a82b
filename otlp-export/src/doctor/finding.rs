//! What was found, and what would help.

use std::fmt;

use otlp_core::Signal;

use crate::Protocol;

/// One step on the way to an endpoint, and how it went.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The step.
    pub step: Step,
    /// The signals that take this way.
    pub signals: Vec<Signal>,
    /// Where to: scheme, host and port, for [`Step::Export`] the path too; never a query.
    pub endpoint: String,
    /// How it went.
    pub health: Health,
    /// What was seen, on one line. Holds words of the server's and of its certificates, and no header's value.
    pub text: String,
    /// What would help, where that is known.
    pub remedy: Option<Remedy>,
}

/// The steps, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Certificate files and endpoint can be used.
    Settings,
    /// The host's name has addresses.
    Dns,
    /// Somebody listens.
    Connect,
    /// The server's certificates are to be trusted.
    Tls,
    /// The clocks agree.
    Clock,
    /// An empty request is taken.
    Export,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Settings => "settings",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Clock => "clock",
            Self::Export => "export",
        })
    }
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Health {
    /// Well.
    Good,
    /// Well enough for telemetry to arrive.
    Warning,
    /// Telemetry does not arrive.
    Bad,
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        })
    }
}

/// A change that would help.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Remedy {
    /// Another endpoint or protocol, which was tried and answers.
    Endpoint {
        /// Scheme, host and port.
        origin: String,
        /// What is spoken there.
        protocol: Protocol,
    },
    /// The signal's whole URL, which was tried and answers.
    SignalUrl(String),
    /// Nobody listens: a server is to be started.
    Server,
    /// Credentials, or others: a header.
    Credentials,
    /// The file of the certificate authority that signed the server's certificate.
    Authority,
    /// A client certificate and its key.
    Identity,
    /// Another name of the host: one of those that the certificate is for.
    Name(Vec<String>),
    /// The clock is to be set.
    Clock,
}
