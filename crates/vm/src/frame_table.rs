//! One structure per frame, in the arena's first frames: the VM's `struct page`.

use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU32, AtomicU64};

use rmap::{Frame, OutOfMemory, Overlay, PageIndex, SLOTS_PER_TABLE, SpaceId, TableOwner, Words};

use crate::buddy::{Buddy, MAX_ORDER};
use crate::counters::Counters;
use crate::lock::{Guard, SpinLock};
use crate::memory::{Arena, FRAME_BYTES, FrameWords};

/// What a frame is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum FrameKind {
    /// Free, not the head of a block.
    Free = 0,
    /// Holds this table.
    Reserved = 1,
    /// Contents of an anonymous page.
    Anonymous = 2,
    /// A page-table page that leads to others.
    Directory = 3,
    /// A page-table page whose entries map pages.
    LeafTable = 4,
    /// A scheme's own.
    Metadata = 5,
    /// Cut into small objects.
    Slab = 6,
}

/// Everything the VM and the scheme keep about one frame.
#[derive(Debug)]
#[repr(C)]
pub struct FrameInfo<F> {
    kind: AtomicU32,
    /// Of a leaf table: guards its entries. Of any other frame: guards the scheme's words.
    lock: SpinLock,
    /// Of a page: PTEs that map it. Of a slab frame: objects in use.
    mapcount: AtomicU32,
    /// Of the head of a free block: 1 + its order. Otherwise 0.
    free_order: AtomicU32,
    /// Links of whatever list the frame is on, 0 for none (frame 0 is reserved).
    next: AtomicU32,
    previous: AtomicU32,
    /// Of a page: the (object, offset) words. Of a leaf table: its owner and the scheme's word. Of a
    /// slab frame: the free objects.
    overlay: Overlay,
    scheme: F,
}

impl<F> FrameInfo<F> {
    /// The list links, next and previous; free for any use while the frame is on no list.
    pub(crate) fn links(&self) -> (&AtomicU32, &AtomicU32) {
        (&self.next, &self.previous)
    }

    pub(crate) fn free_order(&self) -> &AtomicU32 {
        &self.free_order
    }

    pub(crate) fn mapcount(&self) -> &AtomicU32 {
        &self.mapcount
    }

    pub(crate) fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    pub(crate) fn scheme(&self) -> &F {
        &self.scheme
    }
}

/// The frames of an arena with their structures and their allocator.
#[derive(Debug)]
pub struct FrameTable<'m, F: Words> {
    arena: &'m Arena,
    info: &'m [FrameInfo<F>],
    buddy: Buddy,
}

impl<'m, F: Words> FrameTable<'m, F> {
    /// Bytes that the structures of `frames` frames take, rounded up to whole frames.
    #[must_use]
    pub const fn bytes(frames: u32) -> usize {
        (frames as usize * size_of::<FrameInfo<F>>()).next_multiple_of(FRAME_BYTES)
    }

    /// Lays the table out afresh: every frame that does not hold it is free, lowest first.
    ///
    /// # Errors
    /// The arena is too small for its own table.
    pub fn new(arena: &'m Arena) -> Result<Self, OutOfMemory> {
        let own = (Self::bytes(arena.frames()) / FRAME_BYTES) as u32;
        if own >= arena.frames() {
            return Err(OutOfMemory);
        }
        for frame in 0..own {
            arena.words(Frame(frame)).iter().for_each(|word| word.store(0, Relaxed));
        }
        let info = arena.objects::<FrameInfo<F>>(0, arena.frames() as usize);
        let table = Self { arena, info, buddy: Buddy::default() };
        for frame in 0..own {
            table.set_kind(Frame(frame), FrameKind::Reserved);
        }
        table.buddy.add_range(&table, Frame(own), Frame(arena.frames()));
        Ok(table)
    }

    /// How many frames there are.
    pub const fn count(&self) -> u32 {
        self.info.len() as u32
    }

    /// The arena beneath.
    pub const fn arena(&self) -> &'m Arena {
        self.arena
    }

    /// The structure of `frame`.
    #[inline]
    pub fn info(&self, frame: Frame) -> &'m FrameInfo<F> {
        &self.info[frame.0 as usize]
    }

    /// The contents of `frame`.
    #[inline]
    pub fn words(&self, frame: Frame) -> &'m FrameWords {
        self.arena.words(frame)
    }

    /// Whether `frame` is of `kind`.
    #[inline]
    pub fn is(&self, frame: Frame, kind: FrameKind) -> bool {
        self.info(frame).kind.load(Relaxed) == kind as u32
    }

    /// How many frames are of `kind`; walks them all.
    pub fn count_of(&self, kind: FrameKind) -> u32 {
        (0..self.count()).filter(|frame| self.is(Frame(*frame), kind)).count() as u32
    }

    fn set_kind(&self, frame: Frame, kind: FrameKind) {
        self.info(frame).kind.store(kind as u32, Relaxed);
    }

    /// Takes one frame; its contents are what the last user left.
    ///
    /// # Errors
    /// None is free.
    pub fn allocate(&self, kind: FrameKind, counters: &Counters) -> Result<Frame, OutOfMemory> {
        let frame = self.buddy.allocate(self, 0, &counters.lock_waits)?;
        counters.allocations.add(1);
        self.set_kind(frame, kind);
        Ok(frame)
    }

    /// Gives one frame back.
    pub fn free(&self, frame: Frame, counters: &Counters) {
        debug_assert_eq!(
            self.info(frame).mapcount.load(Relaxed),
            0,
            "{frame} was freed while in use"
        );
        self.set_kind(frame, FrameKind::Free);
        self.info(frame).overlay.iter().for_each(|word| word.store(0, Relaxed));
        self.buddy.free(self, frame, 0, &counters.lock_waits);
    }

    /// Frames that are free.
    pub fn free_frames(&self) -> u32 {
        self.buddy.free_frames()
    }

    /// Locks `frame`: the entries of a leaf table, the scheme's words of a page.
    #[inline]
    pub fn lock(&self, frame: Frame, counters: &Counters) -> Guard<'m> {
        self.info(frame).lock.lock(&counters.lock_waits)
    }

    /// As [`Self::lock`], unless somebody holds it.
    #[inline]
    pub fn try_lock(&self, frame: Frame) -> Option<Guard<'m>> {
        self.info(frame).lock.try_lock()
    }

    /// Notes whose leaf table `frame` is, in one word: 32 bits of space, 27 of base page / 512.
    pub fn set_table_owner(&self, frame: Frame, owner: TableOwner) {
        let base = owner.base.0 / SLOTS_PER_TABLE as u64;
        self.info(frame).overlay[0].store(base << 32 | u64::from(owner.space.0), Relaxed);
    }

    /// Whose leaf table `frame` is.
    #[inline]
    pub fn table_owner(&self, frame: Frame) -> TableOwner {
        let word = self.info(frame).overlay[0].load(Relaxed);
        TableOwner {
            space: SpaceId(word as u32),
            base: PageIndex((word >> 32) * SLOTS_PER_TABLE as u64),
        }
    }

    /// The one word that a leaf table keeps for the scheme.
    #[inline]
    pub fn table_word(&self, frame: Frame) -> &'m AtomicU64 {
        &self.info(frame).overlay[1]
    }
}

const _: () = assert!(MAX_ORDER < u32::BITS);
