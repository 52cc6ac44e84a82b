//! The `otlp` command: receive, send, relay, convert, inspect and view telemetry, with nothing to configure.
//!
//! Data goes to stdout, talk to stderr; [`exit`] holds the exit codes, [`terminal`] the streams. One file a command.
#![forbid(unsafe_code)]

mod arg;
mod bench;
mod check;
mod cli;
mod compress;
mod conformance;
mod convert;
mod decompress;
mod demo;
mod doctor;
mod exit;
mod inspect;
mod interrupt;
mod listen;
mod migrate;
mod progress;
mod quantity;
mod receive;
mod relay;
mod render;
mod send;
mod source;
mod terminal;
mod view;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    cli.color.apply();
    match cli.command.run() {
        Ok(exit) => exit.into(),
        Err(error) => exit::report(&error).into(),
    }
}
