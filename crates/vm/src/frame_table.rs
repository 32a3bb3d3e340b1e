//! One structure per frame, in the arena's first frames: the VM's `struct page`.

use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU32, AtomicU64};

use rmap::{
    Frame, OutOfMemory, Overlay, PageIndex, SLOTS_PER_TABLE, SpaceId, SwapSlot, TableLevel,
    TableOwner, Words,
};

use crate::buddy::{Buddy, MAX_ORDER};
use crate::counters::Counters;
use crate::lock::{Guard, SpinLock};
use crate::memory::{Arena, FRAME_BYTES, FrameWords};

/// The bit of a table's owner that tells a directory.
const DIRECTORY_OWNER: u64 = 1 << 63;

/// The order of a 2 MiB block.
pub const HUGE_ORDER: u32 = 9;

/// The frames of the 2 MiB block that starts with `head`.
pub fn huge_frames(head: Frame) -> impl Iterator<Item = Frame> {
    block_frames(head, HUGE_ORDER)
}

/// The 2^`order` frames of the block that starts with `head`.
pub fn block_frames(head: Frame, order: u32) -> impl Iterator<Item = Frame> {
    (head.0..head.0 + (1 << order)).map(Frame)
}

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
    /// Contents of an object's page, in its page cache or cut off while pinned.
    ObjectPage = 7,
    /// The page of zeroes that all share.
    ZeroPage = 8,
    /// All but the first frame of a 2 MiB page.
    HugeTail = 9,
    /// Leads from an object's page numbers to their frames.
    ObjectIndex = 10,
    /// Broken memory, never used again.
    Poisoned = 11,
    /// Held back while its block is emptied.
    Isolated = 12,
    /// Part of a block that a device holds.
    Device = 13,
}

impl FrameKind {
    const ALL: [Self; 14] = [
        Self::Free,
        Self::Reserved,
        Self::Anonymous,
        Self::Directory,
        Self::LeafTable,
        Self::Metadata,
        Self::Slab,
        Self::ObjectPage,
        Self::ZeroPage,
        Self::HugeTail,
        Self::ObjectIndex,
        Self::Poisoned,
        Self::Isolated,
        Self::Device,
    ];
}

/// How many frames are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census([u32; FrameKind::ALL.len()]);

impl Census {
    /// How many frames are of `kind`.
    pub const fn of(&self, kind: FrameKind) -> u32 {
        self.0[kind as usize]
    }
}

/// Marks of a frame in use. They lie above the orders of free blocks, which share their word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum FrameMark {
    /// Of an object's page: it differs from its copy on the swap device, if it has one.
    Dirty = 1 << 8,
    /// Of a page in the swap cache: the swap device holds the same.
    Stored = 1 << 9,
    /// The first frame of a 2 MiB page.
    Huge = 1 << 10,
    /// Its contents are on their way to another frame.
    Migrating = 1 << 11,
    /// Of a page: it was in use when reclaim last looked.
    Referenced = 1 << 12,
    /// Of a directory: the scheme knows it.
    Announced = 1 << 13,
}

/// Everything the VM and the scheme keep about one frame.
#[derive(Debug)]
#[repr(C)]
pub struct FrameInfo<F> {
    kind: AtomicU32,
    /// Of a leaf table: guards its entries. Of any other frame: guards the scheme's words.
    lock: SpinLock,
    /// Of a page: PTEs and migration entries that map it. Of a slab frame: objects in use.
    mapcount: AtomicU32,
    /// Of the head of a free block: 1 + its order. Of a frame in use: its marks. Otherwise 0.
    free_order: AtomicU32,
    /// Links of whatever list the frame is on, 0 for none (frame 0 is reserved).
    next: AtomicU32,
    previous: AtomicU32,
    /// Of a page: who holds it besides page tables, such as devices.
    pins: AtomicU32,
    /// Of a page: 1 + the swap slot that is its own too, 0 for none.
    slot: AtomicU32,
    /// Of a page: the (object, offset) words. Of a table: its owner and the scheme's word. Of a slab
    /// frame: the free objects.
    overlay: Overlay,
    scheme: F,
}

