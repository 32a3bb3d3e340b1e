//! The floor under every fork: copying the PTEs of one leaf table with the counts that any fork must
//! keep, and nothing else. What a scheme adds to it is the scheme's price.

use rmap::{Frame, OutOfMemory, PageIndex, PtePosition, SLOTS_PER_TABLE, Scheme, SpaceId};

use crate::frame_table::FrameKind;
use crate::machine::Machine;
use crate::page_table::Walk;
use crate::vm::Vm;

/// A leaf table of an address space, and a table in no address space to copy it to.
#[derive(Debug)]
#[must_use]
pub struct PteCopyFloor {
    space: SpaceId,
    source: Frame,
    target: Frame,
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Readies a copy of the leaf table that maps `page`. `None` if there is no such table.
    ///
    /// # Errors
    /// No frame for the copy.
    pub fn begin_pte_copy_floor(
        &self,
        space: SpaceId,
        page: PageIndex,
    ) -> Result<Option<PteCopyFloor>, OutOfMemory> {
        let Walk::Leaf(source) = self.walk(self.space(space).root(), page) else {
            return Ok(None);
        };
        let target = self.new_table(FrameKind::Directory)?;
        Ok(Some(PteCopyFloor { space, source, target }))
    }

    /// Copies; returns how many PTEs.
    pub fn copy_ptes(&self, floor: &PteCopyFloor) -> u64 {
        let mut ptes = 0;
        for slot in 0..SLOTS_PER_TABLE as u16 {
            let source = self.slot(PtePosition { table: floor.source, slot });
            let pte = source.read();
            if !pte.is_present() {
                continue;
            }
            if pte.is_writable_or_exclusive() {
                source.share();
            }
            self.raise_mapcount(self.frame_of(pte));
            self.slot(PtePosition { table: floor.target, slot }).fill(pte.forked());
            ptes += 1;
        }
        ptes
    }

    /// Undoes the copy.
    #[expect(clippy::needless_pass_by_value, reason = "an ended floor cannot be copied again")]
    pub fn end_pte_copy_floor(&self, floor: PteCopyFloor) {
        let PteCopyFloor { space, source, target } = floor;
        for slot in 0..SLOTS_PER_TABLE as u16 {
            let pte = self.slot(PtePosition { table: target, slot }).read();
            if !pte.is_present() {
                continue;
            }
            self.mapped_pages.lower();
            if self.lower_mapcount(self.frame_of(pte)) == 1 {
                self.slot(PtePosition { table: source, slot }).make_exclusive();
            }
        }
        self.free_table(target);
        self.flush_space(space);
    }
}
