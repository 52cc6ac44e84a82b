//! Running the command, fixtures, and messages as an independent decoder sees them.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use otlp::{Signal, proto::collector};
use prost::Message as _;

/// The command without the environment that would change what it does.
pub(crate) fn otlp(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otlp"));
    command.args(args).env_clear().stdin(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// Runs the command to its end.
pub(crate) fn run(args: &[&str]) -> Output {
    otlp(args).output().unwrap()
}

/// Runs it and expects this exit code; gives stdout and stderr.
pub(crate) fn expect(code: i32, args: &[&str]) -> (String, String) {
    let output = run(args);
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(code), "{args:?}\nstdout: {out}\nstderr: {err}");
    (out, err)
}

/// Stdout and stderr as text.
pub(crate) fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// The path as text.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A running `otlp receive`, or another command that listens as it does.
pub(crate) struct Receive {
    child: Child,
    pub(crate) grpc: String,
    pub(crate) http: String,
    stderr: mpsc::Receiver<String>,
}

impl Receive {
    /// Starts it on free ports and waits until it is ready.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::listen("receive", args)
    }

    /// Starts another command with a server on free ports.
    pub(crate) fn listen(command: &str, args: &[&str]) -> Self {
        let mut child = otlp(&[command, "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (sender, stderr) = mpsc::channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let ready = stderr.recv_timeout(Duration::from_secs(20)).unwrap();
        let (grpc, http) = ready.strip_prefix("listening grpc=").unwrap().split_once(" http=").unwrap();
        let url = |address: &str| format!("http://{address}");
        Self { child, grpc: url(grpc), http: url(http), stderr }
    }

    /// Where to send by this protocol.
    pub(crate) fn endpoint(&self, protocol: &str) -> &str {
        if protocol == "grpc" { &self.grpc } else { &self.http }
    }

    /// The next line on stderr.
    pub(crate) fn line(&self) -> String {
        self.stderr.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        kill(&self.child, name);
    }

    /// Waits for its end; gives exit code, stdout and what was left on stderr.
    pub(crate) fn end(mut self) -> (Option<i32>, String, Vec<String>) {
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        let status: ExitStatus = self.child.wait().unwrap();
        (status.code(), out, self.stderr.iter().collect())
    }
}

/// Sends a signal to a process.
pub(crate) fn kill(child: &Child, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

impl Drop for Receive {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Two requests of a signal as JSON lines: 3 items in all, for profiles 2.
pub(crate) fn jsonl(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => include_str!("../data/traces.jsonl"),
        Signal::Metrics => include_str!("../data/metrics.jsonl"),
        Signal::Logs => include_str!("../data/logs.jsonl"),
        Signal::Profiles => include_str!("../data/profiles.jsonl"),
    }
}

/// Items in the fixture of a signal.
pub(crate) const fn items(signal: Signal) -> usize {
    match signal {
        Signal::Profiles => 2,
        _ => 3,
    }
}

/// A scratch directory with `<signal>.jsonl` of all signals.
pub(crate) fn fixtures() -> (tempfile::TempDir, impl Fn(Signal) -> PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    for signal in Signal::ALL {
        fs::write(dir.path().join(format!("{signal}.jsonl")), jsonl(signal)).unwrap();
    }
    let path = dir.path().to_owned();
    (dir, move |signal| path.join(format!("{signal}.jsonl")))
}

/// The messages of a `.frames` file, cut here and decoded by prost, as text that can be compared.
pub(crate) fn messages(signal: Signal, mut frames: &[u8]) -> Vec<String> {
    let mut messages = Vec::new();
    while let Some((length, rest)) = frames.split_first_chunk::<4>() {
        let (message, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        messages.push(decoded(signal, message));
        frames = rest;
    }
    assert!(frames.is_empty());
    messages
}

/// A message as prost reads it.
pub(crate) fn decoded(signal: Signal, message: &[u8]) -> String {
    match signal {
        Signal::Traces => {
            format!("{:?}", collector::trace::v1::ExportTraceServiceRequest::decode(message).unwrap())
        }
        Signal::Metrics => {
            format!("{:?}", collector::metrics::v1::ExportMetricsServiceRequest::decode(message).unwrap())
        }
        Signal::Logs => {
            format!("{:?}", collector::logs::v1::ExportLogsServiceRequest::decode(message).unwrap())
        }
        Signal::Profiles => {
            let decode = collector::profiles::v1development::ExportProfilesServiceRequest::decode;
            format!("{:?}", decode(message).unwrap())
        }
    }
}

/// A file of the shared captures; `None`, with a printed reason, where there is none.
pub(crate) fn capture(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is not there", path.display());
    None
}

/// The content of a capture, which is zstd around frames.
pub(crate) fn unpacked(path: &Path) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.frames");
    expect(0, &["convert", text(path), text(&out)]);
    fs::read(out).unwrap()
}

/// A certificate authority of a test, with its files in a directory.
pub(crate) struct Authority {
    issuer: rcgen::CertifiedIssuer<'static, rcgen::KeyPair>,
    dir: tempfile::TempDir,
}

/// The paths of a certificate and its key.
pub(crate) struct Pair {
    pub(crate) cert: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = rcgen::CertificateParams::new([]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let issuer = rcgen::CertifiedIssuer::self_signed(params, key).unwrap();
        Self { issuer, dir: tempfile::tempdir().unwrap() }
    }

    /// The authority's own certificate.
    pub(crate) fn ca(&self) -> String {
        self.file("ca.pem", &self.issuer.pem())
    }

    /// A certificate for `localhost` and `127.0.0.1`, good for so many days from `from` on.
    pub(crate) fn issue(&self, name: &str, (year, month, day): (i32, u8, u8), days: u32) -> Pair {
        let mut params =
            rcgen::CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(year, month, day);
        params.not_after = params.not_before + Duration::from_secs(u64::from(days) * 86_400);
        let key = rcgen::KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        Pair {
            cert: self.file(&format!("{name}.pem"), &cert.pem()),
            key: self.file(&format!("{name}-key.pem"), &key.serialize_pem()),
        }
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.dir.path().join(name);
        fs::write(&path, content).unwrap();
        text(&path).to_owned()
    }
}
