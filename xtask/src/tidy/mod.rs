//! `cargo xtask tidy`: the project's own rules about its files, as code. Each finding says the file and what to do.

mod document;
mod member;
mod source;

use std::path::Path;

use anyhow::bail;

use crate::args::Args;
use crate::workspace;

/// A rule: looks at everything and adds what it finds wrong.
type Rule = fn(&Tree, &mut Vec<Finding>);

const RULES: &[(&str, Rule)] = &[
    ("a source file holds one concept and stays short", source::length),
    ("unsafe code stays in its rooms", source::unsafe_rooms),
    ("nothing is left open in the code", source::left_open),
    ("modules are named after what is in them", source::names),
    ("generated files say how they are made", source::generated),
    ("lib.rs is a table of contents with named re-exports", source::named_exports),
    ("every crate has a README, the workspace's lints, and says if it is published", member::rules),
    ("the root holds no reports", document::root),
    ("no registry host is named", document::hosts),
    ("links between documents lead somewhere", document::links),
    ("every page is in the book's summary", document::summary),
    ("the changelog has an open section", document::changelog),
];

/// A text file of the repository.
struct File {
    /// Relative to the root, `/` as the separator.
    path: String,
    text: String,
}

/// Everything the rules look at.
struct Tree {
    files: Vec<File>,
    members: Vec<workspace::Member>,
}

/// One breach of a rule.
struct Finding {
    path: String,
    /// Line from 1, or 0 for the whole file.
    line: usize,
    what: String,
}

/// Checks all rules; fails if there is a finding.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    args.done()?;
    let tree = Tree::read()?;
    let mut count = 0;
    for (name, rule) in RULES {
        let mut findings = Vec::new();
        rule(&tree, &mut findings);
        println!("{:7}  {name}", if findings.is_empty() { "ok" } else { "BROKEN" });
        for Finding { path, line, what } in &findings {
            match line {
                0 => println!("         {path}: {what}"),
                _ => println!("         {path}:{line}: {what}"),
            }
        }
        count += findings.len();
    }
    if count > 0 {
        bail!("{count} breaches of the rules above");
    }
    Ok(())
}

impl Tree {
    fn read() -> anyhow::Result<Self> {
        let root = workspace::root();
        let mut files = Vec::new();
        for path in workspace::files()? {
            // Binary fixtures are no text and break no rule about text.
            if let Ok(text) = std::fs::read_to_string(root.join(&path)) {
                files.push(File { path, text });
            }
        }
        Ok(Self { files, members: workspace::members()? })
    }

    /// Hand-written Rust.
    fn sources(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs") && !file.is_generated())
    }

    fn has(&self, path: &str) -> bool {
        self.files.iter().any(|file| file.path == path) || workspace::root().join(path).exists()
    }
}

impl File {
    fn is_generated(&self) -> bool {
        self.path.contains("/generated/")
    }

    fn name(&self) -> &str {
        Path::new(&self.path).file_name().and_then(|name| name.to_str()).unwrap_or(&self.path)
    }

    /// Lines with their number, from 1.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    fn finding(&self, line: usize, what: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line, what: what.into() }
    }
}
