//! What the links of a reverse table are made of: 8 bytes, or 4 on machines that are small enough.

use core::fmt;
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU32, AtomicU64};

use crate::{Frame, Handle, OutOfMemory, Pool, PtePosition, SLOTS_PER_TABLE, Scheme, Store, Words};

/// A word that names a PTE or nothing.
pub trait Link: Words + Sized {
    /// What it holds; values are equal if they name the same.
    type Value: Copy + Eq;
    /// Names nothing.
    const NONE: Self::Value;
    /// The most frames whose PTEs it can name.
    const MOST_FRAMES: u32;
    /// Where companions come from, each with a link for every slot of a table.
    type Companions: Default + fmt::Debug + Sync;
    /// Bytes of a companion.
    const COMPANION_BYTES: u64 = (SLOTS_PER_TABLE * size_of::<Self>()) as u64;

    /// The value that names `position`.
    fn to(position: PtePosition) -> Self::Value;

    /// What a value names.
    fn target(value: Self::Value) -> Option<PtePosition>;

    /// What it holds.
    fn get(&self) -> Self::Value;

    /// Changes what it holds.
    fn set(&self, value: Self::Value);

    /// A companion whose links name nothing; its id is never 0.
    ///
    /// # Errors
    /// No memory for it.
    fn new_companion<S: Scheme>(
        companions: &Self::Companions,
        store: &impl Store<S>,
    ) -> Result<u32, OutOfMemory>;

    /// Gives a companion back.
    fn free_companion<S: Scheme>(
        companions: &Self::Companions,
        store: &impl Store<S>,
        companion: u32,
    );

    /// A companion's link for `slot`.
    fn in_companion<S: Scheme, St: Store<S>>(store: &St, companion: u32, slot: u16) -> &Self;
}

/// A companion is a frame.
impl Link for AtomicU64 {
    type Value = u64;
    const NONE: u64 = 0;
    const MOST_FRAMES: u32 = u32::MAX;
    type Companions = ();

    #[inline]
    fn to(position: PtePosition) -> u64 {
        position.to_word()
    }

    #[inline]
    fn target(value: u64) -> Option<PtePosition> {
        PtePosition::from_word(value)
    }

    #[inline]
    fn get(&self) -> u64 {
        self.load(Relaxed)
    }

    #[inline]
    fn set(&self, value: u64) {
        self.store(value, Relaxed);
    }

    fn new_companion<S: Scheme>((): &(), store: &impl Store<S>) -> Result<u32, OutOfMemory> {
        Ok(store.allocate_metadata()?.0)
    }

    fn free_companion<S: Scheme>((): &(), store: &impl Store<S>, companion: u32) {
        store.free_metadata(Frame(companion));
    }

    #[inline]
    fn in_companion<S: Scheme, St: Store<S>>(store: &St, companion: u32, slot: u16) -> &Self {
        &store.metadata(Frame(companion))[usize::from(slot)]
    }
}

/// Two companions share a frame. 23 bits of frame and 9 of slot: frame 0 holds the frame table, so that
/// 0 names no PTE.
impl Link for AtomicU32 {
    type Value = u32;
    const NONE: u32 = 0;
    const MOST_FRAMES: u32 = 1 << 23;
    type Companions = Pool<[Self; SLOTS_PER_TABLE]>;

    #[inline]
    fn to(position: PtePosition) -> u32 {
        position.table.0 << 9 | u32::from(position.slot)
    }

    #[inline]
    fn target(value: u32) -> Option<PtePosition> {
        let slot = (value % SLOTS_PER_TABLE as u32) as u16;
        (value != 0).then_some(PtePosition { table: Frame(value >> 9), slot })
    }

    #[inline]
    fn get(&self) -> u32 {
        self.load(Relaxed)
    }

    #[inline]
    fn set(&self, value: u32) {
        self.store(value, Relaxed);
    }

    fn new_companion<S: Scheme>(
        companions: &Self::Companions,
        store: &impl Store<S>,
    ) -> Result<u32, OutOfMemory> {
        Ok(store.allocate(companions)?.id())
    }

    fn free_companion<S: Scheme>(
        companions: &Self::Companions,
        store: &impl Store<S>,
        companion: u32,
    ) {
        store.free(companions, handle(companion));
    }

    #[inline]
    fn in_companion<S: Scheme, St: Store<S>>(store: &St, companion: u32, slot: u16) -> &Self {
        &store.object(handle(companion))[usize::from(slot)]
    }
}

#[inline]
fn handle(companion: u32) -> Handle<[AtomicU32; SLOTS_PER_TABLE]> {
    Handle::from_id(companion).expect("a table has a companion from its creation on")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survives<L: Link>() {
        for table in [1, 2, L::MOST_FRAMES / 2, L::MOST_FRAMES - 1] {
            for slot in [0, 1, 511] {
                let position = PtePosition { table: Frame(table), slot };
                assert_eq!(L::target(L::to(position)), Some(position));
                assert!(L::to(position) != L::NONE);
            }
        }
        assert_eq!(L::target(L::NONE), None);
    }

    #[test]
    fn a_link_names_every_slot_of_every_table_that_it_can_be_asked_to() {
        survives::<AtomicU32>();
        survives::<AtomicU64>();
    }

    #[test]
    fn four_bytes_reach_as_far_as_32_gib() {
        assert_eq!(u64::from(AtomicU32::MOST_FRAMES) * 4096, 32 << 30);
        assert_eq!((AtomicU32::COMPANION_BYTES, AtomicU64::COMPANION_BYTES), (2048, 4096));
    }
}
