//! `mprotect` and `mlock`.

use rmap::{Frame, PageIndex, Scheme, SpaceId, VmaId};

use super::checked;
use crate::machine::{Access, FaultRefused, Machine};
use crate::page_table::Stretch;
use crate::pte::{Entry, PteSlot};
use crate::request::{Locking, MapError, Protection};
use crate::space::PageRange;
use crate::vm::Vm;
use crate::vma::Traits;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Changes what a range allows. Rights that are granted take effect at the next fault.
    ///
    /// # Errors
    /// Not all of the range is mapped, or there was no memory to cut a VMA in two; nothing has
    /// changed then.
    pub fn mprotect(
        &self,
        id: SpaceId,
        range: PageRange,
        protection: Protection,
    ) -> Result<(), MapError> {
        self.change_traits(
            id,
            range,
            |traits| traits.protected(protection),
            |vma| {
                if protection == Protection::ReadOnly {
                    self.write_protect_vma(vma);
                }
            },
        )?;
        if protection == Protection::ReadOnly {
            self.flush_range(id, range);
        }
        Ok(())
    }

    /// Locks the pages of a range in memory and brings them in, or unlocks them.
    ///
    /// # Errors
    /// Not all of the range is mapped, or there was no memory to cut a VMA in two: nothing has
    /// changed then. Or no memory for a page: the range is locked, with what is in memory.
    pub fn mlock(&self, id: SpaceId, range: PageRange, locking: Locking) -> Result<(), MapError> {
        match locking {
            Locking::Unlock => {
                self.change_traits(id, range, |traits| traits.without(Traits::LOCKED), |_| ())
            }
            Locking::Lock => {
                self.change_traits(id, range, |traits| traits.with(Traits::LOCKED), |_| ())?;
                self.populate(id, range)
            }
        }
    }

    /// Gives every VMA of `range` new traits, cut to fit, and calls `apply` for each.
    fn change_traits(
        &self,
        id: SpaceId,
        range: PageRange,
        change: impl Fn(Traits) -> Traits,
        mut apply: impl FnMut(VmaId),
    ) -> Result<(), MapError> {
        let range = checked(range)?;
        self.split_huge_ends(id, range)?;
        let space = self.space(id);
        let _guard = self.lock_space(space);
        if !self.is_covered(space, range) {
            return Err(MapError::NotMapped);
        }
        self.cut_out(space, range)?;
        let mut page = range.start;
        while page < range.end() {
            let vma = self.vma_covering(space, page).expect("the range is covered");
            self.vma(vma).set_traits(change(self.vma(vma).traits()));
            apply(vma);
            let covered = self.vma(vma).range();
            page = covered.end();
            self.merge_at(space, covered.start);
        }
        self.merge_at(space, range.end());
        Ok(())
    }

    fn write_protect_vma(&self, vma: VmaId) {
        let vma = self.vma(vma);
        for stretch in self.stretches(self.space(vma.space()).root(), vma.range()) {
            match stretch {
                Stretch::Table(table, part) => self.write_protect_table(table, part),
                Stretch::Huge(position, _) => {
                    let _guard = self.frames.lock(position.table, self.counters());
                    self.write_protect_entry(self.slot(position));
                }
            }
        }
    }

    fn write_protect_table(&self, table: Frame, range: PageRange) {
        let _guard = self.frames.lock(table, self.counters());
        for (_, slot) in self.entries(table, range) {
            self.write_protect_entry(slot);
        }
    }

    fn write_protect_entry(&self, slot: PteSlot<'_>) {
        let pte = slot.read();
        match pte.entry() {
            Entry::Present if pte.is_writable() => slot.write_protect(),
            Entry::Migration(_) => slot.write_protect_migration(),
            _ => return,
        }
        self.counters().pte_writes.add(1);
    }

    /// Brings every page of a range in, as a write would where that makes it the process's own.
    fn populate(&self, id: SpaceId, range: PageRange) -> Result<(), MapError> {
        for page in range.start.0..range.end().0 {
            let page = PageIndex(page);
            let access = {
                let space = self.space(id);
                let _guard = self.lock_space(space);
                match self.find_vma(space, page).map(|vma| self.vma(vma)) {
                    Some(vma) if vma.is(Traits::WRITABLE) && !vma.is(Traits::SHARED) => {
                        Access::Write
                    }
                    Some(_) => Access::Read,
                    None => continue,
                }
            };
            // A page past an object's end, broken or on the move stays as it is.
            if self.fault_in(id, page, access) == Err(FaultRefused::OutOfMemory) {
                return Err(MapError::OutOfMemory);
            }
        }
        Ok(())
    }
}
