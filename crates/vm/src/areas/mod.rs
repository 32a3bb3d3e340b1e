//! The VMAs of an address space: finding, splitting, joining, and what is asked of them.

mod brk;
mod map;
mod place;
mod protect;
mod remap;
#[cfg(test)]
mod tests;
mod trees;
mod unmap;

use rmap::{OutOfMemory, PageIndex, Scheme, SpaceId, VmaId};

use crate::machine::Machine;
use crate::request::MapError;
use crate::slab::SlabId;
use crate::space::{PageRange, Space};
use crate::vm::Vm;
use crate::vma::Kind;

/// Pages of the lower half: 47 bits of address.
const USER_PAGES: u64 = 1 << (47 - 12);

/// Checks that a range can exist.
fn checked(range: PageRange) -> Result<PageRange, MapError> {
    let end = range.start.0.checked_add(range.pages).ok_or(MapError::BadRange)?;
    if range.pages == 0 || range.start.0 == 0 || end > USER_PAGES {
        return Err(MapError::BadRange);
    }
    Ok(range)
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// The VMA that covers `page`. The caller holds the space's lock.
    #[expect(
        clippy::inline_always,
        reason = "on the path of every fault, where calls cost a quarter"
    )]
    #[inline(always)]
    pub(crate) fn find_vma(&self, space: &Space<S::SpaceState>, page: PageIndex) -> Option<VmaId> {
        match space.found_last() {
            Some(last) if self.vma(last).range().contains(page) => Some(last),
            _ => self.find_other_vma(space, page),
        }
    }

    fn find_other_vma(&self, space: &Space<S::SpaceState>, page: PageIndex) -> Option<VmaId> {
        let found = self.vma_covering(space, page)?;
        space.set_found_last(Some(found));
        Some(found)
    }

    /// As [`Self::find_vma`], leaving no trace.
    pub(crate) fn vma_covering(
        &self,
        space: &Space<S::SpaceState>,
        page: PageIndex,
    ) -> Option<VmaId> {
        let found = self.first_vma_ending_after(space, page)?;
        self.vma(found).range().contains(page).then_some(found)
    }

    /// A VMA of `range` for `space`, of this kind, that no tree holds yet and that the scheme has not
    /// heard of.
    #[track_caller]
    fn new_vma(
        &self,
        space: SpaceId,
        range: PageRange,
        offset: u64,
        kind: Kind,
    ) -> Result<VmaId, OutOfMemory> {
        let id = VmaId(self.allocate_slab(&self.vmas)?.0);
        let vma = self.vma(id);
        vma.set_space(space);
        vma.set_range(range);
        vma.set_offset(offset);
        vma.set_kind(kind);
        if let Some(object) = kind.object {
            self.hold_object(object);
        }
        Ok(id)
    }

    /// A VMA made for `of`, as the scheme sees it; see [`Scheme::vma_created`].
    #[track_caller]
    fn new_vma_for(
        &self,
        space: SpaceId,
        range: PageRange,
        offset: u64,
        kind: Kind,
        of: Option<VmaId>,
    ) -> Result<VmaId, OutOfMemory> {
        let id = self.new_vma(space, range, offset, kind)?;
        if self.scheme.vma_created(self, id, of).is_err() {
            self.discard_vma(id);
            return Err(OutOfMemory);
        }
        Ok(id)
    }

    /// Puts a copy of a parent's VMA into `child`.
    ///
    /// # Errors
    /// No memory for it.
    pub(crate) fn copy_vma(&self, vma: VmaId, child: SpaceId) -> Result<VmaId, OutOfMemory> {
        let parent = self.vma(vma);
        let kind = Kind {
            // A lock on memory is not inherited (POSIX mlock).
            traits: parent.traits().without(crate::vma::Traits::LOCKED),
            ..parent.kind()
        };
        let copy = self.new_vma_for(child, parent.range(), parent.offset(), kind, Some(vma))?;
        self.insert_vma(copy);
        Ok(copy)
    }

    /// Frees a VMA that the scheme does not know and no tree holds.
    fn discard_vma(&self, id: VmaId) {
        let object = self.vma(id).object();
        self.vmas.free(&self.frames, SlabId(id.0), self.counters());
        if let Some(object) = object {
            self.release_object(object);
        }
    }

    /// Frees a VMA that maps nothing and no tree holds.
    fn free_vma(&self, id: VmaId) {
        self.scheme.vma_freed(self, id);
        self.discard_vma(id);
    }

    /// Cuts `vma` in two at `at`, which lies inside; the upper part gets a VMA of its own. No 2 MiB
    /// page lies across. The caller holds the space's lock.
    fn split_vma(&self, id: VmaId, at: PageIndex) -> Result<VmaId, OutOfMemory> {
        let lower = self.vma(id);
        let range = lower.range();
        let above = PageRange::between(at, range.end());
        let upper = self.new_vma(lower.space(), above, lower.offset_of(at), lower.kind())?;
        if self.scheme.vma_split(self, id, upper).is_err() {
            self.discard_vma(upper);
            return Err(OutOfMemory);
        }
        self.set_vma_range(id, PageRange::between(range.start, at));
        self.insert_vma(upper);
        self.counters().vma_splits.add(1);
        Ok(upper)
    }

    /// Makes the two VMAs that meet at `at` one, if they are alike and the scheme agrees.
    fn merge_at(&self, space: &Space<S::SpaceState>, at: PageIndex) {
        let before = PageIndex(at.0 - 1);
        let (Some(lower), Some(upper)) =
            (self.vma_covering(space, before), self.vma_covering(space, at))
        else {
            return;
        };
        if lower == upper || !self.vma(lower).continues_in(self.vma(upper)) {
            return;
        }
        if !self.scheme.vma_can_merge(self, lower, upper) {
            return;
        }
        let end = self.vma(upper).range().end();
        self.remove_vma(upper);
        self.set_vma_range(lower, PageRange::between(self.vma(lower).range().start, end));
        self.scheme.vma_merged(self, lower, upper);
        self.free_vma(upper);
    }

    /// Cuts VMAs so that `range` begins and ends where VMAs do, or in gaps. The caller holds the
    /// space's lock.
    ///
    /// # Errors
    /// No memory for a VMA; all are whole again.
    fn cut_out(&self, space: &Space<S::SpaceState>, range: PageRange) -> Result<(), OutOfMemory> {
        self.cut_at(space, range.start)?;
        if let Err(out_of_memory) = self.cut_at(space, range.end()) {
            self.merge_at(space, range.start);
            return Err(out_of_memory);
        }
        Ok(())
    }

    fn cut_at(&self, space: &Space<S::SpaceState>, at: PageIndex) -> Result<(), OutOfMemory> {
        match self.vma_covering(space, at) {
            Some(vma) if self.vma(vma).range().start < at => self.split_vma(vma, at).map(drop),
            _ => Ok(()),
        }
    }

    /// Makes the ends of `range` whole again where they can be.
    fn heal(&self, space: &Space<S::SpaceState>, range: PageRange) {
        self.merge_at(space, range.start);
        self.merge_at(space, range.end());
    }

    /// Whether every page of `range` is covered by VMAs.
    fn is_covered(&self, space: &Space<S::SpaceState>, range: PageRange) -> bool {
        let mut page = range.start;
        while page < range.end() {
            match self.vma_covering(space, page) {
                Some(vma) => page = self.vma(vma).range().end(),
                None => return false,
            }
        }
        true
    }

    /// Splits the 2 MiB pages that lie across the ends of `range`, before any lock is taken.
    fn split_huge_ends(&self, id: SpaceId, range: PageRange) -> Result<(), OutOfMemory> {
        for end in [range.start, range.end()] {
            if end.slot() != 0 {
                self.split_huge_at(id, end)?;
            }
        }
        Ok(())
    }
}
