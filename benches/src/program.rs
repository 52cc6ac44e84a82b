//! Programs that run beside the measurement: started, asked for their CPU time, stopped.

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// A running program; dropping it kills it.
pub struct Program {
    child: Child,
    /// Where it takes gRPC.
    pub grpc: SocketAddr,
    /// Where it takes HTTP; the same as `grpc` where it has none.
    pub http: SocketAddr,
}

/// How long a program may take until it listens.
const START: Duration = Duration::from_secs(20);

impl Program {
    /// Starts a program that says `listening grpc=HOST:PORT http=HOST:PORT`, or the former alone, on standard error.
    pub fn listening(command: &mut Command) -> anyhow::Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let mut lines = BufReader::new(child.stderr.take().context("piped")?).lines();
        let mut said = Vec::new();
        for line in lines.by_ref() {
            let line = line?;
            let address = |name: &str| {
                line.split(' ').find_map(|word| word.strip_prefix(name))?.parse::<SocketAddr>().ok()
            };
            if let Some(grpc) = address("grpc=") {
                let http = address("http=").unwrap_or(grpc);
                // What it says later, so that it never waits for a reader.
                std::thread::spawn(move || {
                    lines.map_while(Result::ok).for_each(|line| eprintln!("  {line}"))
                });
                return Ok(Self { child, grpc, http });
            }
            said.push(line);
        }
        bail!("{command:?} did not listen: {}", said.join("; "))
    }

    /// Starts a program that has to be told its port, and waits until something listens there.
    pub fn on_port(make: impl FnOnce(SocketAddr) -> Command) -> anyhow::Result<Self> {
        // Asked for and given back: the program wants a number.
        let grpc = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = make(grpc);
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let mut program = Self { child, grpc, http: grpc };
        let start = Instant::now();
        while TcpStream::connect(grpc).is_err() {
            if start.elapsed() > START || program.child.try_wait()?.is_some() {
                bail!("{command:?} did not listen");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(program)
    }

    /// User and system time of all its threads, in steps of the kernel's clock tick (10 ms).
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The second field is the name in brackets and may hold blanks; times are the 14th and 15th.
        let (_, fields) = stat.rsplit_once(") ").context("/proc/PID/stat")?;
        let ticks: u64 = fields
            .split(' ')
            .skip(11)
            .take(2)
            .map(str::parse::<u64>)
            .sum::<Result<u64, _>>()
            .context("ticks")?;
        Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
    }

    /// The most memory that it has had, in MiB.
    pub fn peak_mib(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kib: f64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
            .context("VmHWM")?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder that is removed with what is in it.
pub struct Scratch(std::path::PathBuf);

impl Scratch {
    pub fn new(name: &str) -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("otlp-benches-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
