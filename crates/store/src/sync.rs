//! Locks that outlive a panic: a record is whole between any two statements, so the next one goes on with it.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes the lock, also after a thread panicked under it.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
