//! The relay as a process.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

pub(crate) struct Relay {
    child: Process,
    grpc: String,
    http: String,
    /// Where its figures are, if it was started with `--admin`.
    admin: Option<String>,
}

/// Ends with the value, so that no test leaves a relay behind that goes on sending what is on its disk.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How long it may take to start: the machine may be busy, and the queue large.
const START: Duration = Duration::from_secs(60);

impl Relay {
    /// Starts it on free ports and waits until it is ready. `OTLP_BINARY` names another build than that of the tests.
    pub(crate) fn start(to: &str, args: &[&str]) -> Self {
        Self::start_under(&[], to, args)
    }

    /// Starts it by another program, which becomes the relay.
    pub(crate) fn start_under(wrapper: &[&str], to: &str, args: &[&str]) -> Self {
        let relay = std::env::var("OTLP_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_otlp").to_owned());
        let mut command = Command::new(wrapper.first().unwrap_or(&&*relay));
        command.args(wrapper.iter().skip(1)).args((!wrapper.is_empty()).then_some(&relay));
        let child = command
            .args(["relay", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--to", to])
            .args(["--compression", "none"])
            .args(args)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut child = Process(child);
        let lines = BufReader::new(child.0.stderr.take().unwrap()).lines();
        let (said, heard) = mpsc::channel();
        // Goes on reading, so that the relay never waits for a full pipe.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| drop(said.send(line))));
        // What the queue holds is on its way before the relay listens, and may meet with something worth saying.
        let line = move |start: &str| {
            let mut before = Vec::new();
            loop {
                let line = heard.recv_timeout(START).unwrap_or_else(|_| panic!("the relay says: {before:?}"));
                match line.strip_prefix(start) {
                    Some(rest) => return rest.to_owned(),
                    None => before.push(line),
                }
            }
        };
        let addresses = line("listening grpc=");
        let (grpc, http) = addresses.split_once(" http=").unwrap();
        let admin = args.contains(&"--admin").then(|| line("admin http://"));
        Self { grpc: format!("http://{grpc}"), http: format!("http://{http}"), admin, child }
    }

    /// Where it takes HTTP.
    pub(crate) fn http(&self) -> &str {
        &self.http
    }

    /// Where it takes gRPC.
    pub(crate) fn grpc(&self) -> &str {
        &self.grpc
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.0.id()
    }

    /// Its page of figures; `--admin` has to be among the arguments.
    pub(crate) fn metrics(&self) -> String {
        let address = self.admin.as_deref().unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        std::io::read_to_string(stream).unwrap()
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.0.kill().unwrap();
        self.child.0.wait().unwrap();
    }

    /// SIGTERM; gives its exit code and its account.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        let sent = Command::new("kill").arg(self.child.0.id().to_string()).status().unwrap();
        assert!(sent.success());
        let mut account = String::new();
        self.child.0.stdout.take().unwrap().read_to_string(&mut account).unwrap();
        (self.child.0.wait().unwrap().code(), account)
    }
}
