//! `otlp doctor`: why telemetry does not arrive, and what to paste so that it does.

mod fix;
mod render;
mod setting;

use std::{io::Write as _, time::Duration};

use anyhow::Context as _;
use clap::Args;
use otlp::{
    Protocol,
    doctor::{self, Health},
};

use self::setting::Settings;
use crate::{
    arg,
    exit::{Exit, Failure},
    interrupt::Interrupt,
    progress::Progress,
    terminal::stdout,
};

/// Find out why telemetry does not arrive: settings, DNS, connection, TLS, clock, and each signal's answer to an empty request.
///
/// Reads the OTEL_EXPORTER_OTLP_* variables as the specification has it and shows where each value comes from; run it in the
/// environment of the program that sends. Looks for mix-ups of gRPC and HTTP, of ports, of TLS and plaintext by trying the other.
/// Sends nothing but requests without items; never prints a header's value. Exit code 1 if telemetry of a signal would not arrive, with
/// the fix to paste.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    /// Look here rather than where the environment says: for HTTP the base URL, for gRPC scheme, host and port.
    #[arg(long, value_name = "URL", env = "OTLP_ENDPOINT", hide_env = true)]
    endpoint: Option<String>,

    /// grpc, http/protobuf or http/json rather than what the environment says.
    #[arg(long, value_name = "PROTOCOL", env = "OTLP_PROTOCOL", hide_env = true)]
    protocol: Option<Protocol>,

    /// Time for each step.
    #[arg(long, value_name = "DUR", value_parser = arg::duration, default_value = "5s")]
    timeout: Duration,

    /// Print one JSON object: signals, warnings, findings, fix, healthy.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  otlp doctor --endpoint http://localhost:4318
  otlp doctor --endpoint http://localhost:4317 --protocol grpc --json";

impl DoctorArgs {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        if self.timeout.is_zero() {
            return Err(Failure::usage("--timeout is above zero").into());
        }
        let settings = Settings::read(self.endpoint.as_deref(), self.protocol)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start the runtime")?;
        let end = runtime.block_on(self.examine(&settings));
        // A name that is still being looked up cannot be waited for.
        runtime.shutdown_background();
        end
    }

    async fn examine(&self, settings: &Settings) -> anyhow::Result<Exit> {
        let mut interrupt = Interrupt::new().context("cannot listen for signals")?;
        let progress = Progress::new();
        progress.show(|| "looking".to_owned());
        let run = doctor::examine(settings.config(), self.timeout, |finding| {
            progress.show(|| format!("{}: {}", finding.endpoint, finding.step));
        });
        let findings = tokio::select! {
            findings = run => findings,
            () = interrupt.wait() => return Ok(Exit::Interrupted),
        };
        progress.clear();
        let fix = fix::lines(settings, &findings);
        let bad = findings.iter().any(|finding| finding.health == Health::Bad);
        let healthy = !bad && settings.config().warnings().is_empty();
        if self.json {
            writeln!(stdout(), "{}", render::json(settings, &findings, &fix, healthy))?;
        } else {
            stdout().write_all(render::text(settings, &findings, &fix, healthy).as_bytes())?;
        }
        Ok(if healthy { Exit::Done } else { Exit::Failed })
    }
}
