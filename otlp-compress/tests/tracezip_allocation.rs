//! A context that has seen a batch allocates nothing per span for the next one.
#![allow(unsafe_code, reason = "counting allocations takes a global allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use otlp_compress::tracezip::{Decoder, Encoder, Inner, Options, StreamEncoder, StreamLimits, Verify};

#[path = "tracezip/synthetic.rs"]
mod synthetic;

struct Counting;

thread_local! {
    /// Allocations of this thread: tests run beside each other.
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is handed to the system's allocator as it came; the count is a plain cell of the thread, whose
// access neither allocates nor has a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `alloc` and `realloc` gave the pointer, from the same allocator with the same layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: as for `dealloc`; the caller's promise about `size` is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations while `work` runs.
fn allocations(work: impl FnOnce()) -> usize {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

#[test]
fn the_next_batch() {
    let options = Options::default().with_inner(Inner::None).with_verify(Verify::Never);
    let mut encoder = Encoder::new(options).unwrap();
    let mut decoder = Decoder::new();
    let mut frame = Vec::new();
    for seed in 0..4 {
        frame.clear();
        encoder.encode(&synthetic::batch(seed, 4000), &mut frame).unwrap();
        decoder.decode(&frame, 64 << 20).unwrap();
    }
    let batch = synthetic::batch(9, 4000);
    frame.clear();
    let count = allocations(|| assert!(encoder.encode(&batch, &mut frame).unwrap().columns));
    // A few for each shape, of which there are about thirty; a column that grows past what it was.
    assert!(count < 200, "{count} to encode 4000 spans");
    let count = allocations(|| assert_eq!(decoder.decode(&frame, 64 << 20).unwrap().1, batch.bytes()));
    assert!(count < 50, "{count} to decode 4000 spans");

    let mut stream =
        StreamEncoder::new(options, StreamLimits::default().with_max_state_bytes(64 << 20)).unwrap();
    for seed in 0..4 {
        frame.clear();
        stream.encode(&synthetic::batch(seed, 1000), &mut frame).unwrap();
    }
    frame.clear();
    let batch = synthetic::batch(10, 1000);
    let count = allocations(|| assert!(stream.encode(&batch, &mut frame).unwrap().info().columns));
    assert!(count < 100, "{count} to encode 1000 spans of a stream");
}
