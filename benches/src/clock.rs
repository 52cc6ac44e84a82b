//! What a piece of work costs: CPU time, which other programs on the machine touch least.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Whose CPU time counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Of this thread: for work on one thread.
    Thread,
    /// Of all threads of the process: for client and server together.
    #[cfg(feature = "transport")]
    Process,
    /// Time that passes: for throughput.
    #[cfg(feature = "transport")]
    Wall,
}

impl Clock {
    pub fn now(self) -> Duration {
        let time = clock_gettime(match self {
            Self::Thread => ClockId::ThreadCPUTime,
            #[cfg(feature = "transport")]
            Self::Process => ClockId::ProcessCPUTime,
            #[cfg(feature = "transport")]
            Self::Wall => ClockId::Monotonic,
        });
        Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
    }
}
