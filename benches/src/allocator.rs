//! The global allocator: the system's or mimalloc, chosen by the environment, and a count of allocations on demand.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering::Relaxed};

use mimalloc::MiMalloc;

/// Set to `mimalloc` to use it; anything else, or nothing, is the system's.
pub const VARIABLE: &std::ffi::CStr = c"OTLP_BENCH_ALLOCATOR";

const UNDECIDED: u8 = 0;
const SYSTEM: u8 = 1;
const MIMALLOC: u8 = 2;

static CHOICE: AtomicU8 = AtomicU8::new(UNDECIDED);
static COUNTING: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(0);
/// Bytes handed out less bytes given back while counting, and the most that this was.
static LIVE: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);

/// Decides at the first allocation, which comes before `main`.
pub struct Chosen;

#[cold]
fn decide() -> u8 {
    // SAFETY: the name ends with a zero byte; no other thread runs yet that could change the environment.
    let value = unsafe { libc::getenv(VARIABLE.as_ptr()) };
    // SAFETY: `getenv` returns null or a string that ends with a zero byte.
    let wanted = !value.is_null() && unsafe { std::ffi::CStr::from_ptr(value) } == c"mimalloc";
    let choice = if wanted { MIMALLOC } else { SYSTEM };
    CHOICE.store(choice, Relaxed);
    choice
}

#[inline]
fn is_mimalloc() -> bool {
    match CHOICE.load(Relaxed) {
        UNDECIDED => decide() == MIMALLOC,
        choice => choice == MIMALLOC,
    }
}

/// A block that grew by so many bytes, or went.
#[inline]
fn count(bytes: usize, before: usize) {
    if COUNTING.load(Relaxed) {
        if bytes > 0 {
            COUNT.fetch_add(1, Relaxed);
        }
        let change = bytes as i64 - before as i64;
        PEAK.fetch_max(LIVE.fetch_add(change, Relaxed) + change, Relaxed);
    }
}

// SAFETY: every call goes unchanged to one of two allocators, and always to the same one, because the choice is made
// before the first block is handed out.
unsafe impl GlobalAlloc for Chosen {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller's promises are handed on.
        unsafe { if is_mimalloc() { MiMalloc.alloc(layout) } else { System.alloc(layout) } }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: as above.
        unsafe { if is_mimalloc() { MiMalloc.dealloc(block, layout) } else { System.dealloc(block, layout) } }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: as above.
        unsafe { if is_mimalloc() { MiMalloc.alloc_zeroed(layout) } else { System.alloc_zeroed(layout) } }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: as above.
        unsafe {
            if is_mimalloc() {
                MiMalloc.realloc(block, layout, size)
            } else {
                System.realloc(block, layout, size)
            }
        }
    }
}

/// Name of the allocator in use.
pub fn name() -> &'static str {
    if is_mimalloc() { "mimalloc" } else { "system" }
}

/// Allocations and reallocations that all threads make while `work` runs.
pub fn counted(work: impl FnOnce()) -> u64 {
    let before = COUNT.load(Relaxed);
    COUNTING.store(true, Relaxed);
    work();
    COUNTING.store(false, Relaxed);
    COUNT.load(Relaxed) - before
}

/// The most bytes that stood at once, of those that `work` asked for.
pub fn peak(work: impl FnOnce()) -> u64 {
    LIVE.store(0, Relaxed);
    PEAK.store(0, Relaxed);
    counted(work);
    PEAK.load(Relaxed).unsigned_abs()
}
