use super::*;
use crate::registry::*;

/// Resolves one file of the newer dialect.
fn newer(text: &str) -> Result<Registry, Error> {
    Resolver::new().files([("new.yaml", &*format!("file_format: definition/2\n{text}"))])
}

#[test]
fn a_key_stands_for_its_attribute() {
    let registry = newer("attributes:\n- {key: a.b, type: int, stability: stable, brief: x}\n").unwrap();
    assert_eq!(registry.attribute("a.b").unwrap().value_type, AttributeType::Plain(ValueType::Int));
}
