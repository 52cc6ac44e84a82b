use crate::registry::Registry;
use crate::resolve::Resolver;

fn read(text: &str) -> Registry {
    Resolver::new().files([("resolved.yaml", text)]).unwrap()
}

/// The facts that the form has a place for.
fn facts(registry: &Registry) -> String {
    let mut registry = registry.clone();
    registry.groups.retain(|group| group.public);
    // A group's attributes are named without more in this form.
    registry.groups.iter_mut().for_each(|group| group.attributes.clear());
    registry.to_compact()
}

#[test]
fn the_built_in_registry_comes_back_from_yaml_and_json() {
    let registry = Registry::builtin();
    let yaml = registry.to_resolved_yaml();
    let from_yaml = read(&yaml);
    similar(&facts(&from_yaml), &facts(registry));
    let json = registry.to_resolved_json();
    assert_eq!(read(&json), from_yaml);
    // From here on nothing changes any more.
    assert_eq!(from_yaml.to_resolved_yaml(), yaml);
}

/// Equality that shows the first line that differs.
fn similar(left: &str, right: &str) {
    let first = left.lines().zip(right.lines()).find(|(left, right)| left != right);
    assert_eq!(first, None);
    assert_eq!(left.len(), right.len());
}

#[test]
fn a_resolved_file_without_a_schema_url_is_still_the_registry_itself() {
    let text = "file_format: definition/2\nattributes: [{key: a.b, type: int}]\n";
    let registry = Resolver::new().files([("a.yaml", text)]).unwrap();
    let again = read(&registry.to_resolved_yaml());
    assert_eq!((again.sources().len(), again.attributes()[0].origin.source), (1, 0));
    assert_eq!(again, read(&again.to_resolved_json()));
}