impl<F> FrameInfo<F> {
    /// The list links, next and previous; free for any use while the frame is on no list.
    #[inline]
    pub(crate) fn links(&self) -> (&AtomicU32, &AtomicU32) {
        (&self.next, &self.previous)
    }

    pub(crate) fn free_order(&self) -> &AtomicU32 {
        &self.free_order
    }

    #[inline]
    pub(crate) fn mapcount(&self) -> &AtomicU32 {
        &self.mapcount
    }

    /// Whether the frame is used for `kind`.
    #[inline]
    pub(crate) fn is(&self, kind: FrameKind) -> bool {
        self.kind.load(Relaxed) == kind as u32
    }

    pub(crate) fn pins(&self) -> &AtomicU32 {
        &self.pins
    }

    /// The swap slot that is the page's own too.
    #[inline]
    pub(crate) fn slot(&self) -> Option<SwapSlot> {
        self.slot.load(Relaxed).checked_sub(1).map(SwapSlot)
    }

    pub(crate) fn set_slot(&self, slot: Option<SwapSlot>) {
        self.slot.store(slot.map_or(0, |slot| slot.0 + 1), Relaxed);
    }

    #[inline]
    pub(crate) fn is_marked(&self, mark: FrameMark) -> bool {
        self.free_order.load(Relaxed) & mark as u32 != 0
    }

    pub(crate) fn mark(&self, mark: FrameMark) {
        self.free_order.fetch_or(mark as u32, Relaxed);
    }

    /// Takes a mark away; whether it was there.
    pub(crate) fn unmark(&self, mark: FrameMark) -> bool {
        self.free_order.fetch_and(!(mark as u32), Relaxed) & mark as u32 != 0
    }

    /// All marks as one word, to hand them on.
    pub(crate) fn marks(&self) -> &AtomicU32 {
        &self.free_order
    }

    #[inline]
    pub(crate) fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    #[inline]
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

