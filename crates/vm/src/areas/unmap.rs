//! `munmap`, and how mappings are cut.

use rmap::{Frame, Mapping, PageIndex, PtePosition, Scheme, SpaceId, VmaId};

use super::checked;
use crate::gather::Gather;
use crate::machine::Machine;
use crate::page_table::Stretch;
use crate::pte::{Entry, Pte, PteSlot};
use crate::request::MapError;
use crate::space::{PageRange, Space};
use crate::vm::Vm;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Unmaps whatever is mapped in a range. Returns the PTEs that were cleared.
    ///
    /// # Errors
    /// The range cannot exist, or there was no memory to cut a VMA in two; nothing has changed then.
    pub fn munmap(&self, id: SpaceId, range: PageRange) -> Result<u64, MapError> {
        let range = checked(range)?;
        self.split_huge_ends(id, range)?;
        let space = self.space(id);
        let _guard = self.lock_space(space);
        self.cut_out(space, range)?;
        Ok(self.unmap_whole(space, range))
    }

    /// Unmaps the VMAs in `range`, at whose ends VMAs end, and takes down the tables that served no
    /// others. The caller holds the space's lock.
    pub(super) fn unmap_whole(&self, space: &Space<S::SpaceState>, range: PageRange) -> u64 {
        let mut gather = Gather::default();
        let Some((id, cleared)) = self.unmap_vmas(space, range, &mut gather) else {
            return 0;
        };
        self.unhang_hole(space.root(), self.hole_around(space, range), &mut gather);
        // Freed tables may be in the CPU's paging-structure caches, which INVLPG drops as well (Intel
        // SDM vol. 3A, 5.10.4.1).
        self.flush_range(id, range);
        self.finish(gather);
        cleared
    }

    /// As [`Self::unmap_whole`]; the tables stay for what is about to be mapped there.
    pub(super) fn unmap_whole_keeping_tables(
        &self,
        space: &Space<S::SpaceState>,
        range: PageRange,
    ) {
        let mut gather = Gather::default();
        if let Some((id, _)) = self.unmap_vmas(space, range, &mut gather) {
            self.flush_range(id, range);
        }
        self.finish(gather);
    }

    /// Unmaps the VMAs in `range`, if there are any; whose they were, and how many PTEs were cleared.
    fn unmap_vmas(
        &self,
        space: &Space<S::SpaceState>,
        range: PageRange,
        gather: &mut Gather,
    ) -> Option<(SpaceId, u64)> {
        let mut unmapped = None;
        while let Some(vma) = self
            .first_vma_ending_after(space, range.start)
            .filter(|vma| self.vma(*vma).range().start < range.end())
        {
            let (id, cleared) = unmapped.unwrap_or((self.vma(vma).space(), 0));
            let zapped = self.zap_range(vma, self.vma(vma).range(), gather);
            unmapped = Some((id, cleared + zapped));
            self.remove_vma(vma);
            self.free_vma(vma);
        }
        unmapped
    }

    /// The gap between VMAs in which `range` lies.
    pub(super) fn hole_around(&self, space: &Space<S::SpaceState>, range: PageRange) -> PageRange {
        let above = self.first_vma_ending_after(space, range.start);
        let below = match above {
            Some(above) => self.previous_vma(above),
            None => self.last_vma(space),
        };
        let end = above.map_or(PageIndex(super::USER_PAGES), |above| self.vma(above).range().start);
        let start = below.map_or(PageIndex(0), |below| self.vma(below).range().end());
        PageRange::between(start, end)
    }

    /// Unmaps and frees a VMA of a space that no CPU has loaded; its tables stay.
    pub(crate) fn unmap_vma(&self, vma: VmaId) -> u64 {
        let mut gather = Gather::default();
        let cleared = self.zap_range(vma, self.vma(vma).range(), &mut gather);
        self.remove_vma(vma);
        self.free_vma(vma);
        self.finish(gather);
        cleared
    }

    /// Clears every PTE in `range`, a part of `vma` across whose ends no 2 MiB page lies. Frames that
    /// become unused are held back. Returns how many PTEs were cleared.
    pub(crate) fn zap_range(&self, vma: VmaId, range: PageRange, gather: &mut Gather) -> u64 {
        let space = self.vma(vma).space();
        let mut cleared = 0;
        for stretch in self.stretches(self.space(space).root(), range) {
            cleared += match stretch {
                Stretch::Table(table, part) => self.zap_table((space, vma), table, part, gather),
                Stretch::Huge(position, part) => {
                    let _guard = self.frames.lock(position.table, self.counters());
                    let at = Mapping { space, vma, page: part.start, position };
                    self.zap(&at, self.slot(position), gather)
                }
            };
        }
        cleared
    }

    fn zap_table(
        &self,
        (space, vma): (SpaceId, VmaId),
        table: Frame,
        range: PageRange,
        gather: &mut Gather,
    ) -> u64 {
        let _guard = self.frames.lock(table, self.counters());
        let mut cleared = 0;
        for (page, slot) in self.entries(table, range) {
            if !slot.read().is_empty() {
                let position = PtePosition { table, slot: page.slot() };
                cleared += self.zap(&Mapping { space, vma, page, position }, slot, gather);
            }
        }
        cleared
    }

    /// Clears one entry that is not empty; 1 if it mapped a page.
    #[inline]
    fn zap(&self, at: &Mapping, slot: PteSlot<'_>, gather: &mut Gather) -> u64 {
        let pte = slot.replace(Pte::EMPTY);
        self.counters().pte_writes.add(1);
        if !pte.is_present() {
            return self.zap_absent(at, pte, gather);
        }
        let frame = self.frame_of(pte);
        if frame != self.zero_page {
            self.zap_page(frame, at, gather);
        }
        1
    }

    /// Drops what an entry that was neither present nor empty had a claim to; 1 if that was a page.
    #[cold]
    fn zap_absent(&self, at: &Mapping, pte: Pte, gather: &mut Gather) -> u64 {
        match pte.entry() {
            Entry::Swap(slot) => self.drop_entry(slot),
            Entry::Migration(frame) => {
                self.zap_page(frame, at, gather);
                return 1;
            }
            Entry::Poison | Entry::Empty | Entry::Present => {}
        }
        0
    }

    #[inline]
    fn zap_page(&self, frame: Frame, at: &Mapping, gather: &mut Gather) {
        self.tell_unmapped(frame, at);
        if self.drop_mapping(frame) {
            self.hold_back(gather, frame);
        }
    }
}
