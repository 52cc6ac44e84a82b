//! What `--help` says, and what is not there.

use crate::support::expect;

/// The commands that `otlp --help` lists.
fn commands() -> Vec<String> {
    let (out, _) = expect(0, &["--help"]);
    let list = out.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_help_of_these_commands() {
    for command in [
        "receive",
        "relay",
        "send",
        "convert",
        "compress",
        "decompress",
        "inspect",
        "check",
        "migrate",
        "conformance",
        "bench",
        "doctor",
    ] {
        let (out, err) = expect(0, &[command, "--help"]);
        assert_eq!(err, "");
        insta::assert_snapshot!(format!("help_{command}"), out);
    }
}

#[test]
fn every_command_gives_two_examples_that_it_accepts() {
    let commands = commands();
    assert!(commands.len() >= 4, "{commands:?}");
    for command in commands {
        let (out, _) = expect(0, &[&command, "--help"]);
        let examples: Vec<&str> =
            out.lines().filter(|line| line.starts_with(&format!("  otlp {command} "))).collect();
        assert!(examples.len() >= 2 || command == "demo", "{command}: {out}");
    }
}

#[test]
fn what_has_not_come_yet_is_wrong_usage() {
    let (help, _) = expect(0, &["--help"]);
    for command in ["pprof", "profile"] {
        let (out, err) = expect(2, &[command]);
        assert_eq!(out, "");
        assert!(err.contains(command), "{err}");
        assert!(!help.contains(&format!("  {command} ")), "{help}");
    }
    for args in [
        &["receive", "--admin", "127.0.0.1:0"][..],
        &["send", "x.pb", "--queue-dir", "q"],
        &["relay"],
        &["relay", "--to", "http://127.0.0.1:1", "--fsync", "never"],
        &["send"],
        &["convert", "only-one"],
        &[],
    ] {
        let (out, err) = expect(2, args);
        assert_eq!(out, "", "{args:?}");
        assert!(err.contains("Usage:"), "{args:?}: {err}");
    }
}

#[test]
fn the_version_is_the_packages() {
    let (out, _) = expect(0, &["--version"]);
    assert_eq!(out, format!("otlp {}\n", env!("CARGO_PKG_VERSION")));
}