    /// Lays the table out afresh, of the arena's first `most` frames or of all: every frame that does not
    /// hold it and is not among the arena's last `kept_back` is free, lowest first.
    ///
    /// # Errors
    /// The arena is too small for that.
    pub fn new(arena: &'m Arena, kept_back: u32, most: Option<u32>) -> Result<Self, OutOfMemory> {
        let usable = arena.frames().checked_sub(kept_back).ok_or(OutOfMemory)?;
        let count = most.filter(|most| *most < usable).unwrap_or(arena.frames());
        let (own, end) = ((Self::bytes(count) / FRAME_BYTES) as u32, count.min(usable));
        if own >= end {
            return Err(OutOfMemory);
        }
        for frame in 0..own {
            arena.words(Frame(frame)).iter().for_each(|word| word.store(0, Relaxed));
        }
        let info = arena.objects::<FrameInfo<F>>(0, count as usize);
        let table = Self { arena, info, buddy: Buddy::default() };
        for frame in (0..own).chain(end..count) {
            table.set_kind(Frame(frame), FrameKind::Reserved);
        }
        table.buddy.add_range(&table, Frame(own), Frame(end));
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

    /// What `frame` is used for, if its structure makes sense.
    #[inline]
    pub fn kind(&self, frame: Frame) -> FrameKind {
        let word = self.info(frame).kind.load(Relaxed);
        FrameKind::ALL[(word as usize).min(FrameKind::ALL.len() - 1)]
    }

    /// Whether `frame` is of `kind`.
    #[inline]
    pub fn is(&self, frame: Frame, kind: FrameKind) -> bool {
        self.info(frame).is(kind)
    }

    /// How many frames are of each kind; walks them all.
    pub fn census(&self) -> Census {
        let mut census = Census::default();
        for frame in (0..self.count()).map(Frame) {
            census.0[self.kind(frame) as usize] += 1;
        }
        census
    }

    pub(crate) fn set_kind(&self, frame: Frame, kind: FrameKind) {
        self.info(frame).kind.store(kind as u32, Relaxed);
    }

    /// Takes one frame; its contents are what the last user left.
    ///
    /// # Errors
    /// None is free.
    #[inline]
    pub fn allocate(&self, kind: FrameKind, counters: &Counters) -> Result<Frame, OutOfMemory> {
        let frame = self.buddy.allocate(self, 0, &counters.lock_waits)?;
        counters.allocations.add(1);
        self.set_kind(frame, kind);
        Ok(frame)
    }

    /// Takes the frames of a 2 MiB page; returns the first.
    ///
    /// # Errors
    /// No block is free.
    pub fn allocate_huge(&self, counters: &Counters) -> Result<Frame, OutOfMemory> {
        let head = self.buddy.allocate(self, HUGE_ORDER, &counters.lock_waits)?;
        counters.allocations.add(1);
        self.set_kind(head, FrameKind::Anonymous);
        self.info(head).mark(FrameMark::Huge);
        for tail in huge_frames(head).skip(1) {
            self.set_kind(tail, FrameKind::HugeTail);
        }
        Ok(head)
    }

    /// Takes a block of 2^`order` frames for a device.
    ///
    /// # Errors
    /// No block is free.
    pub fn allocate_block(&self, order: u32, counters: &Counters) -> Result<Frame, OutOfMemory> {
        let head = self.buddy.allocate(self, order, &counters.lock_waits)?;
        counters.allocations.add(1);
        block_frames(head, order).for_each(|frame| self.set_kind(frame, FrameKind::Device));
        Ok(head)
    }

    /// Gives one frame, or the frames of a 2 MiB page, back.
    pub fn free(&self, frame: Frame, counters: &Counters) {
        if self.info(frame).is_marked(FrameMark::Huge) {
            return self.free_block(frame, HUGE_ORDER, counters);
        }
        self.reset(frame);
        self.buddy.free(self, frame, 0, &counters.lock_waits);
    }

    /// Gives a whole block back.
    pub fn free_block(&self, head: Frame, order: u32, counters: &Counters) {
        block_frames(head, order).for_each(|frame| self.reset(frame));
        self.buddy.free(self, head, order, &counters.lock_waits);
    }

    /// Isolates a frame that nobody has any use for; it was not free in between.
    pub fn hold_back(&self, frame: Frame) {
        self.reset(frame);
        self.set_kind(frame, FrameKind::Isolated);
    }

    #[inline]
    fn reset(&self, frame: Frame) {
        let info = self.info(frame);
        debug_assert_eq!(info.mapcount.load(Relaxed), 0, "{frame} was freed while mapped");
        debug_assert_eq!(info.pins.load(Relaxed), 0, "{frame} was freed while pinned");
        self.set_kind(frame, FrameKind::Free);
        info.free_order.store(0, Relaxed);
        info.slot.store(0, Relaxed);
        info.overlay.iter().for_each(|word| word.store(0, Relaxed));
    }

    /// Takes every free frame among the `frames` from `start` on, an aligned block, out of the
    /// allocator; returns how many.
    pub fn isolate(&self, start: Frame, frames: u32, counters: &Counters) -> u32 {
        let mut taken = 0;
        self.buddy.take_range(self, start, frames, &counters.lock_waits, |frame| {
            self.set_kind(frame, FrameKind::Isolated);
            taken += 1;
        });
        taken
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

    /// Notes whose table `frame` is, in one word: 32 bits of space, 27 of base page / 512, one of level.
    pub fn set_table_owner(&self, frame: Frame, owner: TableOwner) {
        let base = owner.base.0 / SLOTS_PER_TABLE as u64;
        let level = match owner.level {
            TableLevel::Leaf => 0,
            TableLevel::Directory => DIRECTORY_OWNER,
        };
        self.info(frame).overlay[0].store(level | base << 32 | u64::from(owner.space.0), Relaxed);
    }

    /// Whose table `frame` is.
    #[inline]
    pub fn table_owner(&self, frame: Frame) -> TableOwner {
        let word = self.info(frame).overlay[0].load(Relaxed);
        let level = match word & DIRECTORY_OWNER {
            0 => TableLevel::Leaf,
            _ => TableLevel::Directory,
        };
        TableOwner {
            space: SpaceId(word as u32),
            base: PageIndex(((word & !DIRECTORY_OWNER) >> 32) * SLOTS_PER_TABLE as u64),
            level,
        }
    }

    /// The one word that a table keeps for the scheme.
    #[inline]
    pub fn table_word(&self, frame: Frame) -> &'m AtomicU64 {
        &self.info(frame).overlay[1]
    }
}

const _: () = assert!(MAX_ORDER < u32::BITS);
