//! Return addresses, by following frame pointers.

use core::arch::asm;

use heapless::Vec;
use unikernel::memory_map::Range;

use super::stacks;

/// Return addresses, innermost first.
pub type Backtrace = Vec<u64, 16>;

/// The value of RBP here.
#[expect(clippy::inline_always, reason = "a frame of its own would be the first in the backtrace")]
#[inline(always)]
pub fn frame_pointer() -> u64 {
    let rbp;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, rbp", out(reg) rbp, options(nomem, nostack, preserves_flags)) };
    rbp
}

/// Appends the return addresses of the frames from `frame_pointer` on, as far as the pointers make
/// sense: each further up the same stack than the one before.
pub fn follow(frame_pointer: u64, backtrace: &mut Backtrace) {
    let Some(stack) = stacks::containing(frame_pointer) else {
        return;
    };
    let mut frame = frame_pointer;
    while let Some([next, return_address]) = read_frame(frame, stack) {
        if return_address == 0 || backtrace.push(return_address).is_err() || next <= frame {
            return;
        }
        frame = next;
    }
}

/// The saved frame pointer and the return address above it.
fn read_frame(frame: u64, stack: Range) -> Option<[u64; 2]> {
    let fits = frame >= stack.start && frame.checked_add(16)? <= stack.end;
    if !fits || !frame.is_multiple_of(8) {
        return None;
    }
    let pointer = core::ptr::with_exposed_provenance::<[u64; 2]>(frame as usize);
    // SAFETY: aligned and inside a mapped stack; any bits make a `u64`. Volatile, because the
    // compiler does not know of these frames.
    Some(unsafe { pointer.read_volatile() })
}
