//! Rules about the packages of the workspace.

use super::{Finding, Tree};

/// Packages that are never published.
const UNPUBLISHED: &[&str] = &["xtask", "docs"];

pub(super) fn rules(tree: &Tree, findings: &mut Vec<Finding>) {
    for member in &tree.members {
        let manifest = format!("{}/Cargo.toml", member.name);
        let Some(file) = tree.files.iter().find(|file| file.path == manifest) else {
            findings.push(Finding {
                path: manifest,
                line: 0,
                what: format!("package {} does not live in a folder of its name", member.name),
            });
            continue;
        };
        if !has_lints(&file.text) {
            findings.push(file.finding(0, "add [lints] workspace = true"));
        }
        let unpublished = UNPUBLISHED.contains(&member.name.as_str());
        if member.published == unpublished {
            findings.push(
                file.finding(0, if unpublished { "say publish = false" } else { "drop publish = false" }),
            );
        }
        if unpublished {
            continue;
        }
        let readme = format!("{}/README.md", member.name);
        if !tree.has(&readme) {
            findings.push(file.finding(0, format!("{readme} is missing")));
        }
        for key in ["description", "readme", "license", "repository", "rust-version"] {
            if !file.text.lines().any(|line| line.starts_with(key)) {
                findings.push(file.finding(0, format!("`{key}` is missing")));
            }
        }
    }
}

fn has_lints(manifest: &str) -> bool {
    let mut lines = manifest.lines().map(str::trim);
    lines.any(|line| line == "[lints]") && lines.next() == Some("workspace = true")
}

#[cfg(test)]
mod tests {
    use super::has_lints;

    #[test]
    fn lints_are_the_workspaces() {
        assert!(has_lints("[package]\nname = \"x\"\n\n[lints]\nworkspace = true\n"));
        assert!(!has_lints("[package]\nname = \"x\"\n"));
        assert!(!has_lints("[lints.rust]\nunsafe_code = \"allow\"\n"));
    }
}
