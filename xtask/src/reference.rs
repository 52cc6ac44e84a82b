//! `cargo xtask reference`: the help texts of the `otlp` command, kept in the book, so that the two cannot differ.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::args::Args;
use crate::process::{capture, cargo, run as run_command};
use crate::{section, workspace};

/// The page that carries the help texts.
const PAGE: &str = "docs/src/cli.md";
const SECTION: &str = "reference";

/// Asks each command for its help and writes the page, or compares under `--check`; then looks for flags that the
/// documents show and the command does not have.
pub(crate) fn run(mut args: Args) -> anyhow::Result<()> {
    let check = args.flag("--check");
    args.done()?;
    let otlp = build(false)?;
    let front = help(&otlp, &[])?;
    let mut text = String::new();
    let mut known = Vec::new();
    for command in commands(&front) {
        let help = help(&otlp, &[command])?;
        text.push_str(&format!("### `otlp {command} --help`\n\n```text\n{}\n```\n\n", help.trim_end()));
        known.push((command.to_owned(), flags(&help)));
    }
    if known.is_empty() {
        bail!("`otlp --help` lists no commands");
    }
    section::write(PAGE, SECTION, &text, check.then_some("cargo xtask reference"))?;
    examples(&known)
}

/// Builds the command and tells where it is.
pub(crate) fn build(release: bool) -> anyhow::Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--quiet", "--package", "otlp-cli"]);
    if release {
        build.arg("--release");
    }
    run_command(&mut build)?;
    let root = workspace::root();
    let folder = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let name = format!("otlp{}", std::env::consts::EXE_SUFFIX);
    Ok(folder.join(if release { "release" } else { "debug" }).join(name))
}

/// The help text as it looks without a terminal, so that the width does not depend on whoever runs this.
fn help(otlp: &PathBuf, words: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new(otlp);
    command.args(words).arg("--help").env_remove("COLUMNS").env("NO_COLOR", "1").stdin(Stdio::null());
    // Trailing blanks come from wrapped table cells; the book does not keep them.
    Ok(capture(&mut command)?.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))
}

/// First words of the lines under `Commands:`.
fn commands(help: &str) -> Vec<&str> {
    let lines = help.lines().skip_while(|line| line.trim() != "Commands:").skip(1);
    let block = lines.take_while(|line| line.starts_with(' ') || line.is_empty());
    // Names stand two columns in; a wrapped description stands further right.
    let names = block.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect()
}

/// Every `--flag` and `-f` in the text.
fn flags(text: &str) -> BTreeSet<String> {
    let words = text.split(|character: char| character.is_whitespace() || "[],|()`=".contains(character));
    words.filter(|word| is_flag(word)).map(|word| word.trim_end_matches('.').to_owned()).collect()
}

fn is_flag(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|rest| {
        rest.trim_start_matches('-').starts_with(|first: char| first.is_ascii_alphabetic())
    })
}

/// Looks at the shell blocks of all documents: each `otlp COMMAND ...` line may use flags of that command only.
fn examples(known: &[(String, BTreeSet<String>)]) -> anyhow::Result<()> {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for path in workspace::files()?.into_iter().filter(|path| path.ends_with(".md")) {
        let text = std::fs::read_to_string(workspace::root().join(&path)).with_context(|| path.clone())?;
        for line in shell_lines(&text) {
            let Some(words) =
                line.strip_prefix("otlp ").or_else(|| line.strip_prefix("cargo run --bin otlp -- "))
            else {
                continue;
            };
            seen += 1;
            let command = words.split_whitespace().next().unwrap_or_default();
            match known.iter().find(|(name, _)| name == command) {
                None => wrong.push(format!("{path}: there is no `otlp {command}`")),
                Some((_, flags)) => {
                    let own = words.split(" -- ").next().unwrap_or_default();
                    let strange = self::flags(own).into_iter().filter(|flag| !flags.contains(flag));
                    wrong.extend(strange.map(|flag| format!("{path}: `otlp {command}` has no {flag}")));
                }
            }
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    println!("{} commands, {seen} example lines in the documents", known.len());
    Ok(())
}

/// Lines of the blocks marked `sh`, without a trailing comment.
fn shell_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.lines().filter_map(move |line| {
        if line.starts_with("```") {
            inside = line == "```sh";
            return None;
        }
        inside.then(|| line.split(" #").next().unwrap_or(line).trim())
    })
}

#[cfg(test)]
mod tests {
    use super::{commands, flags, shell_lines};

    #[test]
    fn commands_and_flags_are_read_from_help() {
        let help = "Does things\n\nUsage: x <COMMAND>\n\nCommands:\n  send     Sends files\n             in order\n  receive  Listens\n  help     Prints\n\nOptions:\n  -o, --out <DIR>  Where\n";
        assert_eq!(commands(help), ["send", "receive"]);
        assert_eq!(flags(help).into_iter().collect::<Vec<_>>(), ["--out", "-o"]);
        assert_eq!(
            flags("a - b -1 -- [--max-items N] --to=x").into_iter().collect::<Vec<_>>(),
            ["--max-items", "--to"]
        );
    }

    #[test]
    fn only_shell_blocks_hold_examples() {
        let text = "otlp not\n```sh\notlp send x  # why\n```\n```text\notlp neither\n```\n";
        assert_eq!(shell_lines(text).collect::<Vec<_>>(), ["otlp send x"]);
    }
}
