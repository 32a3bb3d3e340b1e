//! Where a new range goes.

use rmap::{PageIndex, Scheme};

use super::{USER_PAGES, checked};
use crate::machine::Machine;
use crate::request::{ANYWHERE_FROM, MapError, Placement};
use crate::space::{PageRange, Space};
use crate::vm::Vm;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// The range of `pages` pages at `placement`. The caller holds the space's lock.
    pub(super) fn place(
        &self,
        space: &Space<S::SpaceState>,
        placement: Placement,
        pages: u64,
    ) -> Result<PageRange, MapError> {
        match placement {
            Placement::Fixed(start) => checked(PageRange { start, pages }),
            Placement::Vacant(start) => {
                let range = checked(PageRange { start, pages })?;
                if self.is_vacant(space, range) { Ok(range) } else { Err(MapError::Occupied) }
            }
            Placement::Anywhere => self.lowest_gap(space, pages),
        }
    }

    /// Whether no VMA overlaps `range`.
    pub(super) fn is_vacant(&self, space: &Space<S::SpaceState>, range: PageRange) -> bool {
        self.first_vma_ending_after(space, range.start)
            .is_none_or(|next| self.vma(next).range().start >= range.end())
    }

    fn lowest_gap(&self, space: &Space<S::SpaceState>, pages: u64) -> Result<PageRange, MapError> {
        checked(PageRange { start: PageIndex(1), pages })?;
        let mut start = ANYWHERE_FROM;
        let mut next = self.first_vma_ending_after(space, start);
        while let Some(vma) = next {
            let range = self.vma(vma).range();
            if start.0 + pages <= range.start.0 {
                break;
            }
            start = range.end();
            next = self.next_vma(vma);
        }
        if start.0 + pages > USER_PAGES {
            return Err(MapError::NoGap);
        }
        Ok(PageRange { start, pages })
    }
}
