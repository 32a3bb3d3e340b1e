//! Taking a lock of the model.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`. A test that panicked elsewhere left nothing half done in it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
