//! The virtual memory: address spaces over frames, with one scheme and one machine.

use core::fmt;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, Mapping, OutOfMemory, PageIndex, PtePosition, Scheme, SpaceId, VmaId};

use crate::counters::{Counters, Gauge};
use crate::fault::LastFault;
use crate::frame_table::{FrameKind, FrameTable};
use crate::lock::{Guard, SpinLock};
use crate::machine::Machine;
use crate::pte::Pte;
use crate::slab::{Slab, SlabId};
use crate::space::{PageRange, Space, Vma, space_at};

/// Pages of the lower half: 47 bits of address.
const USER_PAGES: u64 = 1 << (47 - 12);

/// Why a range could not be mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapError {
    /// It overlaps a VMA, is empty, starts at page 0, or leaves the lower half.
    BadRange,
    /// No memory for the VMA.
    OutOfMemory,
}

impl From<OutOfMemory> for MapError {
    fn from(_: OutOfMemory) -> Self {
        Self::OutOfMemory
    }
}

/// A virtual memory over all of a machine's arena.
///
/// Lock order: the list of spaces, a space, its leaf tables (parent's before child's), a frame, a
/// slab, the buddy allocator.
pub struct Vm<'m, S: Scheme, M: Machine> {
    pub(crate) machine: &'m M,
    pub(crate) scheme: S,
    pub(crate) frames: FrameTable<'m, S::FrameState>,
    pub(crate) page_tables: Gauge,
    pub(crate) metadata: Gauge,
    pub(crate) mapped_pages: Gauge,
    pub(crate) last_fault: LastFault,
    spaces: Slab<Space<S::SpaceState>>,
    vmas: Slab<Vma<S::VmaState>>,
    pub(crate) space_list: SpaceList,
    active: AtomicU32,
    counters: Counters,
}

/// All address spaces, oldest first.
#[derive(Debug, Default)]
pub(crate) struct SpaceList {
    pub(crate) lock: SpinLock,
    pub(crate) first: AtomicU32,
    last: AtomicU32,
}

impl<S: Scheme, M: Machine> fmt::Debug for Vm<'_, S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vm")
            .field("scheme", &S::ID)
            .field("frames", &self.frames.count())
            .finish_non_exhaustive()
    }
}

impl<'m, S: Scheme, M: Machine> Vm<'m, S, M> {
    /// A VM without any address space, over the whole arena of `machine`, laid out afresh.
    ///
    /// # Errors
    /// The arena is too small for its own frame table.
    pub fn new(machine: &'m M) -> Result<Self, OutOfMemory> {
        machine.activate(None);
        Ok(Self {
            machine,
            scheme: S::default(),
            frames: FrameTable::new(machine.arena())?,
            page_tables: Gauge::default(),
            metadata: Gauge::default(),
            mapped_pages: Gauge::default(),
            last_fault: LastFault::default(),
            spaces: Slab::default(),
            vmas: Slab::default(),
            space_list: SpaceList::default(),
            active: AtomicU32::new(0),
            counters: Counters::default(),
        })
    }

