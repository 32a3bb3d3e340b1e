//! Copying and zeroing whole frames, each by one string instruction, so that every scheme pays the
//! same price and an instruction count does not depend on how the compiler unrolls a loop.

use core::arch::asm;

use vm::FrameWords;

/// Copies a frame.
#[inline]
pub fn copy(from: &FrameWords, to: &FrameWords) {
    // SAFETY: both are whole frames; contents of frames are only reached through atomics and these
    // primitives. DF is clear, as the ABI demands.
    unsafe {
        asm!(
            "rep movsq",
            inout("rcx") from.len() => _,
            inout("rsi") from.as_ptr() => _,
            inout("rdi") to.as_ptr() => _,
            options(nostack, preserves_flags)
        );
    }
}

/// Zeroes a frame.
#[inline]
pub fn zero(frame: &FrameWords) {
    // SAFETY: as for `copy`.
    unsafe {
        asm!(
            "rep stosq",
            inout("rcx") frame.len() => _,
            inout("rdi") frame.as_ptr() => _,
            in("rax") 0,
            options(nostack, preserves_flags)
        );
    }
}
