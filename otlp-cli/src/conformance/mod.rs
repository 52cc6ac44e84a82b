//! `otlp conformance`: probes any OTLP server for the rules of the protocol.

mod render;

use std::{io::Write as _, path::PathBuf, time::Duration};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use otlp::{
    Protocol, TlsOptions,
    conformance::{Finding, Judgement, Level, ProbeError, Target},
};

use crate::{
    arg::{self, HeaderArg},
    exit::{Exit, Failure},
    interrupt::Interrupt,
    terminal::stdout,
    view::columns,
};

/// Probe an OTLP server for every rule of the protocol that binds servers: pass, fail, or not observable, with evidence.
///
/// Works on any endpoint, not only this project's. Sends about a hundred small requests, one after the other, with one or two items
/// each, all marked by `service.name` and scope name `otlp-conformance`. For the size limits it sends, to each transport, one gzip body of
/// 65 KB that decompresses to 65 MiB and holds no telemetry: a little over the 64 MiB that the specification recommends as the limit.
/// It never tries to overload a server. Exit code 1 if a MUST is broken.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ConformanceArgs {
    /// The server's base URL, to which /v1/<signal> is appended unless it ends so; gRPC is looked for at its port too,
    /// and at 4317 if the port is 4318.
    #[arg(value_name = "URL")]
    url: String,

    /// Where OTLP/gRPC is, if elsewhere.
    #[arg(long, value_name = "URL")]
    grpc: Option<String>,

    /// Which protocol to probe.
    #[arg(long, value_name = "PROTOCOL", value_enum, default_value_t)]
    protocol: Choice,

    /// A header with every request, such as authorization='Bearer TOKEN'; may be given several times.
    #[arg(long = "header", value_name = "K=V")]
    headers: Vec<HeaderArg>,

    /// Trust only this certificate authority (PEM).
    #[arg(long, value_name = "FILE", env = "OTLP_CA", hide_env = true)]
    ca: Option<PathBuf>,

    /// Time for each answer.
    #[arg(long, value_name = "DUR", value_parser = arg::duration, default_value = "10s")]
    timeout: Duration,

    /// Print one JSON object a line: rule, level, verdict, evidence, spec.
    #[arg(long)]
    json: bool,
}

/// One protocol, or all of them.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Choice {
    Grpc,
    #[value(name = "http/protobuf")]
    HttpProtobuf,
    #[value(name = "http/json")]
    HttpJson,
    #[default]
    All,
}

const EXAMPLES: &str = "\
Examples:
  otlp conformance http://localhost:4318
  otlp conformance https://otlp.example --protocol http/protobuf --header api-key=KEY --json";

impl ConformanceArgs {
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        let target = self.target()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start the runtime")?;
        runtime.block_on(self.probe(target))
    }

    async fn probe(&self, target: Target) -> anyhow::Result<Exit> {
        let mut interrupt = Interrupt::new().context("cannot listen for signals")?;
        let width = columns();
        let mut written = Ok(());
        let run = target.run(|finding| {
            let text = if self.json { render::json(finding) } else { render::text(finding, width) };
            // A reader that has gone away ends the output, and is told below.
            if written.is_ok() {
                written = stdout().write_all(text.as_bytes());
            }
        });
        let findings = tokio::select! {
            findings = run => findings.map_err(failure)?,
            _ = interrupt.wait() => return Ok(Exit::Interrupted),
        };
        written?;
        if !self.json {
            stdout().write_all(render::summary(&findings).as_bytes())?;
        }
        Ok(if findings.iter().any(is_broken_must) { Exit::Failed } else { Exit::Done })
    }

    fn target(&self) -> Result<Target, Failure> {
        let protocols = match self.protocol {
            Choice::Grpc => &[Protocol::Grpc][..],
            Choice::HttpProtobuf => &[Protocol::HttpProtobuf],
            Choice::HttpJson => &[Protocol::HttpJson],
            Choice::All => &[Protocol::HttpProtobuf, Protocol::HttpJson, Protocol::Grpc],
        };
        let mut target = Target::new(&self.url).protocols(protocols).timeout(self.timeout);
        if let Some(grpc) = &self.grpc {
            target = target.grpc(grpc);
        }
        for header in &self.headers {
            let (name, value) = header.split()?;
            target = target.header(name, value);
        }
        if let Some(ca) = &self.ca {
            target = target.tls(TlsOptions::new().ca_file(ca));
        }
        Ok(target)
    }
}

fn is_broken_must(finding: &Finding) -> bool {
    finding.level == Level::Must && finding.judgement == Judgement::Fail
}

fn failure(error: ProbeError) -> Failure {
    let text = error.to_string();
    match error {
        ProbeError::Unreachable { .. } => Failure::new(Exit::Unreachable, text).hint(
            "give the port of OTLP/HTTP (usually 4318), or --protocol grpc with that of OTLP/gRPC (4317)",
        ),
        ProbeError::Unauthorized { .. } => {
            Failure::new(Exit::Rejected, text).hint("give a token with --header authorization='Bearer TOKEN'")
        }
        _ => Failure::usage(text),
    }
}
