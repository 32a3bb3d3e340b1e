//! Statics that have exactly one owner at run time.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

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

/// A value that one CPU sets and everybody may copy from then on.
#[derive(Debug)]
pub struct SetOnce<T> {
    state: AtomicU8,
    value: UnsafeCell<Option<T>>,
}

/// States of a [`SetOnce`].
const EMPTY: u8 = 0;
const BEING_SET: u8 = 1;
const SET: u8 = 2;

// SAFETY: the value is written once, before `SET` is, and only read after that.
unsafe impl<T: Copy + Send + Sync> Sync for SetOnce<T> {}

impl<T: Copy> SetOnce<T> {
    /// A value to come.
    pub const fn new() -> Self {
        Self { state: AtomicU8::new(EMPTY), value: UnsafeCell::new(None) }
    }

    /// Sets it.
    ///
    /// # Panics
    /// If it has been set before.
    pub fn set(&self, value: T) {
        let claimed =
            self.state.compare_exchange(EMPTY, BEING_SET, Ordering::Acquire, Ordering::Relaxed);
        assert!(claimed.is_ok(), "a static was set twice");
        // SAFETY: the exchange lets one caller pass, and nobody reads before `SET`.
        unsafe { *self.value.get() = Some(value) };
        self.state.store(SET, Ordering::Release);
    }

    /// The value, if it has been set.
    pub fn get(&self) -> Option<T> {
        if self.state.load(Ordering::Acquire) != SET {
            return None;
        }
        // SAFETY: nobody writes any more.
        unsafe { *self.value.get() }
    }
}
