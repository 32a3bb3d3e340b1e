//! Small objects that schemes keep beside their words: chain links, list nodes, records of a fork.

use core::cmp::Ordering;
use core::fmt;
use core::marker::PhantomData;
use core::num::NonZeroU32;
use core::sync::atomic::AtomicU32;

/// Objects of one type, cut from the machine's own frames, so that their cost includes its rounding.
/// A scheme owns the pool; [`crate::Store`] takes objects from it and gives them back.
pub struct Pool<T> {
    head: PoolHead,
    objects: PhantomData<fn() -> T>,
}

/// What a pool knows by itself, for the store alone.
#[derive(Debug, Default)]
pub struct PoolHead {
    /// Guards the pool: 0 free, 1 taken.
    pub lock: AtomicU32,
    /// The first frame with a free object, 0 for none.
    pub partial: AtomicU32,
}

impl<T> Pool<T> {
    /// For the store.
    pub const fn head(&self) -> &PoolHead {
        &self.head
    }
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { head: PoolHead::default(), objects: PhantomData }
    }
}

impl<T> fmt::Debug for Pool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head.fmt(f)
    }
}

/// The place of a pool's object: 4 bytes, so that schemes pack it where C has a pointer.
pub struct Handle<T> {
    id: NonZeroU32,
    object: PhantomData<fn() -> T>,
}

impl<T> Handle<T> {
    /// The object with this id, as [`Self::id`] gave it; `None` for 0.
    #[must_use]
    #[inline]
    pub const fn from_id(id: u32) -> Option<Self> {
        match NonZeroU32::new(id) {
            Some(id) => Some(Self { id, object: PhantomData }),
            None => None,
        }
    }

    /// Its id, never 0.
    #[must_use]
    #[inline]
    pub const fn id(self) -> u32 {
        self.id.get()
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Handle<T> {}

impl<T> PartialEq for Handle<T> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl<T> Eq for Handle<T> {}

impl<T> PartialOrd for Handle<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Handle<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.id.cmp(&other.id)
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "object {}", self.id)
    }
}
