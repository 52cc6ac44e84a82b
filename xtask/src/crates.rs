//! `cargo xtask crates`: how many crates a build pulls in, counted by `cargo tree` and kept in the book.

use std::collections::BTreeSet;

use anyhow::bail;

use crate::args::Args;
use crate::process::{capture, cargo};
use crate::workspace::members;

/// The page that carries the figures, between the markers of [`crate::section`].
const PAGE: &str = "docs/src/crates/counts.md";
/// Names the part of the page that this verb writes.
const SECTION: &str = "crates";
/// Counted for one target, so that the figures do not depend on the machine.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// A build that somebody may ask for.
struct Build {
    what: &'static str,
    package: &'static str,
    flags: &'static [&'static str],
    /// Crates that must not be in it.
    without: &'static [&'static str],
}

const BUILDS: &[Build] = &[
    Build { what: "the data model", package: "otlp-core", flags: &[], without: &["tokio", "hyper", "tonic"] },
    Build {
        what: "the batch engine",
        package: "otlp-simd",
        flags: &[],
        without: &["tokio", "hyper", "tonic"],
    },
    Build {
        what: "the codecs, gzip only",
        package: "otlp-compress",
        flags: &[],
        without: &["zstd", "otlp-core"],
    },
    Build {
        what: "files only",
        package: "otlp-export",
        flags: &["--no-default-features", "--features", "file"],
        without: &["tokio", "hyper", "tonic"],
    },
    Build {
        what: "an HTTP client",
        package: "otlp-export",
        flags: &["--no-default-features", "--features", "http"],
        without: &["tonic"],
    },
    Build {
        what: "an HTTP client and server",
        package: "otlp-export",
        flags: &["--no-default-features", "--features", "http,server"],
        without: &["tonic"],
    },
    Build {
        what: "an HTTP and gRPC client",
        package: "otlp-export",
        flags: &["--no-default-features", "--features", "grpc"],
        without: &[],
    },
    Build { what: "the umbrella, default", package: "otlp", flags: &[], without: &["tonic"] },
    Build { what: "the umbrella, everything", package: "otlp", flags: &["--features", "full"], without: &[] },
    Build { what: "the command", package: "otlp-cli", flags: &[], without: &["openssl-sys", "native-tls"] },
];

/// Counts, then writes the page, or compares with it under `--check`.
pub(crate) fn run(mut args: Args) -> anyhow::Result<()> {
    let check = args.flag("--check");
    args.done()?;
    let own: BTreeSet<String> = members()?.into_iter().map(|member| member.name).collect();
    let mut table = String::from("| build | command line | ours | others |\n|---|---|--:|--:|\n");
    for build in BUILDS {
        let names = crates(build)?;
        if let Some(name) =
            build.without.iter().find(|name| names.iter().any(|line| line.split(' ').next() == Some(name)))
        {
            bail!("{} (`{}`) pulls in {name}", build.what, command_line(build));
        }
        let (ours, others): (Vec<&String>, Vec<&String>) =
            names.iter().partition(|line| line.split(' ').next().is_some_and(|name| own.contains(name)));
        table.push_str(&format!(
            "| {} | `{}` | {} | {} |\n",
            build.what,
            command_line(build),
            ours.len(),
            others.len()
        ));
    }
    print!("{table}");
    crate::section::write(PAGE, SECTION, &table, check.then_some("cargo xtask crates"))
}

fn command_line(build: &Build) -> String {
    let mut words = vec!["-p", build.package];
    words.extend(build.flags);
    words.join(" ")
}

/// Distinct `name version` pairs of the normal dependencies, the package itself included.
fn crates(build: &Build) -> anyhow::Result<BTreeSet<String>> {
    let mut tree = cargo();
    tree.args([
        "tree",
        "--quiet",
        "--prefix",
        "none",
        "--edges",
        "normal",
        "--target",
        TARGET,
        "--package",
        build.package,
    ]);
    let text = capture(tree.args(build.flags))?;
    Ok(text.lines().filter_map(name_and_version).collect())
}

fn name_and_version(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    Some(format!("{} {}", words.next()?, words.next()?))
}

#[cfg(test)]
mod tests {
    use super::name_and_version;

    #[test]
    fn a_repeated_crate_counts_once() {
        let lines = ["bytes v1.11.0", "bytes v1.11.0 (*)", "otlp-core v0.1.0 (/somewhere/otlp-core)", ""];
        let names: std::collections::BTreeSet<String> =
            lines.iter().filter_map(|line| name_and_version(line)).collect();
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["bytes v1.11.0", "otlp-core v0.1.0"]);
    }
}
