//! The same tests with one CPU: a pod with `cpu: 1`.

use std::process::Command;

/// Runs this test binary again, bound to one CPU, for those modules where threads wait for each other.
#[cfg(target_os = "linux")]
#[test]
fn nothing_hangs_on_one_cpu() {
    let binary = std::env::current_exe().unwrap();
    let mut again = Command::new("taskset");
    again.args(["--cpu-list", "0"]).arg(binary).args(["known_report::", "property::", "on_full::"]);
    let output = match again.env("PROPTEST_CASES", "8").output() {
        Ok(output) => output,
        Err(error) => {
            println!("skipped: taskset (util-linux) cannot be run: {error}");
            return;
        }
    };
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("test result: ok"), "{text}");
}
