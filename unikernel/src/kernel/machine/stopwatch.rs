//! Reading the clock.

use core::arch::asm;

/// The TSC, read when all earlier loads are done and before any later instruction starts (Intel SDM
/// vol. 2B, RDTSC). RDTSCP would do half of that, but QEMU's `qemu64` lacks it.
#[expect(clippy::inline_always, reason = "a call would lie inside every timed region")]
#[inline(always)]
pub fn now() -> u64 {
    let (low, high): (u64, u64);
    // SAFETY: reads a counter. Without `nomem`, so that the compiler moves no memory access across.
    unsafe {
        asm!(
            "lfence",
            "rdtsc",
            "lfence",
            out("rax") low,
            out("rdx") high,
            options(nostack, preserves_flags)
        );
    }
    high << 32 | low
}
