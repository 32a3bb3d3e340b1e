//! Stacks grow down to where they are touched.

use rmap::{PageIndex, Scheme, VmaId};

use super::Unresolved;
use crate::machine::{FaultRefused, Machine};
use crate::request::STACK_WINDOW;
use crate::space::{PageRange, Space};
use crate::vm::Vm;
use crate::vma::Traits;

use super::FaultKind;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Lets the stack above `page` grow down to it, and resolves the fault there; if that fails, the
    /// stack is as it was.
    pub(super) fn grow_stack(
        &self,
        space: &Space<S::SpaceState>,
        page: PageIndex,
        resolve: impl FnOnce(VmaId) -> Result<FaultKind, Unresolved>,
    ) -> Result<FaultKind, Unresolved> {
        let vma = self.stack_above(space, page).ok_or(FaultRefused::Segfault)?;
        let old = self.vma(vma).range();
        self.set_vma_range(vma, PageRange::between(page, old.end()));
        match resolve(vma) {
            Ok(_) => Ok(FaultKind::Stack),
            Err(why) => {
                self.set_vma_range(vma, old);
                Err(why)
            }
        }
    }

    fn stack_above(&self, space: &Space<S::SpaceState>, page: PageIndex) -> Option<VmaId> {
        if page.0 < 2 {
            return None;
        }
        let vma = self.first_vma_ending_after(space, page)?;
        let start = self.vma(vma).range().start;
        let near = start.0 - page.0 <= STACK_WINDOW;
        // One page stays free below, so that an overrun never lands in a neighbour.
        let guarded = self.vma_covering(space, PageIndex(page.0 - 1)).is_none();
        (near && guarded && self.vma(vma).is(Traits::GROWS_DOWN)).then_some(vma)
    }
}
