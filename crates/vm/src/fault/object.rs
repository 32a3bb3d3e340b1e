//! Pages of files and segments.

use rmap::{Covers, Frame, Scheme};

use super::{At, FaultKind, Unresolved};
use crate::frame_table::FrameKind;
use crate::machine::{Access, FaultRefused, Machine};
use crate::pte::Pte;
use crate::request::ObjectId;
use crate::vm::Vm;
use crate::vma::Traits;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Maps the object's page at `at`, where nothing is mapped; a write to a private VMA maps a copy.
    /// The caller holds the object's lock.
    pub(super) fn object_fault(
        &self,
        at: At<'_>,
        id: ObjectId,
        traits: Traits,
        access: Access,
    ) -> Result<FaultKind, Unresolved> {
        let number = self.vma(at.mapping.vma).offset_of(at.mapping.page);
        if number >= self.object(id).pages() {
            return Err(FaultRefused::BeyondEnd.into());
        }
        if access == Access::Write && !traits.has(Traits::SHARED) {
            return self.copy_object_page(at, id, number);
        }
        let page = self.available_page(id, number)?;
        if S::COVERS == Covers::EveryPage {
            self.scheme.map(self, page, at.mapping)?;
        }
        self.raise_mapcount(page);
        let pte = Pte::page(self.machine.arena().physical(page)).after(access);
        let pte = match access {
            Access::Read => pte,
            Access::Write => {
                self.dirty_object_page(page);
                pte.writable()
            }
        };
        at.slot.fill(pte);
        self.counters().pte_writes.add(1);
        Ok(FaultKind::Object)
    }

    /// The frame of an object's page, brought in if it is not in memory.
    fn available_page(&self, id: ObjectId, number: u64) -> Result<Frame, FaultRefused> {
        let page = self.bring_in(id, number)?.ok_or(FaultRefused::Poisoned)?;
        if self.is_migrating(page) { Err(FaultRefused::Migrating) } else { Ok(page) }
    }

    /// Maps a copy of an object's page.
    fn copy_object_page(
        &self,
        at: At<'_>,
        id: ObjectId,
        number: u64,
    ) -> Result<FaultKind, Unresolved> {
        let copy = self.allocate_frame(FrameKind::Anonymous)?;
        let told = self.available_page(id, number).and_then(|page| {
            self.machine.copy_frame(page, copy);
            Ok(self.scheme.map(self, copy, at.mapping)?)
        });
        if let Err(why) = told {
            self.frames.free(copy, self.counters());
            return Err(why.into());
        }
        self.raise_mapcount(copy);
        at.slot.fill(self.own_page(copy));
        self.counters().pte_writes.add(1);
        Ok(FaultKind::CopyOnWrite)
    }
}
