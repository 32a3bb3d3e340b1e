//! The arena: all the physical memory that the VM owns. The one module of this crate with `unsafe`.
//!
//! Every byte of the arena is only ever reached through atomics (or by the machine's own page walk
//! and copy primitives), and every type placed in it accepts any bit pattern. A stale or mistaken
//! id can therefore read nonsense, which the oracle finds, but never break Rust's rules.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, AtomicU64};

use rmap::{Frame, SLOTS_PER_TABLE, Words};

use crate::frame_table::FrameInfo;
use crate::machine::PhysicalAddress;
use crate::object::Object;
use crate::space::Space;
use crate::swap::SlotInfo;
use crate::vma::Vma;

/// Bytes in a frame.
pub const FRAME_BYTES: usize = 4096;

/// A frame seen as 512 words: a page-table page, a companion page, or plain contents.
pub type FrameWords = [AtomicU64; SLOTS_PER_TABLE];

/// Types that may lie in the arena.
///
/// # Safety
/// Made of atomics alone, aligned to 8 bytes at most, valid for any bit pattern.
pub unsafe trait InArena: Sync {}

// SAFETY: an atomic.
unsafe impl InArena for AtomicU32 {}
// SAFETY: an atomic.
unsafe impl InArena for AtomicU64 {}
// SAFETY: `repr(C)` and nothing but atomics; `Words` is sealed over atomics.
unsafe impl<F: Words> InArena for FrameInfo<F> {}
// SAFETY: as above.
unsafe impl<W: Words> InArena for Space<W> {}
// SAFETY: as above.
unsafe impl<W: Words> InArena for Vma<W> {}
// SAFETY: as above.
unsafe impl<W: Words> InArena for Object<W> {}
// SAFETY: `repr(C)` and nothing but atomics.
unsafe impl InArena for SlotInfo {}
// SAFETY: `Words` is sealed over atomics.
unsafe impl<T: Words> InArena for OfScheme<T> {}

/// A scheme's own object.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct OfScheme<T>(pub T);

/// One contiguous run of frames, numbered from 0.
#[derive(Debug)]
pub struct Arena {
    base: NonNull<FrameWords>,
    frames: u32,
    physical_base: PhysicalAddress,
}

// SAFETY: an `Arena` only gives out shared references to atomics.
unsafe impl Send for Arena {}
// SAFETY: as above.
unsafe impl Sync for Arena {}

impl Arena {
    /// Takes over `frames` frames that start at `base`, whose physical address is `physical_base`.
    ///
    /// # Safety
    /// For as long as the arena lives, the memory must be mapped, initialised, writable and
    /// 4 KiB-aligned, and nothing but this arena and the CPU's page walker may touch it.
    #[must_use]
    pub const unsafe fn from_raw(
        base: NonNull<FrameWords>,
        frames: u32,
        physical_base: PhysicalAddress,
    ) -> Self {
        Self { base, frames, physical_base }
    }

    /// How many frames there are.
    #[inline]
    pub const fn frames(&self) -> u32 {
        self.frames
    }

    /// The physical address of `frame`.
    #[inline]
    pub const fn physical(&self, frame: Frame) -> PhysicalAddress {
        PhysicalAddress(self.physical_base.0 + frame.0 as u64 * FRAME_BYTES as u64)
    }

    /// The frame at a physical address, or `None` if it lies outside the arena.
    #[inline]
    pub fn frame_at(&self, address: PhysicalAddress) -> Option<Frame> {
        let offset = address.0.checked_sub(self.physical_base.0)?;
        let frame = offset / FRAME_BYTES as u64;
        (frame < u64::from(self.frames)).then_some(Frame(frame as u32))
    }

    /// The words of `frame`.
    ///
    /// # Panics
    /// If `frame` lies outside the arena.
    #[inline]
    pub fn words(&self, frame: Frame) -> &FrameWords {
        assert!(frame.0 < self.frames, "{frame} lies outside the arena");
        // SAFETY: in bounds by the assertion.
        let words = unsafe { self.base.add(frame.0 as usize) };
        // SAFETY: `from_raw` vouches for the memory.
        unsafe { words.as_ref() }
    }

