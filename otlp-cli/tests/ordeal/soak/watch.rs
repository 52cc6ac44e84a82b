//! The relay from outside: its memory, its files, and its own account, read again and again.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use crate::{account::accounts, relay::Relay};

/// One look.
#[derive(Debug, Clone, Copy)]
struct Sample {
    at: f64,
    resident: u64,
}

/// All looks at a relay.
#[derive(Debug)]
pub(super) struct Watch {
    began: Instant,
    samples: Vec<Sample>,
    pub(super) files: (u64, u64),
    pub(super) threads: (u64, u64),
    /// Most bytes in the queue's directory.
    pub(super) disk: u64,
    /// Accounts read, and those of them that did not balance.
    pub(super) accounts: u64,
    pub(super) unbalanced: Vec<String>,
}

/// Memory over the time after the warm-up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    pub(super) median: u64,
    pub(super) peak: u64,
    /// Bytes an hour, by the median of the slopes between all pairs of looks (Theil and Sen).
    pub(super) slope: f64,
    /// Bytes that this slope makes over the time looked at.
    pub(super) growth: f64,
}

/// This share of the time warms up: allocators and queues reach their sizes.
const WARM_UP: f64 = 0.2;

impl Watch {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            samples: Vec::new(),
            files: (u64::MAX, 0),
            threads: (u64::MAX, 0),
            disk: 0,
            accounts: 0,
            unbalanced: Vec::new(),
        }
    }

    /// Looks once.
    pub(super) fn look(&mut self, relay: &Relay, queue: Option<&Path>) {
        let status = fs::read_to_string(format!("/proc/{}/status", relay.id())).unwrap();
        let figure = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
        };
        self.samples.push(Sample { at: self.began.elapsed().as_secs_f64(), resident: figure("VmRSS") << 10 });
        let files = fs::read_dir(format!("/proc/{}/fd", relay.id())).unwrap().count() as u64;
        self.files = (self.files.0.min(files), self.files.1.max(files));
        let threads = figure("Threads");
        self.threads = (self.threads.0.min(threads), self.threads.1.max(threads));
        self.disk = self.disk.max(queue.map_or(0, size));
        for (signal, account) in accounts(relay) {
            self.accounts += 1;
            if !account.is_balanced() {
                self.unbalanced.push(format!("{signal}: {account:?}"));
            }
        }
    }

    pub(super) fn memory(&self) -> Memory {
        let end = self.samples.last().unwrap().at;
        let steady: Vec<Sample> =
            self.samples.iter().copied().filter(|sample| sample.at >= end * WARM_UP).collect();
        let mut slopes = Vec::new();
        for (index, first) in steady.iter().enumerate() {
            let later = steady[index + 1..].iter().filter(|later| later.at > first.at);
            slopes.extend(
                later.map(|later| (later.resident as f64 - first.resident as f64) / (later.at - first.at)),
            );
        }
        slopes.sort_by(f64::total_cmp);
        let slope = slopes.get(slopes.len() / 2).copied().unwrap_or(0.0);
        let mut resident: Vec<u64> = steady.iter().map(|sample| sample.resident).collect();
        resident.sort_unstable();
        Memory {
            median: resident[resident.len() / 2],
            peak: self.samples.iter().map(|sample| sample.resident).max().unwrap(),
            slope: slope * 3600.0,
            growth: slope * (end - steady[0].at),
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

/// Bytes of the files below a directory.
fn size(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(data) if data.is_dir() => size(&entry.path()),
        Ok(data) => data.len(),
        // A segment that was removed meanwhile.
        Err(_) => 0,
    });
    sizes.sum()
}
