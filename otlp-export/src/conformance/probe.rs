//! The list of probes.

use std::{future::Future, pin::Pin};

use super::{
    Finding, grpc, http, json,
    rule::{RULES, Rule},
    session::Session,
};

/// Asks a server what one rule needs, and says what it saw.
pub(super) type Probe = for<'a> fn(&'a Session) -> Pin<Box<dyn Future<Output = Vec<Finding>> + Send + 'a>>;

macro_rules! probes {
    ($($module:ident: $($name:ident)*;)*) => {
        &[$($(|session| Box::pin($module::$name(session)),)*)*]
    };
}

/// In order of the rules.
pub(super) const ALL: &[Probe] = probes! {
    grpc: g1 g2 g5 g8 g9 g10 g15 g16;
    http: h1 h2 h3 h4 h5 h7 h8 h9 h10 h12 h15;
    json: j1 j2 j3 j4 j5 j6 j7;
};

/// A rule by its id; the tests see to it that there is one.
pub(super) fn rule(id: &str) -> &'static Rule {
    Rule::find(id).unwrap_or(&RULES[0])
}
