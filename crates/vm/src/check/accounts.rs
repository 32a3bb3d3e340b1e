//! Sums over everything against what was kept count of.

use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, MemoryFacts, Scheme, SpaceId, SwapSlot};

use super::Inconsistency;
use crate::frame_table::{FrameKind, FrameMark};
use crate::machine::Machine;
use crate::memory::FRAME_BYTES;
use crate::vm::Vm;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    pub(super) fn check_spaces(&self) -> Result<(), Inconsistency> {
        for id in self.all_spaces() {
            let mut end = None;
            let mut next = self.first_vma(self.space(id));
            while let Some(vma) = next {
                let range = self.vma(vma).range();
                let ordered = end.is_none_or(|end| end <= range.start) && range.pages > 0;
                if !ordered || self.vma(vma).space() != id {
                    return Err(Inconsistency::Vmas(id));
                }
                end = Some(range.end());
                next = self.next_vma(vma);
            }
        }
        Ok(())
    }

    pub(super) fn check_slots(&self) -> Result<(), Inconsistency> {
        let mut used = 0;
        for slot in (0..self.swap.count()).map(SwapSlot) {
            let (counted, seen) = (self.swap.entries(slot), self.swap.seen(slot).load(Relaxed));
            if counted != seen {
                return Err(Inconsistency::Slot { slot, counted, seen });
            }
            used += u64::from(counted > 0);
        }
        let counted = u64::from(self.swap.count() - self.swap.free_slots());
        account("swap slots in use", counted, used)
    }

    pub(super) fn check_accounts(&self) -> Result<(), Inconsistency> {
        let census = self.frames.census();
        let of = |kind| u64::from(census.of(kind));
        let tables = of(FrameKind::LeafTable) + of(FrameKind::Directory);
        account("page tables", self.page_tables.now(), tables)?;
        account("metadata frames", self.metadata.now(), of(FrameKind::Metadata))?;
        account("free frames", u64::from(self.free_frames()), of(FrameKind::Free))?;
        let pages = (0..self.frames.count()).map(Frame).filter(|frame| self.is_page(*frame));
        let mappings =
            pages.map(|page| u64::from(self.frames.info(page).mapcount().load(Relaxed))).sum();
        account("mappings", self.mapped_pages.now(), mappings)?;
        self.check_bound(mappings, of(FrameKind::LeafTable))
    }

    fn check_bound(&self, mappings: u64, leaf_tables: u64) -> Result<(), Inconsistency> {
        let announced = (0..self.frames.count()).map(Frame).filter(|table| {
            self.frames.is(*table, FrameKind::Directory)
                && self.frames.info(*table).is_marked(FrameMark::Announced)
        });
        let facts = MemoryFacts {
            tables: leaf_tables + announced.count() as u64,
            mappings,
            vmas_peak: self.vmas.peak_at_most(),
            vmas: self.all_spaces().map(|space| self.vmas_of(space)).sum(),
            spaces: self.all_spaces().count() as u64,
        };
        let (bytes, bound) = (self.metadata_in_use(), S::metadata_bound(&facts));
        if bytes > bound { Err(Inconsistency::OverBound { bytes, bound }) } else { Ok(()) }
    }

    fn vmas_of(&self, space: SpaceId) -> u64 {
        let first = self.first_vma(self.space(space));
        core::iter::successors(first, |vma| self.next_vma(*vma)).count() as u64
    }

    /// Bytes of metadata frames, and of objects in those that are cut up.
    fn metadata_in_use(&self) -> u64 {
        let frames = (0..self.frames.count()).map(Frame);
        let metadata = frames.filter(|frame| self.frames.is(*frame, FrameKind::Metadata));
        metadata.map(|frame| self.bytes_in_use(frame)).sum()
    }

    fn bytes_in_use(&self, metadata: Frame) -> u64 {
        let info = self.frames.info(metadata);
        match info.mapcount().load(Relaxed) {
            0 => FRAME_BYTES as u64,
            objects => u64::from(objects) * info.overlay()[1].load(Relaxed),
        }
    }
}

fn account(what: &'static str, counted: u64, found: u64) -> Result<(), Inconsistency> {
    if counted == found { Ok(()) } else { Err(Inconsistency::Account { what, counted, found }) }
}
