//! Two processes on one directory, and a disk that is really full.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use otlp_core::Signal;

use super::{ALL, batch, numbers};
use crate::disk::{AppendRefusal, DiskQueue, DiskQueueError, DiskQueueOptions, OnDiskFull};

/// Directory of the queue, for a child.
const DIR: &str = "OTLP_TEST_DISK_QUEUE_DIR";

fn dir() -> Option<PathBuf> {
    std::env::var_os(DIR).map(PathBuf::from)
}

/// A command line that runs one test of this file in a process of its own.
fn this_test(name: &str, dir: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let path = module_path!().split_once("::").unwrap().1;
    command.args([format!("{path}::{name}").as_str(), "--exact", "--ignored", "--nocapture"]).env(DIR, dir);
    command
}

/// Ends the child with the test.
struct Reap(Child);

impl Drop for Reap {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "a process that the next test starts"]
fn child_holds_the_queue() {
    let Some(dir) = dir() else { return };
    let (queue, _) = DiskQueue::open(dir, &DiskQueueOptions::default()).unwrap();
    for at in 0..20 {
        queue.append(&batch(Signal::Logs, at * 5..at * 5 + 5, 100)).unwrap();
    }
    queue.next_request(Signal::Logs, super::RequestSize { items: 10, bytes: ALL.bytes }).unwrap();
    println!("\nholding");
    loop {
        std::thread::park();
    }
}

#[test]
fn a_second_process_is_refused_until_the_first_is_killed_and_then_finds_everything() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = this_test("child_holds_the_queue", dir.path());
    let mut child = Reap(child.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("holding")));
    let options = DiskQueueOptions::default();
    assert!(matches!(DiskQueue::open(dir.path(), &options), Err(DiskQueueError::Locked { .. })));
    // SIGKILL: nobody closes anything.
    child.0.kill().unwrap();
    child.0.wait().unwrap();
    let (queue, recovery) = DiskQueue::open(dir.path(), &options).unwrap();
    assert!(recovery.is_clean(), "{recovery:?}");
    assert_eq!((recovery.total(), recovery.resent[Signal::Logs as usize]), (100, 10));
    let again = queue.next_request(Signal::Logs, ALL).unwrap().unwrap();
    assert_eq!((numbers(&again.batch), again.resent), ((0..10).collect(), true));
    assert_eq!(queue.next_request(Signal::Logs, ALL).unwrap().unwrap().batch.items(), 90);
}

/// In a mount namespace: fills a disk of 1 MiB.
#[test]
#[ignore = "a process that the next test starts"]
fn child_fills_the_disk() {
    let Some(dir) = dir() else { return };
    for on_full in [OnDiskFull::Refuse, OnDiskFull::DropOldest] {
        let dir = dir.join(format!("{on_full:?}"));
        let options = DiskQueueOptions::default().with_segment_bytes(128 << 10).with_on_full(on_full);
        let (queue, _) = DiskQueue::open(&dir, &options).unwrap();
        let mut kept: Vec<u64> = Vec::new();
        for at in 0..200 {
            match queue.append(&batch(Signal::Logs, [at], 10_000)) {
                Ok(()) => kept.push(at),
                Err(error) => assert!(matches!(error.reason, AppendRefusal::DiskFull { .. }), "{error}"),
            }
        }
        assert_eq!(kept.len() < 200, on_full == OnDiskFull::Refuse);
        kept.drain(..queue.take_losses().dropped(Signal::Logs) as usize);
        assert!(kept.len() > 60, "{}", kept.len());
        drop(queue);
        // Full as it is, it opens, gives out, and takes again.
        let (queue, recovery) = DiskQueue::open(&dir, &options).unwrap();
        assert!(recovery.corrupt == [0; 4] && recovery.total() == kept.len() as u64, "{recovery:?}");
        let mut out = Vec::new();
        while let Some(request) =
            queue.next_request(Signal::Logs, super::RequestSize { items: 8, bytes: ALL.bytes }).unwrap()
        {
            out.extend(numbers(&request.batch));
            queue.done(request.id);
        }
        assert_eq!(out, kept);
        queue.append(&batch(Signal::Logs, 0..5, 10_000)).unwrap();
        queue.close().unwrap();
        let (queue, recovery) = DiskQueue::open(&dir, &options).unwrap();
        assert_eq!((recovery.total(), recovery.corrupt), (5, [0; 4]));
        drop(queue);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}

#[test]
fn a_full_tmpfs_refuses_or_drops_and_recovers() {
    let dir = tempfile::tempdir().unwrap();
    let allowed =
        Command::new("unshare").args(["-Urm", "mount", "-t", "tmpfs", "none"]).arg(dir.path()).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        println!(
            "skipped: `unshare -Urm mount -t tmpfs` is not permitted here; tests/fault.rs has the modelled disk"
        );
        return;
    }
    let inner = this_test("child_fills_the_disk", dir.path());
    let mount = format!("mount -t tmpfs -o size=1m none '{}' && exec \"$@\"", dir.path().display());
    let mut command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c", &mount, "sh"]).arg(inner.get_program()).args(inner.get_args());
    let output = command.env(DIR, dir.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
