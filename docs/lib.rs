//! Nothing but the Rust examples of the book and of the README files, as doc tests.
//!
//! They live here and not in the published crates, which must not refer to files outside their folders.
#![forbid(unsafe_code)]

/// Makes an empty item a page, so that rustdoc runs its `rust` blocks; keeps the list for the test below.
macro_rules! pages {
    ($($name:ident = $path:literal,)*) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!($path)]
            mod $name {}
        )*
        #[cfg(test)]
        const PAGES: &[&str] = &[$($path),*];
    };
}

pages! {
    readme = "../README.md",
    readme_cli = "../otlp-cli/README.md",
    readme_compress = "../otlp-compress/README.md",
    readme_core = "../otlp-core/README.md",
    readme_export = "../otlp-export/README.md",
    readme_simd = "../otlp-simd/README.md",
    readme_umbrella = "../otlp/README.md",
    quick_start = "src/quick-start.md",
    crate_cli = "src/crates/otlp-cli.md",
    crate_compress = "src/crates/otlp-compress.md",
    crate_core = "src/crates/otlp-core.md",
    crate_export = "src/crates/otlp-export.md",
    crate_simd = "src/crates/otlp-simd.md",
    crate_umbrella = "src/crates/otlp.md",
}

#[cfg(test)]
mod tests {
    use super::PAGES;
    use std::path::{Path, PathBuf};

    /// All Markdown files under `folder`, `target` and hidden folders left out.
    fn markdown(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with('.') || matches!(name.as_str(), "target" | "node_modules" | "generated") {
                continue;
            }
            if path.is_dir() {
                markdown(&path, found);
            } else if name.ends_with(".md") {
                found.push(path);
            }
        }
    }

    #[test]
    fn every_page_with_a_rust_block_is_listed() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let listed: Vec<PathBuf> = PAGES.iter().map(|page| here.join(page).canonicalize().unwrap()).collect();
        let mut pages = Vec::new();
        markdown(here.parent().unwrap(), &mut pages);
        assert!(pages.len() > PAGES.len() / 2, "found only {} pages", pages.len());
        for page in pages {
            let text = std::fs::read_to_string(&page).unwrap();
            let tested = text.lines().any(|line| line.trim_start().starts_with("```rust"));
            assert!(
                !tested || listed.contains(&page.canonicalize().unwrap()),
                "{} has a rust block and is not in docs/lib.rs",
                page.display()
            );
        }
    }
}
