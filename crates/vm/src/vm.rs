//! The virtual memory: address spaces over frames, with one scheme and one machine.

use core::fmt;
use core::panic::Location;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

use rmap::{Covers, Frame, Mapping, OutOfMemory, PageIndex, Scheme, SpaceId, VmaId};

use crate::counters::{Counters, Gauge};
use crate::fault::LastFault;
use crate::frame_table::{FrameKind, FrameMark, FrameTable};
use crate::given_frame::CompactionHand;
use crate::lock::{Guard, SpinLock};
use crate::machine::Machine;
use crate::memory::InArena;
use crate::object::Object;
use crate::pte::Pte;
use crate::reclaim::ClockHands;
use crate::slab::{Slab, SlabId};
use crate::space::{PageRange, Space, space_at};
use crate::swap::SwapDevice;
use crate::vma::Vma;

/// What a VM is made with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VmConfig {
    /// Pages that the swap device holds. It lies in the arena's last frames.
    pub swap_slots: u32,
    /// Frames of the arena that are used besides the swap device. `None`: all of them.
    pub memory: Option<u32>,
}

impl VmConfig {
    /// Frames of the arena that the swap device takes.
    #[must_use]
    pub const fn swap_frames(self) -> u32 {
        SwapDevice::frames(self.swap_slots)
    }
}

