//! The relay as a process.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

pub(crate) struct Relay {
    child: Child,
    endpoint: String,
}

impl Relay {
    /// Starts it on free ports and waits until it is ready.
    pub(crate) fn start(to: &str, queue: &Path, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_otlp"))
            .args(["relay", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--to", to])
            .args(["--compression", "none", "--queue-dir"])
            .arg(queue)
            .args(args)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (ready, is_ready) = mpsc::channel();
        std::thread::spawn(move || {
            let first = lines.next().and_then(Result::ok).unwrap_or_default();
            let _ = ready.send(first);
            // Goes on reading, so that the relay never waits for a full pipe.
            lines.for_each(drop);
        });
        let first = is_ready.recv_timeout(Duration::from_secs(60)).unwrap();
        let Some((_, http)) = first.split_once(" http=") else { panic!("the relay says: {first}") };
        Self { endpoint: format!("http://{http}"), child }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; gives its account.
    pub(crate) fn stop(mut self) -> String {
        let sent = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
        let mut account = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut account).unwrap();
        self.child.wait().unwrap();
        account
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
