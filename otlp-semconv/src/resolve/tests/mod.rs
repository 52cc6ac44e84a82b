//! Cases of the syntax, one rule each; the larger ones rebuild what weaver's resolver is tested with.

mod hostile;
mod mixed;
mod newer;
mod older;
mod stacked;
mod words;

use super::{Error, Problem, Resolver};
use crate::registry::{AttributeUse, Registry};

/// Resolves one file of the newer dialect.
fn newer(text: &str) -> Result<Registry, Error> {
    Resolver::new().files([("new.yaml", &*format!("file_format: definition/2\n{text}"))])
}

/// Resolves one file of the older dialect.
fn older(text: &str) -> Result<Registry, Error> {
    Resolver::new().files([("old.yaml", &*format!("groups:\n{text}"))])
}

/// The one of some uses that is of this attribute.
fn used<'u>(registry: &Registry, uses: &'u [AttributeUse], key: &str) -> &'u AttributeUse {
    uses.iter().find(|used| registry[used.attribute].key == key).unwrap_or_else(|| panic!("no {key}"))
}

/// The keys that are used.
fn keys<'r>(registry: &'r Registry, uses: &[AttributeUse]) -> Vec<&'r str> {
    uses.iter().map(|used| &*registry[used.attribute].key).collect()
}

/// What an error says, place included.
fn message(result: Result<Registry, Error>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn an_error_tells_place_and_problem_apart() {
    let error = newer("spans:\n- type: a\n  kind: client\n  attributes:\n  - ref: gone\n").unwrap_err();
    assert_eq!((&*error.place().file, error.place().line, &*error.place().id), ("new.yaml", 6, "a"));
    assert!(matches!(error.problem(), Problem::Dangling { what: "attribute", name } if name == "gone"));
}
