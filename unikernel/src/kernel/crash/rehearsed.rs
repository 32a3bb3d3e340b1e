//! Crashes that the command line asks for.

use core::arch::asm;
use core::hint::{black_box, spin_loop};
use core::ptr::with_exposed_provenance_mut;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use unikernel::rehearsed_crash::Kind;

/// No step has this number.
const NEVER: u64 = u64::MAX;

/// The step of the running cell at which to crash.
static STEP: AtomicU64 = AtomicU64::new(NEVER);

/// How, as a place in [`Kind::ALL`].
static KIND: AtomicUsize = AtomicUsize::new(0);

/// Nothing is mapped there: above the direct map, below the image.
const NOWHERE: usize = 0xffff_f000_0000_0000;

/// Crashes when the running cell comes to `step`.
pub fn wait_for(step: u64, kind: Kind) {
    KIND.store(kind as usize, Ordering::Relaxed);
    STEP.store(step, Ordering::Relaxed);
}

/// The running cell comes to `step`.
#[inline]
pub fn step_begins(step: u64) {
    if step == STEP.load(Ordering::Relaxed) {
        now(Kind::ALL[KIND.load(Ordering::Relaxed)]);
    }
}

/// Crashes.
#[inline(never)]
pub fn now(kind: Kind) {
    match kind {
        // SAFETY: the instruction does nothing but raise the exception.
        Kind::InvalidOpcode => unsafe { asm!("ud2", options(noreturn)) },
        Kind::PageFault => {
            let nowhere = with_exposed_provenance_mut::<u64>(NOWHERE);
            // SAFETY: the store faults, and nobody resolves the fault.
            unsafe { nowhere.write_volatile(1) };
        }
        Kind::Assertion => assert_eq!(black_box(2) + 2, 5, "the command line asked for it"),
        Kind::StackOverflow => {
            overflow(0);
        }
        Kind::Hang => loop {
            spin_loop();
        },
    }
}

/// Recurses until the guard page.
#[expect(unconditional_recursion, reason = "that is the point")]
#[inline(never)]
fn overflow(depth: u64) -> u64 {
    black_box(overflow(black_box(depth + 1)) + depth)
}
