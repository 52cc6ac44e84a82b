//! Rules about Rust files.

use super::{File, Finding, Tree};

/// A file this long holds more than one concept; most land between 80 and 300.
const LINES: usize = 600;
/// Test files are tables of cases and may be longer.
const TEST_LINES: usize = 900;

/// The only folders that may hold `unsafe`.
const UNSAFE_ROOMS: &[&str] = &["otlp-core/src/wire/", "otlp-simd/src/arch/", "otlp-export/src/os/"];
/// Crates with such a folder; every other one forbids unsafe code at its root.
const UNSAFE_CRATES: &[&str] = &["otlp-core", "otlp-simd", "otlp-export"];

/// File and folder names that say nothing about their content.
const EMPTY_NAMES: &[&str] = &["utils", "util", "common", "helpers", "helper", "types", "misc"];

pub(super) fn length(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.sources() {
        let limit = if is_test(file) { TEST_LINES } else { LINES };
        let lines = file.text.lines().count();
        if lines > limit {
            findings.push(file.finding(0, format!("{lines} lines, at most {limit}; split it by concept")));
        }
    }
}

fn is_test(file: &File) -> bool {
    file.path.contains("/tests/") || file.name() == "tests.rs"
}

pub(super) fn unsafe_rooms(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.sources() {
        if UNSAFE_ROOMS.iter().any(|room| file.path.starts_with(room)) || counts_allocations(file) {
            continue;
        }
        for (line, text) in file.lines() {
            if uses_unsafe(&code_of(text)) {
                findings.push(file.finding(line, format!("unsafe outside {}", UNSAFE_ROOMS.join(" and "))));
            }
        }
    }
    for member in &tree.members {
        if UNSAFE_CRATES.contains(&member.name.as_str()) {
            continue;
        }
        for root in ["lib.rs", "main.rs"] {
            let path = format!("{}/src/{root}", member.name);
            let file = tree.files.iter().find(|file| file.path == path);
            if let Some(file) = file.filter(|file| !file.text.contains("#![forbid(unsafe_code)]")) {
                findings.push(file.finding(0, "start it with #![forbid(unsafe_code)]"));
            }
        }
    }
}

/// Counting allocations takes a global allocator, whose trait is unsafe; integration tests and the measurements may have
/// one.
fn counts_allocations(file: &File) -> bool {
    (file.path.contains("/tests/") || file.path.starts_with("benches/"))
        && file.text.contains("impl GlobalAlloc for")
}

fn uses_unsafe(code: &str) -> bool {
    ["unsafe {", "unsafe{", "unsafe fn ", "unsafe impl", "unsafe trait", "unsafe extern", "allow(unsafe_code"]
        .iter()
        .any(|form| code.contains(form))
}

/// The line without a comment and without what stands between quotes.
fn code_of(line: &str) -> String {
    let line = line.split("//").next().unwrap_or_default();
    line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

pub(super) fn left_open(tree: &Tree, findings: &mut Vec<Finding>) {
    // Put together here, so that this file does not find itself.
    let marks = [["to", "do!("], ["unimplemen", "ted!("], ["FIX", "ME"], ["XX", "X:"], ["TO", "DO"]]
        .map(|halves| halves.concat());
    for file in tree.sources() {
        for (line, text) in file.lines() {
            if let Some(mark) = marks.iter().find(|mark| text.contains(mark.as_str())) {
                findings.push(file.finding(line, format!("`{mark}`: finish it or file an issue")));
            }
        }
    }
}

pub(super) fn names(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.sources() {
        let stem = file.path.trim_end_matches(".rs");
        if let Some(name) = stem.split('/').find(|part| EMPTY_NAMES.contains(part)) {
            findings.push(
                file.finding(0, format!("`{name}` says nothing about what is in it; name the concept")),
            );
        }
    }
}

pub(super) fn generated(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.files.iter().filter(|file| file.path.ends_with(".rs") && file.is_generated()) {
        let head: String = file.text.lines().take(5).collect::<Vec<_>>().join("\n");
        // The folder's own mod.rs may be written by hand.
        if file.name() != "mod.rs" && !head.contains("cargo xtask codegen") {
            findings.push(file.finding(0, "its header does not name the command that makes it"));
        }
    }
}

pub(super) fn named_exports(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.sources().filter(|file| file.path.ends_with("/src/lib.rs")) {
        for (line, text) in file.lines() {
            let text = text.trim_start();
            if text.starts_with("pub use") && text.contains("::*") && !is_generated_list(file, text) {
                findings.push(file.finding(line, "name what is re-exported"));
            }
        }
    }
}

/// Whether the names come from a folder of generated code: what is in it is the generator's business.
fn is_generated_list(file: &File, text: &str) -> bool {
    let Some(module) = text.strip_prefix("pub use ").and_then(|rest| rest.strip_suffix("::*;")) else {
        return false;
    };
    let lines: Vec<&str> = file.text.lines().collect();
    let at = lines.iter().position(|line| line.ends_with(&format!("mod {module};"))).unwrap_or_default();
    let attributes = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
    attributes.into_iter().any(|line| line.starts_with("#[path = \"generated/"))
}

#[cfg(test)]
mod tests {
    use super::{File, code_of, is_generated_list, uses_unsafe};

    #[test]
    fn only_generated_lists_may_be_exported_whole() {
        let text = "#[path = \"generated/names/mod.rs\"]\n#[allow(x)]\nmod names;\nmod other;\n".to_owned();
        let file = File { path: "x/src/lib.rs".to_owned(), text };
        assert!(is_generated_list(&file, "pub use names::*;"));
        assert!(!is_generated_list(&file, "pub use other::*;"));
        assert!(!is_generated_list(&file, "pub use missing::*;"));
    }

    #[test]
    fn comments_and_strings_hold_no_unsafe_code() {
        assert!(uses_unsafe(&code_of("    let x = unsafe { read(p) }; // why")));
        assert!(uses_unsafe(&code_of("unsafe impl Send for X {}")));
        assert!(!uses_unsafe(&code_of("// no unsafe { } here")));
        let quote = '\u{22}';
        assert!(!uses_unsafe(&code_of(&format!("let text = {quote}unsafe {{ }}{quote};"))));
        assert!(!uses_unsafe(&code_of("#![forbid(unsafe_code)]")));
    }
}
