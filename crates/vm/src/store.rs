//! The VM as schemes see it.

use core::panic::Location;
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU32, AtomicU64};

use rmap::{
    Frame, Handle, ObjectId, OutOfMemory, Overlay, PageIndex, Pool, PtePosition, SLOTS_PER_TABLE,
    Scheme, SpaceId, Store, SwapSlot, TableOwner, Visit, VmaId, VmaSpan, Words,
};

use crate::frame_table::FrameKind;
use crate::lock::lock;
use crate::machine::Machine;
use crate::memory::OfScheme;
use crate::page_table::Stretch;
use crate::slab::{Cut, Slab, SlabId};
use crate::vm::Vm;
use crate::vma::Traits;

impl<S: Scheme, M: Machine> Store<S> for Vm<'_, S, M> {
    fn frame_count(&self) -> u32 {
        self.frames.count()
    }

    #[inline]
    fn frame_state(&self, frame: Frame) -> &S::FrameState {
        self.frames.info(frame).scheme()
    }

    #[inline]
    fn overlay(&self, frame: Frame) -> &Overlay {
        self.frames.info(frame).overlay()
    }

    fn space_state(&self, space: SpaceId) -> &S::SpaceState {
        self.space(space).scheme()
    }

    #[inline]
    fn vma_state(&self, vma: VmaId) -> &S::VmaState {
        self.vma(vma).scheme()
    }

    fn object_state(&self, object: ObjectId) -> &S::ObjectState {
        self.object(object).scheme()
    }

    #[inline]
    fn vma_span(&self, vma: VmaId) -> VmaSpan {
        let vma = self.vma(vma);
        let range = vma.range();
        VmaSpan {
            space: vma.space(),
            start: range.start,
            pages: range.pages,
            offset: vma.offset(),
            object: vma.object(),
        }
    }

    #[inline]
    fn offset_of(&self, vma: VmaId, page: PageIndex) -> u64 {
        self.vma(vma).offset_of(page)
    }

    fn like_neighbours(&self, vma: VmaId) -> [Option<VmaId>; 2] {
        let alike = |lower: VmaId, upper: VmaId| {
            let (lower, upper) = (self.vma(lower), self.vma(upper));
            let rights = |traits: Traits| traits.without(Traits::WRITABLE);
            lower.range().end() == upper.range().start
                && lower.offset() + lower.range().pages == upper.offset()
                && lower.object() == upper.object()
                && rights(lower.traits()) == rights(upper.traits())
        };
        [
            self.previous_vma(vma).filter(|below| alike(*below, vma)),
            self.next_vma(vma).filter(|above| alike(vma, *above)),
        ]
    }

    fn for_each_page(&self, vma: VmaId, visit: &mut impl FnMut(u64, Frame)) {
        let area = self.vma(vma);
        for stretch in self.stretches(self.space(area.space()).root(), area.range()) {
            match stretch {
                Stretch::Table(table, part) => {
                    let _guard = self.frames.lock(table, self.counters());
                    for (page, slot) in self.entries(table, part) {
                        if let Some(frame) = self.named_frame(slot.read()) {
                            visit(area.offset_of(page), frame);
                        }
                    }
                }
                Stretch::Huge(position, part) => {
                    let _guard = self.frames.lock(position.table, self.counters());
                    if let Some(frame) = self.named_frame(self.slot(position).read()) {
                        visit(area.offset_of(part.start), frame);
                    }
                }
            }
        }
    }

    #[inline]
    fn position(&self, space: SpaceId, page: PageIndex) -> Option<PtePosition> {
        self.position_of(self.space(space).root(), page)
    }

    fn is_anonymous(&self, frame: Frame) -> bool {
        self.frames.is(frame, FrameKind::Anonymous)
    }

    fn object_page(&self, frame: Frame) -> Option<(ObjectId, u64)> {
        let is_object_page = self.frames.is(frame, FrameKind::ObjectPage);
        is_object_page.then(|| Self::object_page(self, frame)).flatten()
    }

    fn slot_word(&self, slot: SwapSlot) -> &AtomicU64 {
        self.swap.word(slot)
    }

    #[inline]
    fn mapcount(&self, frame: Frame) -> u32 {
        self.frames.info(frame).mapcount().load(Relaxed)
    }

    #[inline]
    fn with_frame_locked<R>(&self, frame: Frame, body: impl FnOnce() -> R) -> R {
        let _guard = self.frames.lock(frame, self.counters());
        body()
    }

    #[inline]
    fn with_locked<R>(&self, word: &AtomicU32, body: impl FnOnce() -> R) -> R {
        let _guard = lock(word, &self.counters().lock_waits);
        body()
    }

    #[inline]
    fn table_word(&self, table: Frame) -> &AtomicU64 {
        self.frames.table_word(table)
    }

    #[inline]
    fn table_owner(&self, table: Frame) -> TableOwner {
        self.frames.table_owner(table)
    }

    #[inline]
    fn mapped_frame(&self, position: PtePosition) -> Option<Frame> {
        let pte = self.slot(position).read();
        let names_a_page = match self.frames.kind(position.table) {
            FrameKind::LeafTable => true,
            FrameKind::Directory => pte.is_huge(),
            _ => false,
        };
        names_a_page.then(|| self.named_frame(pte)).flatten()
    }

    #[track_caller]
    fn allocate_metadata(&self) -> Result<Frame, OutOfMemory> {
        let frame = self.allocate_frame(FrameKind::Metadata)?;
        self.machine.zero_frame(frame);
        self.metadata.raise();
        Ok(frame)
    }

    fn free_metadata(&self, frame: Frame) {
        self.metadata.lower();
        self.frames.free(frame, self.counters());
    }

    #[inline]
    fn metadata(&self, frame: Frame) -> &[AtomicU64; SLOTS_PER_TABLE] {
        self.frames.words(frame)
    }

    #[track_caller]
    fn allocate<T: Words>(&self, pool: &Pool<T>) -> Result<Handle<T>, OutOfMemory> {
        if !self.machine.may_allocate(Location::caller()) {
            return Err(OutOfMemory);
        }
        let id = self.cut(pool).allocate()?;
        Ok(Handle::from_id(id.0).expect("the arena begins with the frame table"))
    }

    fn free<T: Words>(&self, pool: &Pool<T>, object: Handle<T>) {
        self.cut(pool).free(SlabId(object.id()));
    }

    #[inline]
    fn object<T: Words>(&self, object: Handle<T>) -> &T {
        &Slab::<OfScheme<T>>::get(&self.frames, SlabId(object.id())).0
    }

    fn scan(&self, frame: Frame, visit: &mut impl FnMut(PtePosition) -> Visit) -> u64 {
        self.scan_tables(frame, visit)
    }
}

impl<'m, S: Scheme, M: Machine> Vm<'m, S, M> {
    fn cut<'a, T>(&'a self, pool: &'a Pool<T>) -> Cut<'a, 'm, S::FrameState> {
        Cut {
            head: pool.head(),
            size: size_of::<T>(),
            kind: FrameKind::Metadata,
            frames: &self.metadata,
            table: &self.frames,
            counters: self.counters(),
        }
    }
}
