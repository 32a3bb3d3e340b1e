//! Looking for a frame in the tables of every address space.

use rmap::{Frame, PtePosition, Scheme, SpaceId, Visit};

use crate::machine::Machine;
use crate::page_table::Stretch;
use crate::pte::{Entry, PteSlot};
use crate::space::PageRange;
use crate::vm::Vm;

/// A walk of all tables for one frame.
struct Hunt {
    frame: Frame,
    /// Mappings not seen yet.
    left: u32,
    probes: u64,
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Walks the tables of all spaces for entries that name `frame`, until there were as many as its
    /// mapcount says. Returns the slots looked at.
    pub(crate) fn scan_tables(
        &self,
        frame: Frame,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) -> u64 {
        let left = self.frames.info(frame).mapcount().load(core::sync::atomic::Ordering::Relaxed);
        let mut hunt = Hunt { frame, left, probes: 0 };
        let _list_guard = self.space_list.lock.lock(&self.counters().lock_waits);
        for space in self.all_spaces() {
            if hunt.left == 0 {
                break;
            }
            self.scan_space(space, &mut hunt, visit);
        }
        hunt.probes
    }

    fn scan_space(
        &self,
        id: SpaceId,
        hunt: &mut Hunt,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) {
        let space = self.space(id);
        let _guard = self.lock_space(space);
        let mut next = self.first_vma(space);
        while let Some(vma) = next {
            for stretch in self.stretches(space.root(), self.vma(vma).range()) {
                match stretch {
                    Stretch::Table(table, part) => self.scan_table(table, part, hunt, visit),
                    Stretch::Huge(position, _) => {
                        self.scan_slot(position, self.slot(position), hunt, visit);
                    }
                }
                if hunt.left == 0 {
                    return;
                }
            }
            next = self.next_vma(vma);
        }
    }

    fn scan_table(
        &self,
        table: Frame,
        range: PageRange,
        hunt: &mut Hunt,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) {
        for (page, slot) in self.entries(table, range) {
            let position = PtePosition { table, slot: page.slot() };
            self.scan_slot(position, slot, hunt, visit);
            if hunt.left == 0 {
                return;
            }
        }
    }

    #[inline]
    fn scan_slot(
        &self,
        position: PtePosition,
        slot: PteSlot<'_>,
        hunt: &mut Hunt,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) {
        hunt.probes += 1;
        let pte = slot.read();
        let hit = if pte.is_present() {
            pte.address() == self.machine.arena().physical(hunt.frame)
        } else {
            pte.entry() == Entry::Migration(hunt.frame)
        };
        if hit {
            visit(position);
            hunt.left -= 1;
        }
    }
}
