//! The destinations of the command line.

use otlp::{Client, Codec, Config, Destination, Signal, Tracezip};

use super::RelayArgs;
use crate::{arg, exit::Failure};

/// A destination, and the name that people and the queue's directory know it by.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) name: String,
    pub(super) destination: Destination,
}

/// All of `--to`, checked; connects to nothing. The same protocol and compression for all.
pub(super) fn targets(args: &RelayArgs) -> Result<Vec<Target>, Failure> {
    for url in &args.to {
        if !arg::is_endpoint(url) {
            let hint = "write --to http://HOST:PORT, https://HOST:PORT or unix:/PATH";
            return Err(Failure::usage("a --to does not start with http://, https:// or unix:/").hint(hint));
        }
    }
    let headers = args.headers.iter().map(|header| header.split()).collect::<Result<Vec<_>, _>>()?;
    let (codec, tracezip) = match args.compression {
        Some(compression) => compression.parts(),
        None => {
            let mut usual = args.to.iter().map(|url| usual(url));
            (usual.find(|codec| *codec != Codec::Identity).unwrap_or_default(), Tracezip::Off)
        }
    };
    let target = |url: &String| {
        let mut client = Client::builder().protocol(args.protocol).endpoint(url).compression(codec);
        client = client.tracezip(tracezip);
        for (name, value) in &headers {
            client = client.header(name, value);
        }
        client.clone().build().map_err(|error| Failure::usage(format!("--to: {error}")))?;
        let name = without_query(url);
        Ok(Target { destination: Destination::new(&name, client), name })
    };
    args.to.iter().map(target).collect()
}

/// What an exporter without a setting does for this endpoint: gzip, and nothing to this machine.
fn usual(url: &str) -> Codec {
    let config = Config::from_vars(|name| (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| url.to_owned()));
    config.signal(Signal::Traces).compression()
}

/// A query may hold a key.
fn without_query(url: &str) -> String {
    url.split('?').next().unwrap_or_default().to_owned()
}
