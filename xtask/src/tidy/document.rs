//! Rules about everything that is not Rust: the root, the documents, what no file may name.

use std::path::{Component, Path, PathBuf};

use super::{File, Finding, Tree};

/// What may stand in the root.
const ROOT: &[&str] = &[
    ".gitattributes",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "clippy.toml",
    "deny.toml",
    "rustfmt.toml",
];

/// Hosts of package registries, cut at a dot so that this file does not name them. Mirrors differ from machine to
/// machine: the ordinary client's configuration knows them, the repository does not.
const HOSTS: &[[&str; 2]] = &[
    ["index.crates", "io"],
    ["static.crates", "io"],
    ["//crates", "io"],
    ["npmjs", "org"],
    ["npmjs", "com"],
    ["pypi", "org"],
    ["pythonhosted", "org"],
    ["deb.debian", "org"],
    ["proxy.golang", "org"],
    ["repo.maven", "apache"],
    ["conda.anaconda", "org"],
];

pub(super) fn root(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.files.iter().filter(|file| !file.path.contains('/')) {
        if !ROOT.contains(&file.path.as_str()) {
            findings.push(file.finding(0, "does not belong in the root"));
        }
    }
    for path in ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        if !tree.has(path) {
            findings.push(Finding { path: path.to_owned(), line: 0, what: "is missing".to_owned() });
        }
    }
}

pub(super) fn hosts(tree: &Tree, findings: &mut Vec<Finding>) {
    let hosts: Vec<String> = HOSTS.iter().map(|halves| halves.join(".")).collect();
    // Cargo writes its lock files itself; they name the index by the address that Cargo has built in.
    for file in tree.files.iter().filter(|file| file.name() != "Cargo.lock") {
        for (line, text) in file.lines() {
            if let Some(host) = hosts.iter().find(|host| text.contains(host.as_str())) {
                findings.push(file.finding(line, format!("names the registry host {host}")));
            }
        }
    }
}

pub(super) fn links(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.files.iter().filter(|file| file.path.ends_with(".md")) {
        let mut in_code = false;
        for (line, text) in file.lines() {
            if text.trim_start().starts_with("```") {
                in_code = !in_code;
            }
            if in_code {
                continue;
            }
            for target in targets(text).filter(|target| is_local(target)) {
                let path = target.split('#').next().unwrap_or_default();
                if !path.is_empty() && !tree.has(&resolve(file, path)) {
                    findings.push(file.finding(line, format!("the link {target} leads nowhere")));
                }
            }
        }
    }
}

/// What stands between `](` and `)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

fn is_local(target: &str) -> bool {
    // `crate::Thing` and `Thing` in a README that rustdoc includes are checked by rustdoc.
    !target.contains("://") && !target.contains("::") && (target.contains('/') || target.contains('.'))
}

/// The path from the root that `target`, written in `file`, means.
fn resolve(file: &File, target: &str) -> String {
    let mut path = PathBuf::new();
    let folder = Path::new(&file.path).parent();
    let joined = folder.map_or_else(|| PathBuf::from(target), |folder| folder.join(target));
    for part in joined.components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    path.to_string_lossy().replace('\\', "/")
}

pub(super) fn summary(tree: &Tree, findings: &mut Vec<Finding>) {
    let Some(summary) = tree.files.iter().find(|file| file.path == "docs/src/SUMMARY.md") else { return };
    for file in &tree.files {
        let Some(page) = file.path.strip_prefix("docs/src/") else { continue };
        if page.ends_with(".md") && page != "SUMMARY.md" && !summary.text.contains(&format!("({page})")) {
            findings.push(file.finding(0, "is not in docs/src/SUMMARY.md"));
        }
    }
}

pub(super) fn changelog(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.files.iter().filter(|file| file.path == "CHANGELOG.md") {
        if !file.text.contains("\n## Unreleased\n") {
            findings.push(file.finding(0, "has no `## Unreleased` section"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{File, is_local, resolve, targets};

    #[test]
    fn links_are_found_and_resolved() {
        let line = "see [a](../b/c.md#part) and [d](https://example.com/x.html)";
        let found: Vec<&str> = targets(line).collect();
        assert_eq!(found, ["../b/c.md#part", "https://example.com/x.html"]);
        assert!(is_local(found[0]) && !is_local(found[1]) && !is_local("crate::Batch"));
        let file = File { path: "docs/src/page.md".to_owned(), text: String::new() };
        assert_eq!(resolve(&file, "../../README.md"), "README.md");
        assert_eq!(resolve(&file, "crates/otlp.md"), "docs/src/crates/otlp.md");
    }
}
