//! Statics that have exactly one owner at run time.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

/// A value that whoever comes first takes for good.
#[derive(Debug)]
pub struct TakeOnce<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: `take` gives the value to one caller only, whichever CPU that is.
unsafe impl<T: Send> Sync for TakeOnce<T> {}

impl<T> TakeOnce<T> {
    /// A value that nobody has taken.
    pub const fn new(value: T) -> Self {
        Self { taken: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// The value.
    ///
    /// # Panics
    /// If it has been taken before.
    #[expect(clippy::mut_from_ref, reason = "the flag makes this the one reference")]
    pub fn take(&'static self) -> &'static mut T {
        assert!(!self.taken.swap(true, Ordering::AcqRel), "a static was taken twice");
        // SAFETY: the flag lets only one caller pass, so no other reference exists.
        unsafe { &mut *self.value.get() }
    }
}
