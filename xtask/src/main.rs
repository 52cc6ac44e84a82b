//! Maintenance of the workspace: `cargo xtask VERB [FLAGS]`. One file a verb; `VERBS` is the list.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a maintenance command talks to a terminal")]

mod args;
mod bench;
mod book;
mod ci;
mod codegen;
mod conformance;
mod crates;
mod deny;
mod features;
mod fuzz;
mod interop;
mod kill;
mod miri;
mod nextest;
mod picture;
mod process;
mod reference;
mod section;
mod soak;
mod tidy;
mod tool;
mod workspace;

use std::process::ExitCode;

use args::Args;

/// One maintenance command.
struct Verb {
    name: &'static str,
    /// Arguments as the help table shows them.
    usage: &'static str,
    help: &'static str,
    run: fn(Args) -> anyhow::Result<()>,
}

const VERBS: &[Verb] = &[
    Verb { name: "ci", usage: "", help: "everything .ci/run checks", run: ci::run },
    Verb {
        name: "codegen",
        usage: "[proto|semconv|all] [--check] [--model DIR] [--version V]",
        help: "write the generated code, or tell that it is out of date",
        run: codegen::run,
    },
    Verb {
        name: "conformance",
        usage: "[--check]",
        help: "which tests show which rule of the protocol, in docs/src/conformance.md",
        run: conformance::run,
    },
    Verb {
        name: "features",
        usage: "[CRATE...]",
        help: "clippy on each crate with no feature, each feature alone, and all",
        run: features::run,
    },
    Verb { name: "tidy", usage: "", help: "the project's own rules about its files", run: tidy::run },
    Verb {
        name: "crates",
        usage: "[--check]",
        help: "count the crates a build pulls in, write docs/src/crates/counts.md",
        run: crates::run,
    },
    Verb {
        name: "reference",
        usage: "[--check]",
        help: "the commands' help texts in docs/src/cli.md, and the flags that examples use",
        run: reference::run,
    },
    Verb {
        name: "picture",
        usage: "[--lines N] [--release] [--otlp FILE]",
        help: "draw what the demo prints, for the README",
        run: picture::run,
    },
    Verb {
        name: "deny",
        usage: "[--advisories]",
        help: "licences and sources of all dependencies",
        run: deny::run,
    },
    Verb { name: "book", usage: "[build|serve]", help: "the book in docs/", run: book::run },
    Verb { name: "nextest", usage: "[ARGS...]", help: "the tests, run by cargo-nextest", run: nextest::run },
    Verb {
        name: "fuzz",
        usage: "[TARGET|all] [--seconds N]",
        help: "fuzz targets of fuzz/, on the nightly toolchain",
        run: fuzz::run,
    },
    Verb {
        name: "kill",
        usage: "[--seeds N] [--first SEED]",
        help: "the relay's kill test with many seeds: kill -9 under load, nothing acknowledged may be missing",
        run: kill::run,
    },
    Verb {
        name: "soak",
        usage: "[--minutes N] [--write]",
        help: "the relay at half its load with faults all the time; --write puts the result into docs/src/relay.md",
        run: soak::run,
    },
    Verb {
        name: "miri",
        usage: "[CRATE...] [TEST...]",
        help: "tests of the crates with unsafe code under miri, on the nightly toolchain",
        run: miri::run,
    },
    Verb {
        name: "bench",
        usage: "[--quick] [--json FILE] [--only TEXT] [--instructions|--growth]",
        help: "ratios against the peers; all but --quick and --only write docs/src/performance.md",
        run: bench::run,
    },
    Verb {
        name: "interop",
        usage: "[PART...] [--write] [--release] [--otlp FILE] [--data DIR]",
        help: "real senders and receivers against the otlp command",
        run: interop::run,
    },
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    let Some(verb) = VERBS.iter().find(|verb| verb.name == name) else {
        print!("{}", help());
        let asked = matches!(name.as_str(), "" | "help" | "-h" | "--help");
        if !asked {
            eprintln!("\nerror: there is no verb `{name}`");
        }
        return if asked { ExitCode::SUCCESS } else { ExitCode::from(2) };
    };
    let rest: Vec<String> = words.collect();
    if rest.iter().any(|word| word == "-h" || word == "--help") {
        println!("cargo xtask {} {}\n\n{}", verb.name, verb.usage, verb.help);
        return ExitCode::SUCCESS;
    }
    match (verb.run)(Args::new(rest)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The table of verbs.
fn help() -> String {
    let left = |verb: &Verb| format!("{} {}", verb.name, verb.usage);
    let width = VERBS.iter().map(|verb| left(verb).len()).max().unwrap_or(0);
    let mut text = String::from("cargo xtask VERB [FLAGS]\n\n");
    for verb in VERBS {
        text.push_str(&format!("  {:width$}  {}\n", left(verb), verb.help));
    }
    text
}
