//! From the page-fault gate to the VM's handler.

use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use vm::{Access, FaultHandler, PageFault, VirtualAddress};

use super::access::{LOWER_HALF_END, is_site, refusal_word};

/// [`page_fault`]'s verdict: resolved, make the access again.
const HANDLED: u64 = 0;

/// [`page_fault`]'s verdict: a bug of the kernel.
pub const NOT_OURS: u64 = 255;

/// Error code bit 0: the page is present (Intel SDM vol. 3A, 5.7).
const PROTECTION: u64 = 1 << 0;
/// Error code bit 1: the access is a store.
const STORE: u64 = 1 << 1;

type Handler<'h> = &'h dyn FaultHandler;

/// Points to the `Handler` of the innermost [`with`], null outside.
static HANDLER: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Runs `body` while lower-half page faults go to `handler`.
#[inline]
pub fn with<R>(handler: Handler<'_>, body: impl FnOnce() -> R) -> R {
    let slot: *const Handler<'_> = &raw const handler;
    let outer = HANDLER.swap(slot.cast_mut().cast(), Ordering::Relaxed);
    let result = body();
    // Panics abort, so this line is always reached before `handler` goes out of scope.
    HANDLER.store(outer, Ordering::Relaxed);
    result
}

/// Called by `page_fault_entry`: what to do about a fault at `address`.
pub extern "sysv64" fn page_fault(address: u64, error_code: u64, rip: u64) -> u64 {
    let expected = error_code & !(PROTECTION | STORE) == 0;
    if !expected || address >= LOWER_HALF_END || !is_site(rip) {
        return NOT_OURS;
    }
    let slot: *const Handler<'_> = HANDLER.load(Ordering::Relaxed).cast_const().cast();
    // SAFETY: `with` keeps the slot and what it refers to alive while the pointer is set, and an
    // access runs on the CPU and inside the `with` that set it.
    let Some(handler) = (unsafe { slot.as_ref() }) else {
        return NOT_OURS;
    };
    let access = if error_code & STORE == 0 { Access::Read } else { Access::Write };
    match handler.page_fault(PageFault { address: VirtualAddress(address), access }) {
        Ok(()) => HANDLED,
        Err(refused) => refusal_word(refused),
    }
}
