//! Anonymous pages of 2 MiB: zero fill, copy on write, reuse.

use rmap::{Frame, Mapping, PageIndex, PtePosition, SLOTS_PER_TABLE, Scheme, VmaId};

use super::{FaultKind, Unresolved};
use crate::frame_table::huge_frames;
use crate::machine::{Access, Machine};
use crate::pte::Pte;
use crate::space::{PageRange, Space};
use crate::vm::Vm;
use crate::vma::Traits;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Maps a fresh 2 MiB page over `page`, for which there is no leaf table, if `vma` wants such
    /// pages and one fits and is to be had.
    pub(super) fn huge_zero_fill(
        &self,
        space: &Space<S::SpaceState>,
        vma: VmaId,
        page: PageIndex,
        access: Access,
    ) -> Result<Option<FaultKind>, Unresolved> {
        let area = self.vma(vma);
        let base = page.table_base();
        let whole = PageRange { start: base, pages: SLOTS_PER_TABLE as u64 };
        let wanted = area.is(Traits::HUGE) && area.object().is_none();
        if !wanted || !area.range().encloses(whole) {
            return Ok(None);
        }
        let Ok(head) = self.allocate_huge() else {
            return Ok(None);
        };
        let position = match self.ensure_directory(area.space(), space.root(), page) {
            Ok(Some(position)) => position,
            Ok(None) => unreachable!("the caller found no leaf table"),
            Err(out_of_memory) => {
                self.frames.free(head, self.counters());
                self.prune_tables(space.root(), whole);
                return Err(out_of_memory.into());
            }
        };
        huge_frames(head).for_each(|frame| self.machine.zero_frame(frame));
        let _guard = self.frames.lock(position.table, self.counters());
        let at = Mapping { space: area.space(), vma, page: base, position };
        if let Err(out_of_memory) = self.scheme.map(self, head, &at) {
            self.frames.free(head, self.counters());
            self.prune_tables(space.root(), whole);
            return Err(out_of_memory.into());
        }
        self.raise_mapcount(head);
        let pte = Pte::huge_page(self.machine.arena().physical(head)).exclusive();
        let writable = area.is(Traits::WRITABLE);
        let pte = if writable { pte.writable() } else { pte };
        self.slot(position).fill(pte.after(access));
        self.counters().pte_writes.add(1);
        Ok(Some(FaultKind::HugeZeroFill))
    }

    /// Resolves a fault where a 2 MiB page is mapped.
    pub(super) fn huge_fault(
        &self,
        vma: VmaId,
        page: PageIndex,
        position: PtePosition,
        access: Access,
    ) -> Result<FaultKind, Unresolved> {
        let _guard = self.frames.lock(position.table, self.counters());
        let pte = self.slot(position).read();
        if access == Access::Read || pte.is_writable() {
            return Ok(FaultKind::Spurious);
        }
        let space = self.vma(vma).space();
        let at = Mapping { space, vma, page: page.table_base(), position };
        let head = self.frame_of(pte);
        if self.is_alone(head) {
            self.scheme.reuse(self, head, &at);
            self.slot(position).make_exclusive();
            self.counters().pte_writes.add(1);
            return Ok(FaultKind::Reuse);
        }
        let Ok(copy) = self.allocate_huge() else {
            return Err(Unresolved::MustSplit);
        };
        self.break_huge_cow(&at, head, copy)
    }

    fn break_huge_cow(
        &self,
        at: &Mapping,
        shared: Frame,
        copy: Frame,
    ) -> Result<FaultKind, Unresolved> {
        for (from, to) in huge_frames(shared).zip(huge_frames(copy)) {
            self.machine.copy_frame(from, to);
        }
        if let Err(out_of_memory) = self.scheme.break_cow(self, shared, copy, at) {
            self.frames.free(copy, self.counters());
            return Err(out_of_memory.into());
        }
        self.raise_mapcount(copy);
        let pte = Pte::huge_page(self.machine.arena().physical(copy)).exclusive().writable();
        self.slot(at.position).replace(pte.after(Access::Write));
        self.counters().pte_writes.add(1);
        self.flush_page(at.space, at.page);
        if self.drop_mapping(shared) {
            self.frames.free(shared, self.counters());
        }
        Ok(FaultKind::HugeCopyOnWrite)
    }
}
