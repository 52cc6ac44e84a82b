//! Asking for memory before it is read.

/// Bytes of a cache line.
const LINE: usize = 64;
/// Cache lines of one list that are asked for.
const LINES: usize = 24;

/// Asks for the start of these bytes.
#[inline(always)]
pub(crate) fn bring(bytes: &[u8]) {
    line(bytes.as_ptr());
}

/// Asks for the end of a list.
#[inline]
pub(crate) fn bring_list<T>(list: &[T]) {
    let bytes = size_of_val(list);
    let end = list.as_ptr().cast::<u8>().wrapping_add(bytes);
    for back in 1..=bytes.div_ceil(LINE).min(LINES) {
        line(end.wrapping_sub(back * LINE));
    }
}

/// Asks for all of these bytes.
#[inline]
pub(crate) fn bring_all(bytes: &[u8]) {
    for start in (0..bytes.len()).step_by(LINE) {
        line(bytes.as_ptr().wrapping_add(start));
    }
}

#[inline(always)]
#[allow(unsafe_code, reason = "the hint is an intrinsic over a pointer")]
fn line(at: *const u8) {
    // An interpreter has no cache.
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a prefetch is a hint. It reads nothing that a program could see, faults on no address, and SSE is part of x86-64.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = at;
}
