//! Writers allocate nothing per item once their buffer has its size.
#![allow(unsafe_code, reason = "counting allocations takes a global allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use otlp_core::logs::{LogsWriter, Severity};
use otlp_core::metrics::{MetricsWriter, Temporality};
use otlp_core::profiles::{Location, ProfilesWriter, Sample};
use otlp_core::trace::{SpanKind, StatusCode, TracesWriter};
use otlp_core::{Key, SpanId, TraceId};

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

const ROUTE: Key = Key::new("http.route");

fn spans(writer: &mut TracesWriter) {
    let mut resource = writer.resource(|resource| {
        resource.attr("service.name", "shop").attr("process.command_args", &["shop", "--port", "80"]);
    });
    let mut scope = resource.scope("shop.http", "1");
    let (trace, parent) = (TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]));
    for index in 0..1000_u64 {
        let mut span = scope.span();
        span.ids(trace, SpanId::from_bytes(index.to_le_bytes()), parent)
            .name("GET /cart")
            .kind(SpanKind::Server);
        span.times(index, index + 9).attr(ROUTE, "/cart").attr("http.response.status_code", 200);
        span.event(index, "exception").attr("exception.type", "Timeout");
        span.link(trace, parent).attr("reason", &[("retry", 1.into()), ("late", true.into())]);
        span.attr_array("sizes").push(index as u32).push(0.5);
        span.status(StatusCode::Error, "timeout").status(StatusCode::Ok, "");
    }
}

#[test]
fn spans_into_a_reused_buffer() {
    let mut writer = TracesWriter::new();
    spans(&mut writer);
    writer.clear();
    let count = allocations(|| {
        spans(&mut writer);
        assert!(writer.encoded().len() > 100_000);
    });
    assert_eq!(count, 0);
}

#[test]
fn spans_into_a_recycled_batch() {
    let mut writer = TracesWriter::new();
    spans(&mut writer);
    let batch = writer.finish();
    assert!(writer.recycle(batch));
    let count = allocations(|| {
        spans(&mut writer);
        assert_eq!(writer.finish().items(), 1000);
    });
    // The batch's shared handle on its bytes.
    assert!(count <= 1, "{count}");
}

#[test]
fn a_fresh_writer_with_capacity() {
    let mut writer = TracesWriter::new();
    spans(&mut writer);
    let bytes = writer.encoded().len();
    // The buffer, the stack of open messages, the batch's handle.
    let count = allocations(|| {
        let mut writer = TracesWriter::with_capacity(bytes + 64);
        spans(&mut writer);
        writer.finish();
    });
    assert!(count <= 3, "{count}");
    // The next batch of a writer starts with the size of the one before.
    writer.finish();
    let count = allocations(|| {
        spans(&mut writer);
        writer.finish();
    });
    assert!(count <= 2, "{count}");
}

#[test]
fn the_other_signals() {
    fn logs(writer: &mut LogsWriter) {
        let mut resource = writer.resource(|_| {});
        let mut scope = resource.scope("", "");
        for index in 0..1000_u64 {
            let mut record = scope.record();
            record.times(index, index).severity(Severity::Info, "INFO").body("draft").attr("n", 1);
            record.body_map().attr("user", "u-17").attr_array("tags").push("a");
        }
        writer.encoded();
    }
    fn metrics(writer: &mut MetricsWriter) {
        let mut resource = writer.resource(|_| {});
        let mut scope = resource.scope("", "");
        for index in 0..200_u64 {
            let mut sum = scope.metric("requests").unit("1").sum(Temporality::Delta, true);
            sum.point(1).times(index, index).attr(ROUTE, "/").exemplar(0.5, index).attr("user", "u-17");
            let mut histogram = scope.metric("duration").histogram(Temporality::Delta);
            histogram.point(3).buckets(&[1.0, 2.0], &[1, 1, 1]).sum(4.0).range(0.5, 3.0);
            let mut exponential = scope.metric("size").exponential_histogram(Temporality::Delta);
            exponential.point(3, 2).positive(-3, &[1, 0, 300]).negative(1, &[1]).zeros(1, 0.0);
            scope.metric("latency").summary().point(3, 1.0).quantile(0.5, 1.0);
        }
        writer.encoded();
    }
    let (mut writer, mut metrics_writer) = (LogsWriter::new(), MetricsWriter::new());
    logs(&mut writer);
    metrics(&mut metrics_writer);
    writer.clear();
    metrics_writer.clear();
    let count = allocations(|| {
        logs(&mut writer);
        metrics(&mut metrics_writer);
    });
    assert_eq!(count, 0);
}

#[test]
fn samples_over_a_known_dictionary() {
    let mut writer = ProfilesWriter::with_capacity(1 << 20);
    let mut resource = writer.resource(|_| {});
    let mut scope = resource.scope("", "");
    let mut profile = scope.profile("cpu", "nanoseconds");
    let tables = profile.dictionary();
    let location = tables.location(&Location { address: 0x4711, ..Default::default() });
    let stack = tables.stack(&[location; 20]);
    let thread = tables.attribute("thread.name", "main");
    let count = allocations(|| {
        for time in 0..1000 {
            profile.sample(&Sample {
                stack,
                attributes: &[thread],
                timestamps: &[time],
                ..Default::default()
            });
        }
        assert_eq!(profile.dictionary().string("cpu").index(), 1);
    });
    assert_eq!(count, 0);
}
