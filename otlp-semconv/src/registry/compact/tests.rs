use super::super::*;

const SMALL: &str = "\
registry\t1
source\thttps://example.com/schemas/1.2.3
source\thttps://opentelemetry.io/schemas/1.44.0
a\tacme.color\tenum:string\tdevelopment
m\tred\tsRED\tstable
m\tblue\tsblue\talpha\txrred
a\tacme.header\ttemplate:string[]\tstable\to1
a\tacme.old\tint\tbeta\txracme.size\to1!
a\tacme.size\tint\trelease_candidate
metric\tacme.load\tgauge\t{load}\tdouble\trecommended\tstable\t@acme.box\t|2\t@a\t&1\t@b
u\tacme.color\tconditionally_required\t?\tpacme.size\tMacme.size
u\tacme.size\tconditionally_required\t?\teacme.color\t=sRED\t=sblue
span\tacme.call\tclient\trecommended\tdevelopment\t<acme.base\tn{acme.color} a\\\\b
u\tacme.color\trequired\t!\tVsRED\ttalpha\txo
event\tacme.boom\trecommended\tstable\txu
entity\tacme.box\tstable
u\tacme.size\trecommended\tI
group\tacme.group\tpublic\tstable
u\tacme.size\topt_in
refine\tspan.acme.red
span\tacme.call\tclient\trecommended\tdevelopment
u\tacme.color\trequired\tvsRED
";

#[test]
fn what_is_read_is_written() {
    let registry = Registry::from_compact(SMALL).unwrap();
    assert_eq!(registry.to_compact(), SMALL);
    assert_eq!(registry.version(), "1.2.3");
    assert_eq!(registry.span("acme.call").unwrap().names, ["{acme.color} a\\b"]);
    assert_eq!(registry.span_refinements()[0].id, "span.acme.red");
    let load = registry.metric("acme.load").unwrap();
    assert_eq!(load.entities.len(), 2);
    assert_eq!(
        load.attributes[1].condition.as_ref().unwrap().when,
        Some(When::Equals(
            registry.attribute_id("acme.color").unwrap(),
            vec![Value::Text("RED".into()), Value::Text("blue".into())]
        ))
    );
    assert!(registry.attribute("acme.old").unwrap().origin.moved);
}

#[test]
fn the_longest_template_wins_and_needs_its_dot() {
    let registry = Registry::from_compact(
        "registry\t1\na\ta.b\ttemplate:string\tstable\na\ta.b.c\ttemplate:int\tstable\na\ta.d\tint\tstable",
    )
    .unwrap();
    let found = |key| registry.template(key).map(|(attribute, rest)| (&*attribute.key, rest));
    assert_eq!(found("a.b.x"), Some(("a.b", "x")));
    assert_eq!(found("a.b.c"), Some(("a.b", "c")));
    assert_eq!(found("a.b.c.x.y"), Some(("a.b.c", "x.y")));
    assert_eq!(found("a.bx"), None);
    assert_eq!(found("a.b."), None);
    assert_eq!(found("a.d.x"), None);
}

#[test]
fn each_broken_line_is_named() {
    for (text, line, what) in [
        ("registry\t2", 1, "a format version other than 1"),
        ("registry\t1\nzebra", 2, "an unknown kind of line"),
        ("a\tx\tstring", 1, "a field is missing"),
        ("a\tx\tthing\tstable", 1, "a word that is not of the form"),
        ("a\tx\tint\tstable\na\tb\tint\tstable", 2, "attributes are not sorted by key"),
        ("m\ta\tsb\tstable", 1, "a member without an enum"),
        ("a\tx\tint\tstable\nu\tx\trequired", 2, "an attribute used by nothing"),
        ("entity\tx\tstable\nu\tx\trequired", 2, "an attribute that is not defined"),
        ("entity\tx\tstable\to70000", 1, "an origin that is no number"),
        ("entity\tx\tstable\t", 1, "an empty option"),
        ("entity\tx\tstable\t|1\t|1\t|1\t|1\t|1\t|1\t|1\t|1\t|1", 1, "associations nested too deep"),
        ("entity\tx\tstable\t|9999999999", 1, "an association is missing"),
        ("entity\tx\tstable\nentity\tb\tstable", 0, "signals are not sorted by name"),
    ] {
        let error = Registry::from_compact(text).unwrap_err();
        assert_eq!((error.line, error.what), (line, what), "{text}");
    }
}
