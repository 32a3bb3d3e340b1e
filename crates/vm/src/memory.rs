//! The arena: all the physical memory that the VM owns. The one module of this crate with `unsafe`.
//!
//! Every byte of the arena is only ever reached through atomics (or by the machine's own page-walk
//! and copy primitives), and every type placed in it accepts any bit pattern. A stale or mistaken
//! id can therefore read nonsense, which the oracle finds, but never break Rust's rules.

use core::ptr::NonNull;
use core::sync::atomic::AtomicU64;

use rmap::{Frame, SLOTS_PER_TABLE};
use zerocopy::FromBytes;

use crate::machine::PhysicalAddress;

/// Bytes in a frame.
pub const FRAME_BYTES: usize = 4096;

/// A frame seen as 512 words: a page-table page, a companion page, or plain contents.
pub type FrameWords = [AtomicU64; SLOTS_PER_TABLE];

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
    pub unsafe fn from_raw(base: NonNull<FrameWords>, frames: u32, physical_base: PhysicalAddress) -> Self {
        Self { base, frames, physical_base }
    }

    /// How many frames there are.
    pub const fn frames(&self) -> u32 {
        self.frames
    }

    /// The physical address of `frame`.
    pub const fn physical(&self, frame: Frame) -> PhysicalAddress {
        PhysicalAddress(self.physical_base.0 + frame.0 as u64 * FRAME_BYTES as u64)
    }

    /// The frame at a physical address, or `None` if it lies outside the arena.
    pub fn frame_at(&self, address: PhysicalAddress) -> Option<Frame> {
        let offset = address.0.checked_sub(self.physical_base.0)?;
        let frame = offset / FRAME_BYTES as u64;
        (frame < u64::from(self.frames)).then_some(Frame(frame as u32))
    }

    /// The words of `frame`.
    ///
    /// # Panics
    /// If `frame` lies outside the arena.
    pub fn words(&self, frame: Frame) -> &FrameWords {
        assert!(frame.0 < self.frames, "{frame} lies outside the arena");
        // SAFETY: in bounds by the assertion; `from_raw` vouches for the memory.
        unsafe { self.base.add(frame.0 as usize).as_ref() }
    }

    /// The object of type `T` that starts `offset` bytes into the arena.
    ///
    /// # Panics
    /// If it is misaligned or does not lie inside the arena.
    pub fn object<T: FromBytes + Sync>(&self, offset: usize) -> &T {
        &self.objects::<T>(offset, 1)[0]
    }

    /// `count` objects of type `T` in a row, the first `offset` bytes into the arena.
    ///
    /// # Panics
    /// If they are misaligned or do not lie inside the arena.
    pub fn objects<T: FromBytes + Sync>(&self, offset: usize, count: usize) -> &[T] {
        let bytes = count * size_of::<T>();
        assert!(offset.is_multiple_of(align_of::<T>()), "a misaligned object in the arena");
        assert!(
            offset + bytes <= self.frames as usize * FRAME_BYTES,
            "an object outside the arena"
        );
        // SAFETY: in bounds by the assertion.
        let first = unsafe { self.base.byte_add(offset) }.cast::<T>();
        // SAFETY: aligned and in bounds by the assertions; `from_raw` vouches for the memory and
        // `FromBytes` for any bit pattern. `T`s in use are made of atomics, so sharing is sound.
        unsafe { core::slice::from_raw_parts(first.as_ptr(), count) }
    }
}