    /// The word of `frame` at `slot`.
    ///
    /// # Panics
    /// If `frame` lies outside the arena, or `slot` outside a frame.
    #[inline]
    pub fn word(&self, frame: Frame, slot: usize) -> &AtomicU64 {
        if cfg!(miri) {
            // Miri looks at every word of what is lent out, each time it is.
            return self.object(frame.0 as usize * FRAME_BYTES + slot * size_of::<AtomicU64>());
        }
        &self.words(frame)[slot]
    }

    /// The frame that holds a physical address, with its words, or `None` if it lies outside the
    /// arena. As [`Self::frame_at`] and [`Self::words`] in one, for walks of page tables.
    #[inline]
    pub fn table_at(&self, address: PhysicalAddress) -> Option<(Frame, &FrameWords)> {
        let offset = address.0.wrapping_sub(self.physical_base.0);
        let frame = offset / FRAME_BYTES as u64;
        if frame >= u64::from(self.frames) {
            return None;
        }
        // SAFETY: in bounds by the comparison.
        let words = unsafe { self.base.add(frame as usize) };
        // SAFETY: `from_raw` vouches for the memory.
        Some((Frame(frame as u32), unsafe { words.as_ref() }))
    }

    /// The object of type `T` that starts `offset` bytes into the arena.
    ///
    /// # Panics
    /// If it is misaligned or does not lie inside the arena.
    #[inline]
    pub fn object<T: InArena>(&self, offset: usize) -> &T {
        &self.objects::<T>(offset, 1)[0]
    }

    /// `count` objects of type `T` in a row, the first `offset` bytes into the arena.
    ///
    /// # Panics
    /// If they are misaligned or do not lie inside the arena.
    #[inline]
    pub fn objects<T: InArena>(&self, offset: usize, count: usize) -> &[T] {
        assert!(offset.is_multiple_of(align_of::<T>()), "a misaligned object in the arena");
        assert!(
            offset + count * size_of::<T>() <= self.frames as usize * FRAME_BYTES,
            "an object outside the arena"
        );
        // SAFETY: in bounds by the assertion.
        let first = unsafe { self.base.byte_add(offset) }.cast::<T>();
        // SAFETY: aligned and in bounds by the assertions; `from_raw` vouches for the memory and
        // `InArena` for any bit pattern and for sharing.
        unsafe { core::slice::from_raw_parts(first.as_ptr(), count) }
    }
}

/// Memory for an arena from the host's allocator, for the modelled machine.
#[cfg(feature = "alloc")]
mod owned {
    extern crate alloc;

    use alloc::boxed::Box;

    use super::{Arena, FrameWords, NonNull, PhysicalAddress};

    /// An [`Arena`] with the memory under it.
    #[derive(Debug)]
    pub struct OwnedArena {
        arena: Arena,
    }

    impl OwnedArena {
        /// Allocates `frames` zeroed frames that pretend to start at `physical_base`.
        #[must_use]
        pub fn new(frames: u32, physical_base: PhysicalAddress) -> Self {
            let memory = Box::<[FrameWords]>::new_zeroed_slice(frames as usize);
            let base = NonNull::from(Box::leak(memory)).cast::<FrameWords>();
            // SAFETY: the memory is zeroed, ours alone until `drop`, and aligned for its words; no
            // page walker needs more.
            Self { arena: unsafe { Arena::from_raw(base, frames, physical_base) } }
        }

        /// The arena.
        #[inline]
        pub const fn arena(&self) -> &Arena {
            &self.arena
        }
    }

    impl Drop for OwnedArena {
        fn drop(&mut self) {
            let memory = NonNull::slice_from_raw_parts(self.arena.base, self.arena.frames as usize);
            // SAFETY: `new` leaked exactly this box, and no reference outlives `self`.
            drop(unsafe { Box::from_raw(memory.as_ptr()) });
        }
    }
}

#[cfg(feature = "alloc")]
pub use owned::OwnedArena;
