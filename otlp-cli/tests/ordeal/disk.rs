//! `otlp relay --queue-dir` on disks that are full, fail, or lose the end of what was written: nothing that a client saw acknowledged
//! is missing at the receiver.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    account::accounts,
    fresh_tag, number,
    producer::{self, Producer},
    receiver::Receiver,
    relay::Relay,
};

/// How long what has to happen may take. Generous: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something is so.
fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Starts the relay on a queue and waits until everything acknowledged has arrived; gives its account.
fn deliver(receiver: &Receiver, queue: &Path, acknowledged: &[u64]) -> String {
    let relay = Relay::start(&receiver.url(), &["--queue-dir", queue.to_str().unwrap()]);
    wait("acknowledged items are missing", || receiver.missing(acknowledged).is_empty());
    let (code, account) = relay.stop();
    assert_eq!(code, Some(0), "{account}");
    account
}

/// A file system in memory of so many KiB, gone with the value.
struct Small(tempfile::TempDir);

impl Small {
    fn mount(kib: u32) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={kib}k"), "tmpfs"]).arg(dir.path());
        match mount.output() {
            Ok(output) if output.status.success() => Some(Self(dir)),
            Ok(output) => {
                eprintln!("skipped: no tmpfs here: {}", String::from_utf8_lossy(&output.stderr).trim());
                None
            }
            Err(error) => {
                eprintln!("skipped: mount cannot be run: {error}");
                None
            }
        }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_sends_senders_away_and_loses_nothing() {
    let Some(disk) = Small::mount(512) else { return };
    let tag = fresh_tag();
    let receiver = Receiver::start(&tag, Duration::ZERO);
    receiver.refuse(true);
    let args = ["--queue-dir", disk.0.path().to_str().unwrap(), "--admin", "127.0.0.1:0"];
    let relay = Relay::start(&receiver.url(), &args);
    let mut next = 0;
    let producer = Producer::start(relay.http(), &tag, 4, &mut next);
    let logs = || accounts(&relay).remove("logs").unwrap();
    wait("the disk never gets full", || logs().handed_back() > 0);
    // It drains, and takes again.
    receiver.refuse(false);
    let full = logs();
    wait("it does not drain", || logs().accepted > full.pending);
    assert!(logs().is_balanced());
    // Full again, and killed there.
    receiver.refuse(true);
    let before = logs().handed_back();
    wait("the disk does not get full again", || logs().handed_back() > before);
    relay.kill();
    let acknowledged = producer.stop();
    assert!(!acknowledged.is_empty());
    receiver.refuse(false);
    deliver(&receiver, disk.0.path(), &acknowledged);
}

#[test]
fn writes_and_syncs_that_fail_with_eio_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("strace");
    // The tracer is a grandchild, so that what is killed is the relay. Each thread counts its own calls.
    let strace = ["strace", "-D", "-f", "-qq", "-o", log.to_str().unwrap()];
    let probe = Command::new(strace[0]).args(&strace[1..]).arg("true").output();
    if !probe.as_ref().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: strace cannot be run or may not trace here: {probe:?}");
        return;
    }
    let tag = fresh_tag();
    for (fsync, faults) in [
        ("batch", "pwrite64:error=EIO:when=6+7"),
        ("batch", "fdatasync:error=EIO:when=4+5"),
        ("never", "pwrite64:error=EIO:when=6+7"),
        ("batch", "pread64:error=EIO:when=3+4"),
    ] {
        let queue = dir.path().join(faults.replace([':', '=', '+'], "-")).join(fsync);
        let receiver = Receiver::start(&tag, Duration::from_millis(2));
        let inject = format!("inject={faults}");
        let trace = format!("trace={}", faults.split(':').next().unwrap());
        let wrapper = [&strace[..], &["-e", &trace, "-e", &inject]].concat();
        let args = ["--queue-dir", queue.to_str().unwrap(), "--fsync", fsync, "--batch-items", "50"];
        let relay = Relay::start_under(&wrapper, &receiver.url(), &args);
        let mut next = 0;
        let producer = Producer::start(relay.http(), &tag, 3, &mut next);
        let injected = || fs::read_to_string(&log).unwrap_or_default().matches("(INJECTED)").count();
        wait("no call fails", || injected() >= 20);
        relay.kill();
        let acknowledged = producer.stop();
        deliver(&receiver, &queue, &acknowledged);
        assert!(!acknowledged.is_empty(), "{fsync} {faults}");
    }
}

/// The files of a queue.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// The last segment of a queue, and its length.
fn last_segment(queue: &Path) -> (PathBuf, u64) {
    let files = fs::read_dir(queue).unwrap().map(|entry| entry.unwrap().path());
    let segment = files.filter(|path| path.extension().is_some_and(|end| end == "seg")).max().unwrap();
    let length = fs::metadata(&segment).unwrap().len();
    (segment, length)
}

/// The only queue in a directory of the relay's.
fn only_queue(dir: &Path) -> PathBuf {
    fs::read_dir(dir).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn a_last_write_torn_at_any_byte_costs_nothing_older() {
    let dir = tempfile::tempdir().unwrap();
    let tag = fresh_tag();
    let away = Receiver::start(&tag, Duration::ZERO);
    away.refuse(true);
    let original = dir.path().join("original");
    let relay = Relay::start(&away.url(), &["--queue-dir", original.to_str().unwrap()]);
    let first = [producer::once(relay.http(), &tag, 0..2), producer::once(relay.http(), &tag, 2..4)].concat();
    let (segment, from) = last_segment(&only_queue(&original));
    let last = producer::once(relay.http(), &tag, 4..6);
    let (same, to) = last_segment(&only_queue(&original));
    relay.kill();
    assert_eq!((first.len(), last.len()), (4, 2), "all is acknowledged");
    assert!(same == segment && to > from, "the last write is in the same segment");

    // `cargo xtask kill` tries every byte.
    let step = usize::try_from(number("OTLP_TORN_STEP", 19)).unwrap();
    let cuts: Vec<u64> = (from..to).step_by(step).chain([to - 1, to]).collect();
    std::thread::scope(|scope| {
        for lane in 0..4 {
            let (cuts, segment, first, last, tag) = (&cuts, &segment, &first, &last, &tag);
            let (torn, original) = (dir.path().join(format!("torn-{lane}")), &original);
            scope.spawn(move || {
                // A destination's queue is in a directory named after it.
                let receiver = Receiver::start(tag, Duration::ZERO);
                Relay::start(&receiver.url(), &["--queue-dir", torn.to_str().unwrap()]).kill();
                let queue = only_queue(&torn);
                for at in cuts.iter().skip(lane).step_by(4) {
                    fs::remove_dir_all(&queue).unwrap();
                    copy(&only_queue(original), &queue);
                    let cut =
                        fs::OpenOptions::new().write(true).open(queue.join(segment.file_name().unwrap()));
                    cut.unwrap().set_len(*at).unwrap();
                    receiver.forget();
                    let account = deliver(&receiver, &torn, first);
                    assert!(!account.contains("corrupt"), "byte {at}: {account}");
                    let whole = receiver.missing(last).is_empty();
                    assert!(*at < to || whole, "the whole write is there: {account}");
                }
            });
        }
    });
}
