//! Whether something is being timed, so that whoever must keep still meanwhile can be caught.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

static TIMED: AtomicBool = AtomicBool::new(false);

static LINE_BYTES: AtomicU64 = AtomicU64::new(0);

/// Said before the first reading of the clock and after the second.
#[inline]
pub fn set(timed: bool) {
    TIMED.store(timed, Ordering::Relaxed);
}

/// The serial line takes `count` bytes.
pub fn line_takes(count: usize) {
    if TIMED.load(Ordering::Relaxed) {
        LINE_BYTES.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// Bytes that the line took while something was timed.
pub fn line_bytes() -> u64 {
    LINE_BYTES.load(Ordering::Relaxed)
}
