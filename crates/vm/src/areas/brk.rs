//! `brk`.

use rmap::{Scheme, SpaceId};

use super::USER_PAGES;
use crate::machine::Machine;
use crate::request::{BRK_START, MapError, MapRequest, Placement};
use crate::space::PageRange;
use crate::vm::Vm;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Gives the heap that starts at [`BRK_START`] `pages` pages.
    ///
    /// # Errors
    /// Something is mapped where it would grow to, or memory ran out; nothing has changed then.
    pub fn brk(&self, id: SpaceId, pages: u64) -> Result<(), MapError> {
        if pages > USER_PAGES - BRK_START.0 {
            return Err(MapError::BadRange);
        }
        let old = self.space(id).brk();
        if pages > old {
            let placement = Placement::Vacant(BRK_START.plus(old));
            self.mmap(id, &MapRequest::private(placement, pages - old))?;
        } else if pages < old {
            let gone = PageRange { start: BRK_START.plus(pages), pages: old - pages };
            self.munmap(id, gone)?;
        }
        self.space(id).set_brk(pages);
        Ok(())
    }
}
