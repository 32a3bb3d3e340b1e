//! The small ids by which a scheme knows frames, address spaces and PTEs.

use core::fmt;

/// PTEs in one page-table page (Intel SDM vol. 3A, 5.5: 4 KiB of 8-byte entries).
pub const SLOTS_PER_TABLE: usize = 512;

/// A 4 KiB frame of the arena, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Frame(pub u32);

/// An address space: its slab slot, which is reused after exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpaceId(pub u32);

/// A virtual memory area of one address space: its slab slot, which is reused after unmap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VmaId(pub u32);

/// A file or segment: its slab slot, never 0, which is reused after removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub u32);

/// A page-sized place on the swap device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SwapSlot(pub u32);

/// A virtual page number: the virtual address divided by 4096, at most 36 bits with 4-level tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageIndex(pub u64);

impl PageIndex {
    /// The page `pages` further up.
    #[must_use]
    #[inline]
    pub const fn plus(self, pages: u64) -> Self {
        Self(self.0 + pages)
    }

    /// The first page that shares this page's leaf table.
    #[must_use]
    #[inline]
    pub const fn table_base(self) -> Self {
        Self(self.0 & !(SLOTS_PER_TABLE as u64 - 1))
    }

    /// The slot of this page in its leaf table.
    #[must_use]
    #[inline]
    pub const fn slot(self) -> u16 {
        (self.0 % SLOTS_PER_TABLE as u64) as u16
    }
}

/// Where one PTE is: the frame of its table and the slot in it. The table is a leaf table, or, for a
/// 2 MiB page, the directory above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PtePosition {
    /// The frame that holds the table.
    pub table: Frame,
    /// The slot, 0 to 511.
    pub slot: u16,
}

impl PtePosition {
    /// One word that is never 0, so that 0 can mean *no position*.
    #[must_use]
    #[inline]
    pub const fn to_word(self) -> u64 {
        ((self.table.0 as u64) << 9 | self.slot as u64) + 1
    }

    /// The position that [`Self::to_word`] packed, or `None` for 0.
    #[must_use]
    pub const fn from_word(word: u64) -> Option<Self> {
        let Some(packed) = word.checked_sub(1) else {
            return None;
        };
        Some(Self {
            table: Frame((packed >> 9) as u32),
            slot: (packed % SLOTS_PER_TABLE as u64) as u16,
        })
    }
}

/// One mapping of a frame, with all that a kernel's fault handler has at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mapping {
    /// Whose page tables.
    pub space: SpaceId,
    /// The area that covers the page.
    pub vma: VmaId,
    /// Where in the address space.
    pub page: PageIndex,
    /// Where in physical memory the PTE is.
    pub position: PtePosition,
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "frame {}", self.0)
    }
}

impl fmt::Display for PtePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slot {} of the table in {}", self.slot, self.table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_its_word() {
        for table in [0, 1, 77, u32::MAX] {
            for slot in [0, 1, 511] {
                let position = PtePosition { table: Frame(table), slot };
                assert_ne!(position.to_word(), 0);
                assert_eq!(PtePosition::from_word(position.to_word()), Some(position));
            }
        }
        assert_eq!(PtePosition::from_word(0), None);
    }
}
