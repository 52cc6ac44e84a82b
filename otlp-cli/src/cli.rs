//! The command line as a whole: global flags and the list of commands.

use clap::{Parser, Subcommand};

use crate::{
    bench, check, compress, conformance, convert, decompress, demo, doctor, exit::Exit, inspect, migrate,
    receive, relay, send, terminal::Color, view,
};

/// The OTLP toolkit: receive, relay, send, convert, inspect, view and check traces, metrics, logs and profiles.
#[derive(Debug, Parser)]
#[command(
    name = "otlp",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 110,
    after_help = EXIT_CODES
)]
pub(crate) struct Cli {
    /// When to colour: auto is on a terminal, unless NO_COLOR is set.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", display_order = 900)]
    pub(crate) color: Color,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Every command there is, in the order of `--help`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(demo::DemoArgs),
    Receive(receive::ReceiveArgs),
    Send(send::SendArgs),
    Relay(relay::RelayArgs),
    Convert(convert::ConvertArgs),
    Compress(compress::CompressArgs),
    Decompress(decompress::DecompressArgs),
    Inspect(inspect::InspectArgs),
    View(view::ViewArgs),
    Check(check::CheckArgs),
    Migrate(migrate::MigrateArgs),
    Conformance(conformance::ConformanceArgs),
    Bench(bench::BenchArgs),
    Doctor(doctor::DoctorArgs),
}

impl Command {
    /// Runs the command; data goes to stdout, talk to stderr.
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        match self {
            Self::Demo(args) => args.run(),
            Self::Receive(args) => args.run(),
            Self::Send(args) => args.run(),
            Self::Relay(args) => args.run(),
            Self::Convert(args) => args.run(),
            Self::Compress(args) => args.run(),
            Self::Decompress(args) => args.run(),
            Self::Inspect(args) => args.run(),
            Self::View(args) => args.run(),
            Self::Check(args) => args.run(),
            Self::Migrate(args) => args.run(),
            Self::Conformance(args) => args.run(),
            Self::Bench(args) => args.run(),
            Self::Doctor(args) => args.run(),
        }
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0 done, 1 findings, a mismatch or unusable input, 2 wrong usage, 3 endpoint unreachable,
  4 rejected by the server for good, 5 partial success, 6 timed out waiting, 130 interrupted";
