//! Any text as a registry's file: an error, or a registry that both of its written forms give back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otlp_semconv::registry::Registry;
use otlp_semconv::resolve::Resolver;

/// What a file starts with; definitions to refer to come for free.
const STARTS: [&str; 4] = [
    "",
    "groups:\n- {id: registry.a, type: attribute_group, attributes: [{id: a.b, type: int}, {id: a.c, type: string}]}\n",
    "file_format: definition/2\nattributes:\n- {key: a.b, type: int}\n- {key: a.c, type: string}\n",
    "file_format: resolved/2.0\n",
];

fuzz_target!(|data: &[u8]| {
    let [first, second, text @ ..] = data else { return };
    let start = STARTS[usize::from(first % 4)];
    let text = format!("{start}{}", String::from_utf8_lossy(text));
    let resolver = if second % 8 == 0 { Resolver::new().on(Registry::builtin()) } else { Resolver::new() };
    let Ok(registry) = resolver.files([("fuzz.yaml", &*text)]) else { return };
    let read = |text: &str| Resolver::new().files([("resolved.yaml", text)]).expect("what is written is read");
    // The first way takes sentences in; from then on nothing changes.
    let again = read(&registry.to_resolved_yaml());
    assert_eq!(read(&again.to_resolved_json()), again);
    assert_eq!(read(&again.to_resolved_yaml()), again);
    let compact = registry.to_compact();
    // Reading borrows for ever: a few of them are enough.
    if second % 64 == 1 {
        let back = Registry::from_compact(compact.clone().leak()).expect("what is written is read");
        assert_eq!(back.to_compact(), compact);
    }
});
