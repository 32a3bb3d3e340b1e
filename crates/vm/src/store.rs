//! The VM as schemes see it.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use rmap::{
    Frame, OutOfMemory, Overlay, PtePosition, SLOTS_PER_TABLE, Scheme, SpaceId, Store, SwapSlot,
    TableOwner, Visit, VmaId,
};

use crate::frame_table::FrameKind;
use crate::machine::Machine;
use crate::vm::Vm;

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

    fn vma_state(&self, vma: VmaId) -> &S::VmaState {
        self.vma(vma).scheme()
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
    fn table_word(&self, table: Frame) -> &AtomicU64 {
        self.frames.table_word(table)
    }

    #[inline]
    fn table_owner(&self, table: Frame) -> TableOwner {
        self.frames.table_owner(table)
    }

    #[inline]
    fn mapped_frame(&self, position: PtePosition) -> Option<Frame> {
        self.named_frame(self.slot(position).read())
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

    fn scan(&self, frame: Frame, visit: &mut impl FnMut(PtePosition) -> Visit) -> u64 {
        self.scan_tables(frame, visit)
    }
}
