//! A spin lock that lies in the arena and guards by convention, since all it guards is atomic.
//!
//! Lock order: space, leaf table, frame, slab, buddy. A lock is only taken while holding locks that
//! come before it; who needs one against the order *tries* it.

use core::hint;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::counters::Counter;

/// 0 free, 1 taken.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct SpinLock(AtomicU32);

/// Holds the lock until dropped.
#[derive(Debug)]
#[must_use]
pub struct Guard<'a>(&'a AtomicU32);

impl SpinLock {
    /// Takes the lock; each failed attempt adds one to `waits`.
    #[inline]
    pub fn lock(&self, waits: &Counter) -> Guard<'_> {
        lock(&self.0, waits)
    }

    /// Takes the lock if it is free.
    #[inline]
    pub fn try_lock(&self) -> Option<Guard<'_>> {
        try_lock(&self.0)
    }
}

/// Takes the lock in a word; each failed attempt adds one to `waits`.
#[inline]
pub fn lock<'a>(word: &'a AtomicU32, waits: &Counter) -> Guard<'a> {
    loop {
        if let Some(guard) = try_lock(word) {
            return guard;
        }
        waits.add(1);
        // PAUSE: under instruction counting a spin without it lasts millions of counts.
        hint::spin_loop();
    }
}

#[inline]
fn try_lock(word: &AtomicU32) -> Option<Guard<'_>> {
    word.compare_exchange(0, 1, Acquire, Relaxed).ok().map(|_| Guard(word))
}

impl Drop for Guard<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.store(0, Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_lock_is_not_taken_twice() {
        let lock = SpinLock::default();
        let guard = lock.try_lock().expect("a fresh lock is free");
        assert!(lock.try_lock().is_none());
        drop(guard);
        assert!(lock.try_lock().is_some());
    }
}
