//! `mremap`: growing, shrinking and moving a range.
//!
//! A move takes the PTEs along. Everything that can fail comes before anything is unmapped, but for a
//! scheme's own refusal to move a mapping: then every mapping moves back, and what the range would
//! have replaced is gone, as Linux has it too.

use rmap::{Mapping, OutOfMemory, PageIndex, PtePosition, Scheme, SpaceId, VmaId};

use super::checked;
use crate::machine::Machine;
use crate::page_table::{Stretch, Walk};
use crate::pte::{Entry, Pte};
use crate::request::{MapError, Placement, Remap};
use crate::space::{PageRange, Space};
use crate::vm::Vm;
use crate::vma::Traits;

/// What becomes of the VMA that pages move out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Goes,
    Stays,
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Gives a range `pages` pages, and another place if `to` says so. Returns its first page.
    ///
    /// # Errors
    /// The range is not part of one VMA, cannot go there, or memory ran out; nothing has changed
    /// then.
    pub fn mremap(
        &self,
        id: SpaceId,
        range: PageRange,
        pages: u64,
        to: Remap,
    ) -> Result<PageIndex, MapError> {
        let range = checked(range)?;
        let resized = checked(PageRange { start: range.start, pages })?;
        self.split_huge_in(id, range)?;
        let target = match to {
            Remap::InPlace | Remap::Anywhere => None,
            Remap::To(start) | Remap::CopyTo(start) => Some(checked(PageRange { start, pages })?),
        };
        if let Some(target) = target {
            self.split_huge_in(id, target)?;
        }
        let space = self.space(id);
        let _guard = self.lock_space(space);
        let vma = self.vma_covering(space, range.start).ok_or(MapError::NotMapped)?;
        if !self.vma(vma).range().encloses(range) {
            return Err(MapError::NotMapped);
        }
        match (to, target) {
            (Remap::CopyTo(_), Some(target)) => {
                let traits = self.vma(vma).traits();
                let anonymous = self.vma(vma).object().is_none();
                if !anonymous || traits.has(Traits::GROWS_DOWN) || pages != range.pages {
                    return Err(MapError::BadMove);
                }
                self.move_range(space, vma, range, target, Source::Stays)
            }
            (_, Some(target)) => self.move_range(space, vma, range, target, Source::Goes),
            (Remap::Anywhere, None) if pages > range.pages => {
                match self.grow(space, vma, range, resized) {
                    Err(MapError::Occupied) => {
                        let target = self.place(space, Placement::Anywhere, pages)?;
                        self.move_range(space, vma, range, target, Source::Goes)
                    }
                    outcome => outcome,
                }
            }
            _ if pages > range.pages => self.grow(space, vma, range, resized),
            _ => self.shrink(space, range, resized),
        }
    }

    fn shrink(
        &self,
        space: &Space<S::SpaceState>,
        range: PageRange,
        resized: PageRange,
    ) -> Result<PageIndex, MapError> {
        if resized.pages < range.pages {
            let tail = PageRange::between(resized.end(), range.end());
            self.cut_out(space, tail)?;
            self.unmap_whole(space, tail);
        }
        Ok(range.start)
    }

    fn grow(
        &self,
        space: &Space<S::SpaceState>,
        vma: VmaId,
        range: PageRange,
        resized: PageRange,
    ) -> Result<PageIndex, MapError> {
        let covered = self.vma(vma).range();
        let added = PageRange::between(range.end(), resized.end());
        if covered.end() != range.end() || !self.is_vacant(space, added) {
            return Err(MapError::Occupied);
        }
        self.set_vma_range(vma, PageRange::between(covered.start, resized.end()));
        self.merge_at(space, resized.end());
        Ok(range.start)
    }

    fn move_range(
        &self,
        space: &Space<S::SpaceState>,
        vma: VmaId,
        range: PageRange,
        target: PageRange,
        source: Source,
    ) -> Result<PageIndex, MapError> {
        let old = self.vma(vma);
        if range.overlaps(target) || old.is(Traits::GROWS_DOWN) {
            return Err(MapError::BadMove);
        }
        let (id, offset) = (old.space(), old.offset_of(range.start));
        let kept = range.pages.min(target.pages);
        let moving = PageRange { start: range.start, pages: kept };
        let fresh = self.new_vma_for(id, target, offset, old.kind(), Some(vma))?;
        if let Err(out_of_memory) = self.prepare_move(space, moving, range, target) {
            self.free_vma(fresh);
            return Err(out_of_memory.into());
        }
        let vma = self.vma_covering(space, range.start).expect("it was cut out and not unmapped");
        self.unmap_whole_keeping_tables(space, target);
        self.insert_vma(fresh);
        let journey = Journey { from: (vma, moving), to: (fresh, target.start) };
        if let Err(out_of_memory) = self.move_ptes(id, &journey) {
            self.unmap_whole(space, target);
            self.heal(space, range);
            return Err(out_of_memory.into());
        }
        self.flush_range(id, moving);
        if source == Source::Goes {
            self.unmap_whole(space, range);
        }
        self.heal(space, range);
        self.heal(space, target);
        Ok(target.start)
    }

    /// Cuts both ranges out and makes every leaf table that the move needs.
    fn prepare_move(
        &self,
        space: &Space<S::SpaceState>,
        moving: PageRange,
        range: PageRange,
        target: PageRange,
    ) -> Result<(), OutOfMemory> {
        let prepared = self
            .cut_out(space, range)
            .and_then(|()| self.cut_out(space, target))
            .and_then(|()| self.ensure_tables_for(space, moving, target.start));
        if prepared.is_err() {
            self.heal(space, range);
            self.heal(space, target);
        }
        prepared
    }

    /// Makes the leaf tables at `to` for every page that is mapped in `moving`.
    fn ensure_tables_for(
        &self,
        space: &Space<S::SpaceState>,
        moving: PageRange,
        to: PageIndex,
    ) -> Result<(), OutOfMemory> {
        let vma = self.vma_covering(space, moving.start).expect("it was cut out");
        let id = self.vma(vma).space();
        for stretch in self.stretches(space.root(), moving) {
            let (Stretch::Table(_, part) | Stretch::Huge(_, part)) = stretch;
            let first = to.plus(part.start.0 - moving.start.0);
            let last = first.plus(part.pages - 1);
            // A stretch covers at most one table's pages, so at the target at most two tables.
            for page in [first, last] {
                if let Err(out_of_memory) = self.ensure_leaf_table(id, space.root(), page) {
                    self.prune_tables(space.root(), PageRange { start: to, pages: moving.pages });
                    return Err(out_of_memory);
                }
            }
        }
        Ok(())
    }

    /// Moves every entry; if the scheme refuses one, moves all of them back.
    fn move_ptes(&self, id: SpaceId, journey: &Journey) -> Result<(), OutOfMemory> {
        let range = journey.from.1;
        for page in range.start.0..range.end().0 {
            if let Err(out_of_memory) = self.move_entry(id, journey, PageIndex(page)) {
                let back = journey.back();
                for moved in range.start.0..page {
                    let page = journey.arrival(PageIndex(moved));
                    self.move_entry(id, &back, page).expect("a scheme takes back what it had");
                }
                return Err(out_of_memory);
            }
        }
        Ok(())
    }

    fn move_entry(
        &self,
        id: SpaceId,
        journey: &Journey,
        page: PageIndex,
    ) -> Result<(), OutOfMemory> {
        let root = self.space(id).root();
        let Walk::Leaf(table) = self.walk(root, page) else {
            return Ok(());
        };
        let _from_guard = self.frames.lock(table, self.counters());
        let from = PtePosition { table, slot: page.slot() };
        let pte = self.slot(from).read();
        if pte.is_empty() {
            return Ok(());
        }
        let arrival = journey.arrival(page);
        let Walk::Leaf(target) = self.walk(root, arrival) else {
            unreachable!("the tables for a move are made beforehand");
        };
        let _to_guard = (target != table).then(|| self.frames.lock(target, self.counters()));
        let to = PtePosition { table: target, slot: arrival.slot() };
        if let Some(frame) = self.named_frame(pte).filter(|frame| self.is_tracked(*frame)) {
            let from = Mapping { space: id, vma: journey.from.0, page, position: from };
            let to = Mapping { space: id, vma: journey.to.0, page: arrival, position: to };
            self.scheme.move_mapping(self, frame, &from, &to)?;
        }
        let pte = self.slot(from).replace(Pte::EMPTY);
        debug_assert!(pte.entry() != Entry::Empty);
        self.slot(to).fill(pte);
        self.counters().pte_writes.add(2);
        self.counters().ptes_moved.add(1);
        Ok(())
    }
}

/// Pages of one VMA that move to another of the same space.
struct Journey {
    from: (VmaId, PageRange),
    to: (VmaId, PageIndex),
}

impl Journey {
    /// Where a page goes.
    fn arrival(&self, page: PageIndex) -> PageIndex {
        self.to.1.plus(page.0 - self.from.1.start.0)
    }

    fn back(&self) -> Self {
        let there = PageRange { start: self.to.1, pages: self.from.1.pages };
        Self { from: (self.to.0, there), to: (self.from.0, self.from.1.start) }
    }
}
