//! Whether something is being timed, so that whoever must keep still meanwhile can be caught.

use core::arch::asm;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

static TIMED: AtomicBool = AtomicBool::new(false);

static LINE_BYTES: AtomicU64 = AtomicU64::new(0);

/// Said before the first reading of the clock.
///
/// Whatever the compiler has to save around the operation it saves here, so that spilled registers are
/// no part of what is timed.
#[expect(clippy::inline_always, reason = "it is about the registers of whoever calls")]
#[inline(always)]
pub fn begins() {
    TIMED.store(true, Ordering::Relaxed);
    // SAFETY: no instruction at all.
    unsafe { asm!("", clobber_abi("sysv64"), options(nomem, nostack)) };
}

/// Said after the second reading.
#[inline]
pub fn ended() {
    TIMED.store(false, Ordering::Relaxed);
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
