//! Anonymous pages: zero fill, copy on write, reuse of an exclusive page.

use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, Mapping, OutOfMemory, Scheme};

use super::{At, FaultKind};
use crate::frame_table::FrameKind;
use crate::machine::{Access, Machine};
use crate::pte::Pte;
use crate::vm::Vm;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// A writable entry for `frame`, which nobody else can reach and which is about to be written to.
    pub(super) fn own_page(&self, frame: Frame) -> Pte {
        let pte = Pte::page(self.machine.arena().physical(frame));
        pte.writable().exclusive().after(Access::Write)
    }

    /// Maps the page of zeroes that all share at `at`, where nothing is mapped.
    pub(super) fn map_shared_zero(&self, at: At<'_>) -> FaultKind {
        let pte = Pte::page(self.machine.arena().physical(self.zero_page)).after(Access::Read);
        at.slot.fill(pte);
        self.counters().pte_writes.add(1);
        FaultKind::SharedZero
    }

    /// Maps a fresh page of zeroes at `at`, where nothing is mapped.
    #[inline]
    pub(super) fn zero_fill(&self, at: At<'_>) -> Result<FaultKind, OutOfMemory> {
        let frame = self.fresh_page(at.mapping)?;
        at.slot.fill(self.own_page(frame));
        self.counters().pte_writes.add(1);
        Ok(FaultKind::ZeroFill)
    }

    /// Maps a fresh page of zeroes at `at` in place of the one that all share.
    pub(super) fn zero_fill_over(&self, at: At<'_>) -> Result<FaultKind, OutOfMemory> {
        let frame = self.fresh_page(at.mapping)?;
        at.slot.replace(self.own_page(frame));
        self.counters().pte_writes.add(1);
        self.flush_page(at.mapping.space, at.mapping.page);
        Ok(FaultKind::ZeroFill)
    }

    fn fresh_page(&self, at: &Mapping) -> Result<Frame, OutOfMemory> {
        let frame = self.allocate_frame(FrameKind::Anonymous)?;
        self.machine.zero_frame(frame);
        if let Err(out_of_memory) = self.scheme.map(self, frame, at) {
            self.frames.free(frame, self.counters());
            return Err(out_of_memory);
        }
        self.raise_mapcount(frame);
        Ok(frame)
    }

    /// Resolves a write to the read-only `page` of a private VMA.
    #[inline]
    pub(super) fn break_cow(&self, at: At<'_>, page: Frame) -> Result<FaultKind, OutOfMemory> {
        if self.is_alone(page) {
            self.scheme.reuse(self, page, at.mapping);
            // More rights need no flush: the CPU walks again before it faults, and drops what it had
            // (Intel SDM vol. 3A, 5.10.4.3).
            at.slot.make_exclusive();
            self.counters().pte_writes.add(1);
            return Ok(FaultKind::Reuse);
        }
        let copy = self.allocate_frame(FrameKind::Anonymous)?;
        self.machine.copy_frame(page, copy);
        let told = if self.is_tracked(page) {
            self.scheme.break_cow(self, page, copy, at.mapping)
        } else {
            self.scheme.map(self, copy, at.mapping)
        };
        if let Err(out_of_memory) = told {
            self.frames.free(copy, self.counters());
            return Err(out_of_memory);
        }
        self.raise_mapcount(copy);
        at.slot.replace(self.own_page(copy));
        self.counters().pte_writes.add(1);
        self.flush_page(at.mapping.space, at.mapping.page);
        if self.drop_mapping(page) {
            self.frames.free(page, self.counters());
        }
        Ok(FaultKind::CopyOnWrite)
    }

    /// Whether the one mapping of `page` is all there is: no other PTE, no swap or migration entry,
    /// no object names it. A swap entry elsewhere keeps the page in the swap cache.
    #[inline]
    pub(super) fn is_alone(&self, page: Frame) -> bool {
        let info = self.frames.info(page);
        info.mapcount().load(Relaxed) == 1 && info.is(FrameKind::Anonymous) && info.slot().is_none()
    }
}
