//! `cargo xtask miri`: the tests of the crates with unsafe code, run by miri on the nightly toolchain.

use std::process::Command;

use crate::args::Args;
use crate::process::run as run_command;
use crate::workspace::root;

/// The crates whose `unsafe` blocks the interpreter can run: it has no vector instructions, so kernels take their scalar twins.
const CRATES: [&str; 2] = ["otlp-core", "otlp-simd"];

/// Runs everything, or what the arguments (behind the name of a crate, or as filters of tests) say.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let words = args.into_words();
    let (crates, filters): (Vec<&str>, Vec<&str>) =
        words.iter().map(String::as_str).partition(|word| CRATES.contains(word));
    let crates = if crates.is_empty() { CRATES.to_vec() } else { crates };
    for package in crates {
        // Cargo and rustup's proxies set CARGO and RUSTUP_TOOLCHAIN for us; both would tie the child to the stable toolchain.
        let mut miri = Command::new("cargo");
        miri.current_dir(root()).env_remove("CARGO").env("RUSTUP_TOOLCHAIN", "nightly");
        // Tests read files and the clock; a case takes seconds, and most of what there is to find shows in the first.
        miri.env("MIRIFLAGS", "-Zmiri-disable-isolation").env("PROPTEST_CASES", "2");
        miri.args(["miri", "test", "--target-dir"]).arg(root().join("target/miri"));
        miri.args(["-p", package, "--lib", "--tests", "--"]).args(&filters);
        run_command(&mut miri)?;
    }
    Ok(())
}
