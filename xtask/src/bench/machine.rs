//! Where and when it was measured.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;

use crate::process::capture;

/// Vector features that matter to the kernels, as the kernel names them.
const FLAGS: [&str; 7] = ["avx2", "bmi2", "avx512f", "avx512bw", "avx512vl", "avx512vbmi", "avx512_vbmi2"];

/// The load average before measuring; empty where there is none.
pub(crate) fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// A paragraph: date, commit, machine, compiler, command.
pub(crate) fn describe(load: &str, command: &str) -> anyhow::Result<String> {
    let commit = capture(Command::new("git").args(["rev-parse", "--short", "HEAD"]))?;
    let rustc = capture(Command::new("rustc").arg("--version"))?;
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        cpu.lines()
            .find(|line| line.starts_with(name))
            .and_then(|line| line.split_once(": "))
            .map_or("unknown", |(_, value)| value.trim())
    };
    let present: Vec<&str> = field("flags").split(' ').filter(|flag| FLAGS.contains(flag)).collect();
    let cores = std::thread::available_parallelism().context("number of cores")?;
    Ok(format!(
        "{} at commit {}, {} (family {}, model {}), {cores} cores, {}; load average before the run {load}; {}. \
         Command: `{command}`.",
        date()?,
        commit.trim(),
        field("model name"),
        field("cpu family"),
        field("model\t"),
        present.join(" "),
        rustc.trim(),
    ))
}

/// Today in UTC, `2026-11-22`.
fn date() -> anyhow::Result<String> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).context("clock before 1970")?.as_secs();
    let (year, month, day) = civil(seconds / 86_400);
    Ok(format!("{year}-{month:02}-{day:02}"))
}

/// Year, month, day of a day counted from 1970-01-01 (Howard Hinnant's `civil_from_days`).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn days_become_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_779), (2026, 11, 22));
    }
}
