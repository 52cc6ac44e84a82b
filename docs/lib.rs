//! Nothing but the Rust examples of the book and of the README files, as doc tests.
//!
//! They live here and not in the published crates, which must not refer to files outside their folders. A crate's own
//! README is its front page too (`#![doc = include_str!("../README.md")]`), and its examples are tested there.
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
    readme_simd = "../otlp-simd/README.md",
    conventions = "src/conventions.md",
    disk_queue = "src/disk-queue.md",
    exporter = "src/exporter.md",
    quick_start = "src/quick-start.md",
    registry = "src/registry.md",
    testing = "src/testing.md",
    client = "src/client.md",
    migrate = "src/migrate.md",
    tracezip_wire = "src/tracezip-wire.md",
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

    /// Whether it is the README of a crate that includes it as its own documentation.
    fn is_crate_page(page: &Path) -> bool {
        let root = std::fs::read_to_string(page.with_file_name("src").join("lib.rs")).unwrap_or_default();
        page.ends_with("README.md") && root.contains("include_str!(\"../README.md\")")
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
            let has_block = text.lines().any(|line| line.trim_start().starts_with("```rust"));
            assert!(
                !has_block || listed.contains(&page.canonicalize().unwrap()) || is_crate_page(&page),
                "{} has a rust block that no test runs; list it in docs/lib.rs",
                page.display()
            );
        }
    }
}