/// A virtual memory over all of a machine's arena.
///
/// Lock order: the list of spaces, a space, an object, page tables (parent's before child's, source
/// before target), a frame, the swap device, a slab, the buddy allocator.
pub struct Vm<'m, S: Scheme, M: Machine> {
    pub(crate) machine: &'m M,
    pub(crate) scheme: S,
    pub(crate) frames: FrameTable<'m, S::FrameState>,
    pub(crate) swap: SwapDevice<'m>,
    pub(crate) page_tables: Gauge,
    pub(crate) metadata: Gauge,
    pub(crate) mapped_pages: Gauge,
    pub(crate) last_fault: LastFault,
    pub(crate) spaces: Slab<Space<S::SpaceState>>,
    pub(crate) vmas: Slab<Vma<S::VmaState>>,
    pub(crate) objects: Slab<Object<S::ObjectState>>,
    pub(crate) space_list: SpaceList,
    pub(crate) hands: ClockHands,
    pub(crate) compaction_hand: CompactionHand,
    pub(crate) zero_page: Frame,
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
    /// The arena is too small for its own frame table, the swap device and a page of zeroes.
    pub fn new(machine: &'m M, config: &VmConfig) -> Result<Self, OutOfMemory> {
        machine.activate(None);
        let counters = Counters::default();
        let frames = FrameTable::new(machine.arena(), config.swap_frames(), config.memory)?;
        let zero_page = frames.allocate(FrameKind::ZeroPage, &counters)?;
        machine.zero_frame(zero_page);
        Ok(Self {
            machine,
            scheme: S::default(),
            frames,
            swap: SwapDevice::new(machine.arena(), config.swap_slots),
            page_tables: Gauge::default(),
            metadata: Gauge::default(),
            mapped_pages: Gauge::default(),
            last_fault: LastFault::default(),
            spaces: Slab::default(),
            vmas: Slab::default(),
            objects: Slab::default(),
            space_list: SpaceList::default(),
            hands: ClockHands::default(),
            compaction_hand: CompactionHand::default(),
            zero_page,
            active: AtomicU32::new(0),
            counters,
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

    #[inline]
    pub(crate) fn space(&self, id: SpaceId) -> &'m Space<S::SpaceState> {
        Slab::get(&self.frames, SlabId(id.0))
    }

    #[inline]
    pub(crate) fn vma(&self, id: VmaId) -> &'m Vma<S::VmaState> {
        Slab::get(&self.frames, SlabId(id.0))
    }

    #[inline]
    pub(crate) fn lock_space(&self, space: &'m Space<S::SpaceState>) -> Guard<'m> {
        space.lock.lock(&self.counters.lock_waits)
    }

    /// Takes a frame; its contents are what the last user left.
    #[track_caller]
    #[inline]
    pub(crate) fn allocate_frame(&self, kind: FrameKind) -> Result<Frame, OutOfMemory> {
        if !self.machine.may_allocate(Location::caller()) {
            return Err(OutOfMemory);
        }
        self.frames.allocate(kind, &self.counters)
    }

    /// Takes the frames of a 2 MiB page.
    #[track_caller]
    pub(crate) fn allocate_huge(&self) -> Result<Frame, OutOfMemory> {
        if !self.machine.may_allocate(Location::caller()) {
            return Err(OutOfMemory);
        }
        self.frames.allocate_huge(&self.counters)
    }

    /// Takes a zeroed object from a slab.
    #[track_caller]
    pub(crate) fn allocate_slab<T: InArena>(&self, slab: &Slab<T>) -> Result<SlabId, OutOfMemory> {
        if !self.machine.may_allocate(Location::caller()) {
            return Err(OutOfMemory);
        }
        slab.allocate(&self.frames, &self.counters)
    }

    /// Frames that hold spaces, VMAs and objects.
    pub(crate) fn slab_frames(&self) -> [&Gauge; 3] {
        [self.spaces.frames(), self.vmas.frames(), self.objects.frames()]
    }

    /// Makes an empty address space.
    ///
    /// # Errors
    /// No frame for it.
    pub fn create_space(&self) -> Result<SpaceId, OutOfMemory> {
        let root = self.new_table(FrameKind::Directory)?;
        self.machine.prepare_root(root);
        let Ok(slot) = self.allocate_slab(&self.spaces) else {
            self.free_table(root);
            return Err(OutOfMemory);
        };
        let id = SpaceId(slot.0);
        self.space(id).set_root(root);
        if self.scheme.space_created(self, id).is_err() {
            self.free_table(root);
            self.spaces.free(&self.frames, slot, &self.counters);
            return Err(OutOfMemory);
        }
        self.append_space(id);
        Ok(id)
    }

    /// Replaces an address space by an empty one.
    ///
    /// # Errors
    /// No frame for the new one; the old one is as it was.
    pub fn exec(&self, id: SpaceId) -> Result<SpaceId, OutOfMemory> {
        let fresh = self.create_space()?;
        self.exit(id);
        Ok(fresh)
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
        let first = self.first_vma(space).map(|vma| self.vma(vma).range().start);
        let start = first.unwrap_or(PageIndex(0));
        let mut used = PageRange { start, pages: 0 };
        while let Some(vma) = self.first_vma(space) {
            used = PageRange::between(start, self.vma(vma).range().end());
            cleared += self.unmap_vma(vma);
        }
        self.free_tables_below(space.root(), 0, used);
        self.scheme.space_freed(self, id);
        drop(guard);
        self.spaces.free(&self.frames, SlabId(id.0), &self.counters);
        cleared
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

    /// Whether the scheme's hooks are called for `frame`, which a PTE or migration entry names.
    #[inline]
    pub(crate) fn is_tracked(&self, frame: Frame) -> bool {
        match S::COVERS {
            Covers::EveryPage => frame != self.zero_page,
            Covers::AnonymousPages => self.frames.is(frame, FrameKind::Anonymous),
            Covers::ObjectPages => false,
        }
    }

    /// Tells the scheme that the PTE at `at` no longer maps `frame`.
    #[inline]
    pub(crate) fn tell_unmapped(&self, frame: Frame, at: &Mapping) {
        if self.is_tracked(frame) {
            self.scheme.unmap(self, frame, at);
        }
    }

    /// One mapping of `frame` is gone; whether nobody has any use for the frame now.
    #[inline]
    pub(crate) fn drop_mapping(&self, frame: Frame) -> bool {
        self.mapped_pages.lower();
        self.lower_mapcount(frame) == 0 && self.is_unused(frame)
    }

    /// Whether nobody has any use for `frame`, a page.
    fn is_unused(&self, frame: Frame) -> bool {
        let info = self.frames.info(frame);
        if info.mapcount().load(Relaxed) != 0 || info.pins().load(Relaxed) != 0 {
            return false;
        }
        match self.frames.kind(frame) {
            FrameKind::Anonymous => info.slot().is_none(),
            FrameKind::ObjectPage => self.object_page(frame).is_none(),
            _ => false,
        }
    }

    /// Frees `frame`, a page that no TLB holds, if nobody has any use for it.
    pub(crate) fn free_if_unused(&self, frame: Frame) {
        if self.is_unused(frame) {
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

    /// The entry for `page` of a space as it is now; that of a 2 MiB page for any page in it.
    pub fn pte_at(&self, id: SpaceId, page: PageIndex) -> Pte {
        let position = self.position_of(self.space(id).root(), page);
        position.map_or(Pte::EMPTY, |position| self.slot(position).read())
    }

    /// The page frame at `page` of a space: that of its PTE or migration entry, and of a 2 MiB page
    /// the first. The page of zeroes that all share is nobody's.
    pub fn frame_at(&self, id: SpaceId, page: PageIndex) -> Option<Frame> {
        let pte = self.pte_at(id, page);
        let frame = self.named_frame(pte)?;
        (frame != self.zero_page).then_some(frame)
    }

    /// Whether `frame` is on its way to another one.
    #[inline]
    pub(crate) fn is_migrating(&self, frame: Frame) -> bool {
        self.frames.info(frame).is_marked(FrameMark::Migrating)
    }

    /// Every address space, oldest first. The caller keeps the list as it is.
    pub(crate) fn all_spaces(&self) -> impl Iterator<Item = SpaceId> {
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
        self.hands.forget(id, next);
    }
}
