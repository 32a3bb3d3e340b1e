//! The step of a workload that is under way, for the last words of a kernel that crashes or hangs.

use core::fmt::{self, Display};
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use crate::kernel::crash::rehearsed;

type Step<'s> = &'s dyn Display;

/// Points to the `Step` of the innermost [`during`], null outside.
static STEP: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Steps that began since the cell did.
static BEGUN: AtomicU64 = AtomicU64::new(0);

/// Runs `body` while `step` is what is being done.
#[inline]
pub fn during<R>(step: Step<'_>, body: impl FnOnce() -> R) -> R {
    let slot: *const Step<'_> = &raw const step;
    let outer = STEP.swap(slot.cast_mut().cast(), Ordering::Relaxed);
    rehearsed::step_begins(BEGUN.fetch_add(1, Ordering::Relaxed));
    let result = body();
    // Panics abort, so this line is always reached before `step` goes out of scope.
    STEP.store(outer, Ordering::Relaxed);
    result
}

/// A cell begins.
pub fn start_again() {
    BEGUN.store(0, Ordering::Relaxed);
}

/// Steps that began since the cell did; who hangs begins none.
pub fn begun() -> u64 {
    BEGUN.load(Ordering::Relaxed)
}

/// Says what is being done, if anything is.
///
/// # Safety
/// The caller interrupted [`during`] on this CPU and never goes back to it.
pub unsafe fn describe(text: &mut impl fmt::Write) -> fmt::Result {
    let slot: *const Step<'_> = STEP.load(Ordering::Relaxed).cast_const().cast();
    // SAFETY: `during` keeps the slot and what it refers to alive while the pointer is set, and by the
    // caller's promise it does not go on.
    match unsafe { slot.as_ref() } {
        Some(step) => write!(text, "{step}"),
        None => Ok(()),
    }
}