    /// The machine beneath.
    pub const fn machine(&self) -> &'m M {
        self.machine
    }

    /// What this CPU has counted.
    #[inline]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn space(&self, id: SpaceId) -> &'m Space<S::SpaceState> {
        Slab::get(&self.frames, SlabId(id.0))
    }

    pub(crate) fn vma(&self, id: VmaId) -> &'m Vma<S::VmaState> {
        Slab::get(&self.frames, SlabId(id.0))
    }

    pub(crate) fn lock_space(&self, space: &'m Space<S::SpaceState>) -> Guard<'m> {
        space.lock.lock(&self.counters.lock_waits)
    }

    /// Slab frames in use, now and at most.
    pub(crate) fn slab_frames_peak(&self) -> u64 {
        self.spaces.frames().peak() + self.vmas.frames().peak()
    }

    /// Makes an empty address space.
    ///
    /// # Errors
    /// No frame for it.
    pub fn create_space(&self) -> Result<SpaceId, OutOfMemory> {
        let root = self.new_table(FrameKind::Directory)?;
        self.machine.prepare_root(root);
        let Ok(slot) = self.spaces.allocate(&self.frames, &self.counters) else {
            self.free_tables_below(root, 0);
            return Err(OutOfMemory);
        };
        let id = SpaceId(slot.0);
        self.space(id).set_root(root);
        self.append_space(id);
        Ok(id)
    }

    /// Maps `range` as anonymous private memory, readable and writable, without a page in it yet.
    ///
    /// # Errors
    /// The range cannot be had, or memory ran out.
    pub fn mmap(&self, id: SpaceId, range: PageRange) -> Result<VmaId, MapError> {
        let end = range.start.0.checked_add(range.pages).ok_or(MapError::BadRange)?;
        if range.pages == 0 || range.start.0 == 0 || end > USER_PAGES {
            return Err(MapError::BadRange);
        }
        let space = self.space(id);
        let _guard = self.lock_space(space);
        let mut link = space.first_vma_link();
        let mut after = space.first_vma();
        while let Some(vma) = after.map(|next| self.vma(next)) {
            if vma.range().overlaps(range) {
                return Err(MapError::BadRange);
            }
            if vma.range().start > range.start {
                break;
            }
            link = vma.next_link();
            after = vma.next();
        }
        let fresh = VmaId(self.vmas.allocate(&self.frames, &self.counters)?.0);
        self.vma(fresh).set_range(range);
        self.vma(fresh).next_link().store(after.map_or(0, |next| next.0), Relaxed);
        link.store(fresh.0, Relaxed);
        Ok(fresh)
    }

    /// Copies a VMA to the end of a child's list, where `link` is.
    pub(crate) fn copy_vma(&self, vma: VmaId, link: &AtomicU32) -> Result<VmaId, OutOfMemory> {
        let copy = VmaId(self.vmas.allocate(&self.frames, &self.counters)?.0);
        self.vma(copy).set_range(self.vma(vma).range());
        link.store(copy.0, Relaxed);
        Ok(copy)
    }

    /// The VMA that covers `page`. The caller holds the space's lock.
    #[inline]
    pub(crate) fn find_vma(&self, space: &Space<S::SpaceState>, page: PageIndex) -> Option<VmaId> {
        let mut next = space.first_vma();
        while let Some(id) = next {
            let vma = self.vma(id);
            if vma.range().contains(page) {
                return Some(id);
            }
            next = vma.next();
        }
        None
    }

    /// Loads the tables of `id` on this CPU.
    pub fn activate(&self, id: SpaceId) {
        self.machine.activate(Some(self.space(id).root()));
        self.active.store(id.0, Relaxed);
        self.counters.cr3_loads.add(1);
    }

    /// Flushes one page of `id` on this CPU.
    #[inline]
    pub fn flush_page(&self, id: SpaceId, page: PageIndex) {
        let flushed = self.machine.flush_page(self.space(id).root(), page);
        self.counters.count_flush(flushed);
    }

    /// Flushes every page of `id` on this CPU.
    #[inline]
    pub fn flush_space(&self, id: SpaceId) {
        self.counters.count_flush(self.machine.flush_space(self.space(id).root()));
    }

    /// The address space whose tables this CPU has loaded.
    #[inline]
    pub fn active(&self) -> Option<SpaceId> {
        space_at(&self.active)
    }

    /// Takes an address space apart. Returns the PTEs that were cleared.
    pub fn exit(&self, id: SpaceId) -> u64 {
        if self.active() == Some(id) {
            // The tables go, and every translation with them, before any frame is freed.
            self.machine.activate(None);
            self.active.store(0, Relaxed);
            self.counters.cr3_loads.add(1);
        }
        self.remove_space(id);
        let space = self.space(id);
        let guard = self.lock_space(space);
        let mut cleared = 0;
        let mut next = space.first_vma();
        while let Some(vma) = next {
            next = self.vma(vma).next();
            cleared += self.zap(id, vma);
            self.vmas.free(&self.frames, SlabId(vma.0), &self.counters);
        }
        self.free_tables_below(space.root(), 0);
        drop(guard);
        self.spaces.free(&self.frames, SlabId(id.0), &self.counters);
        cleared
    }

    /// Clears every PTE of a VMA whose space no CPU has loaded. Returns how many there were.
    fn zap(&self, space: SpaceId, vma: VmaId) -> u64 {
        let range = self.vma(vma).range();
        let root = self.space(space).root();
        let mut cleared = 0;
        let mut page = range.start;
        while page < range.end() {
            let table_end = PageIndex(page.table_base().0 + rmap::SLOTS_PER_TABLE as u64);
            let end = table_end.min(range.end());
            if let Some(table) = self.leaf_table(root, page) {
                cleared += self.zap_table(
                    space,
                    vma,
                    table,
                    PageRange { start: page, pages: end.0 - page.0 },
                );
            }
            page = end;
        }
        cleared
    }

    fn zap_table(&self, space: SpaceId, vma: VmaId, table: Frame, range: PageRange) -> u64 {
        let _guard = self.frames.lock(table, &self.counters);
        let mut cleared = 0;
        for page in range.start.0..range.end().0 {
            let page = PageIndex(page);
            let position = PtePosition { table, slot: page.slot() };
            let slot = self.slot(position);
            if !slot.read().is_present() {
                continue;
            }
            let pte = slot.replace(Pte::EMPTY);
            self.counters.pte_writes.add(1);
            cleared += 1;
            let frame = self.frame_of(pte);
            self.scheme.unmap(self, frame, &Mapping { space, vma, page, position });
            self.drop_mapping(frame);
        }
        cleared
    }

    /// One mapping of `frame` is gone: frees it with the last. Every TLB has been flushed of it.
    pub(crate) fn drop_mapping(&self, frame: Frame) {
        self.mapped_pages.lower();
        if self.lower_mapcount(frame) == 0 {
            self.frames.free(frame, &self.counters);
        }
    }

    /// Counts one more mapping of `frame`.
    #[inline]
    pub(crate) fn raise_mapcount(&self, frame: Frame) {
        self.mapped_pages.raise();
        self.frames.info(frame).mapcount().fetch_add(1, Relaxed);
    }

    /// Counts one mapping less; returns how many are left.
    #[inline]
    pub(crate) fn lower_mapcount(&self, frame: Frame) -> u32 {
        self.frames.info(frame).mapcount().fetch_sub(1, Relaxed) - 1
    }

    /// The page frame at `page` of a space, if one is mapped.
    pub fn frame_at(&self, id: SpaceId, page: PageIndex) -> Option<Frame> {
        let table = self.leaf_table(self.space(id).root(), page)?;
        let pte = self.slot(PtePosition { table, slot: page.slot() }).read();
        pte.is_present().then(|| self.frame_of(pte))
    }

    /// Every address space, oldest first. The caller keeps the list as it is.
    pub(crate) fn spaces(&self) -> impl Iterator<Item = SpaceId> {
        let mut next = space_at(&self.space_list.first);
        core::iter::from_fn(move || {
            let id = next?;
            next = space_at(&self.space(id).next);
            Some(id)
        })
    }

    fn append_space(&self, id: SpaceId) {
        let list = &self.space_list;
        let _guard = list.lock.lock(&self.counters.lock_waits);
        match space_at(&list.last) {
            Some(newest) => self.space(newest).next.store(id.0, Relaxed),
            None => list.first.store(id.0, Relaxed),
        }
        self.space(id).previous.store(list.last.load(Relaxed), Relaxed);
        list.last.store(id.0, Relaxed);
    }

    fn remove_space(&self, id: SpaceId) {
        let list = &self.space_list;
        let _guard = list.lock.lock(&self.counters.lock_waits);
        let space = self.space(id);
        let (next, previous) = (space_at(&space.next), space_at(&space.previous));
        let forward = previous.map_or(&list.first, |before| &self.space(before).next);
        let backward = next.map_or(&list.last, |after| &self.space(after).previous);
        forward.store(next.map_or(0, |after| after.0), Relaxed);
        backward.store(previous.map_or(0, |before| before.0), Relaxed);
    }
}
