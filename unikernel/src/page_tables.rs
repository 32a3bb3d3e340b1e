//! Builds the kernel's own page tables (Intel SDM vol. 3A, 5.5: 4-level paging).

use crate::memory_map::{PAGE_BYTES, Range};

/// Entries in a table.
pub const ENTRIES: usize = 512;

/// Bytes that a large page maps.
pub const LARGE_PAGE_BYTES: u64 = 2 << 20;

/// Entry bit 0: the entry is in use.
pub const PRESENT: u64 = 1 << 0;
/// Entry bit 1: stores are allowed.
pub const WRITABLE: u64 = 1 << 1;
/// Entry bit 4: PAT entry 2, uncached unless the firmware's MTRRs say write-combining (Intel SDM vol. 3A,
/// table 13-7).
const UNCACHED: u64 = 1 << 4;
/// Entry bits 3 and 4: PAT entry 3, uncacheable.
const UNCACHEABLE: u64 = 1 << 3 | 1 << 4;
/// Entry bits 5 and 6: set beforehand, so that the walker never writes to these tables.
const ACCESSED_DIRTY: u64 = 1 << 5 | 1 << 6;
/// Entry bit 7 of a directory: the entry maps a large page.
pub const LARGE: u64 = 1 << 7;
/// Entry bit 8: a CR3 load keeps the translation.
const GLOBAL: u64 = 1 << 8;
/// Entry bit 63: instruction fetches are forbidden.
const NO_EXECUTE: u64 = 1 << 63;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// What a mapping allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Code.
    ReadExecute,
    /// Constants.
    Read,
    /// Data.
    ReadWrite,
    /// Device registers: data that is never cached.
    Device,
    /// Pixels, which are only ever written.
    VideoMemory,
}

impl Protection {
    const fn bits(self) -> u64 {
        let common = PRESENT | ACCESSED_DIRTY | GLOBAL;
        match self {
            Self::ReadExecute => common,
            Self::Read => common | NO_EXECUTE,
            Self::ReadWrite => common | NO_EXECUTE | WRITABLE,
            Self::Device => common | NO_EXECUTE | WRITABLE | UNCACHEABLE,
            Self::VideoMemory => common | NO_EXECUTE | WRITABLE | UNCACHED,
        }
    }
}

/// Which page sizes a mapping may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageSize {
    /// 4 KiB throughout.
    Small,
    /// 2 MiB wherever addresses allow, else 4 KiB.
    LargeWherePossible,
}

/// One table.
pub type Table = [u64; ENTRIES];

/// Where tables are kept.
pub trait TableMemory {
    /// The physical address of a fresh, zeroed table; `None` if memory is used up.
    fn allocate(&mut self) -> Option<u64>;

    /// The table at a physical address that [`Self::allocate`] returned.
    fn table(&mut self, physical: u64) -> &mut Table;
}

/// No memory was left for a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfTables;

/// Page tables under construction.
#[derive(Debug)]
pub struct PageTables<M> {
    memory: M,
    root: u64,
}

impl<M: TableMemory> PageTables<M> {
    /// Tables that map nothing.
    ///
    /// # Errors
    /// [`OutOfTables`].
    pub fn new(mut memory: M) -> Result<Self, OutOfTables> {
        let root = memory.allocate().ok_or(OutOfTables)?;
        Ok(Self { memory, root })
    }

    /// The physical address of the root table, for CR3.
    pub const fn root(&self) -> u64 {
        self.root
    }

    /// Maps the page-aligned `physical` range at `address` on.
    ///
    /// # Errors
    /// [`OutOfTables`].
    pub fn map(
        &mut self,
        address: u64,
        physical: Range,
        protection: Protection,
        size: PageSize,
    ) -> Result<(), OutOfTables> {
        let mut rest = physical;
        while !rest.is_empty() {
            let at = address + (rest.start - physical.start);
            rest.start += match size {
                PageSize::LargeWherePossible if fits_large(at, rest) => {
                    self.map_large(at, rest.start, protection)?
                }
                _ => self.map_small(at, rest.start, protection)?,
            };
        }
        Ok(())
    }

    fn map_large(&mut self, at: u64, to: u64, protection: Protection) -> Result<u64, OutOfTables> {
        let pointers = self.descend(self.root, index(at, 3))?;
        let directory = self.descend(pointers, index(at, 2))?;
        self.memory.table(directory)[index(at, 1)] = to | protection.bits() | LARGE;
        Ok(LARGE_PAGE_BYTES)
    }

    fn map_small(&mut self, at: u64, to: u64, protection: Protection) -> Result<u64, OutOfTables> {
        let pointers = self.descend(self.root, index(at, 3))?;
        let directory = self.descend(pointers, index(at, 2))?;
        let leaf = self.descend(directory, index(at, 1))?;
        self.memory.table(leaf)[index(at, 0)] = to | protection.bits();
        Ok(PAGE_BYTES)
    }

    /// The table below `table[slot]`, made if absent.
    fn descend(&mut self, table: u64, slot: usize) -> Result<u64, OutOfTables> {
        let entry = self.memory.table(table)[slot];
        if entry & PRESENT != 0 {
            assert!(entry & LARGE == 0, "a small page inside a large one");
            return Ok(entry & ADDRESS);
        }
        let below = self.memory.allocate().ok_or(OutOfTables)?;
        // The leaf alone decides what is allowed.
        self.memory.table(table)[slot] = below | PRESENT | WRITABLE | ACCESSED_DIRTY;
        Ok(below)
    }
}

const fn fits_large(at: u64, rest: Range) -> bool {
    at.is_multiple_of(LARGE_PAGE_BYTES)
        && rest.start.is_multiple_of(LARGE_PAGE_BYTES)
        && rest.bytes() >= LARGE_PAGE_BYTES
}

const fn index(address: u64, level: u32) -> usize {
    (address >> (12 + 9 * level)) as usize % ENTRIES
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// Table `n` lies at `(n + 1) * 4096`.
    struct Pool {
        tables: Vec<Table>,
        capacity: usize,
    }

    impl TableMemory for Pool {
        fn allocate(&mut self) -> Option<u64> {
            if self.tables.len() == self.capacity {
                return None;
            }
            self.tables.push([0; ENTRIES]);
            Some(self.tables.len() as u64 * PAGE_BYTES)
        }

        fn table(&mut self, physical: u64) -> &mut Table {
            &mut self.tables[(physical / PAGE_BYTES) as usize - 1]
        }
    }

    fn tables(capacity: usize) -> PageTables<Pool> {
        PageTables::new(Pool { tables: Vec::new(), capacity }).expect("room for the root")
    }

    impl PageTables<Pool> {
        /// What the CPU's walker would find: physical address and leaf entry.
        fn walk(&mut self, address: u64) -> Option<(u64, u64)> {
            let mut table = self.root;
            for level in (0..4).rev() {
                let entry = self.memory.table(table)[index(address, level)];
                if entry & PRESENT == 0 {
                    return None;
                }
                if level == 0 || entry & LARGE != 0 {
                    let within = address & ((1 << (12 + 9 * level)) - 1);
                    return Some((
                        (entry & ADDRESS & !((1 << (12 + 9 * level)) - 1)) + within,
                        entry,
                    ));
                }
                table = entry & ADDRESS;
            }
            None
        }
    }

    const DIRECT_MAP: u64 = 0xffff_8000_0000_0000;
    const MIB: u64 = 1 << 20;

    #[test]
    fn every_address_of_a_ragged_range_is_mapped_and_none_beside_it() {
        let mut tables = tables(16);
        let range = Range::new(MIB + PAGE_BYTES, 9 * MIB + 3 * PAGE_BYTES);
        tables
            .map(
                DIRECT_MAP + range.start,
                range,
                Protection::ReadWrite,
                PageSize::LargeWherePossible,
            )
            .expect("room");
        for physical in (0..16 * MIB).step_by(PAGE_BYTES as usize) {
            let inside = physical >= range.start && physical < range.end;
            let found = tables.walk(DIRECT_MAP + physical + 8).map(|(address, _)| address);
            assert_eq!(found, inside.then_some(physical + 8));
        }
    }

    #[test]
    fn the_aligned_middle_is_mapped_by_large_pages() {
        let mut tables = tables(16);
        let range = Range::new(MIB, 9 * MIB);
        tables
            .map(
                DIRECT_MAP + range.start,
                range,
                Protection::ReadWrite,
                PageSize::LargeWherePossible,
            )
            .expect("room");
        for (physical, large) in [(MIB, false), (2 * MIB, true), (7 * MIB, true), (8 * MIB, false)]
        {
            let (_, entry) = tables.walk(DIRECT_MAP + physical).expect("mapped");
            assert_eq!(entry & LARGE != 0, large, "{physical:#x}");
        }
    }

    #[test]
    fn nothing_is_both_writable_and_executable() {
        for protection in [
            Protection::ReadExecute,
            Protection::Read,
            Protection::ReadWrite,
            Protection::Device,
            Protection::VideoMemory,
        ] {
            let bits = protection.bits();
            assert!(bits & WRITABLE == 0 || bits & NO_EXECUTE != 0, "{protection:?}");
            assert_eq!(bits & NO_EXECUTE == 0, protection == Protection::ReadExecute);
        }
    }

    #[test]
    fn running_out_of_tables_is_an_error() {
        let mut tables = tables(3);
        assert_eq!(
            tables.map(DIRECT_MAP, Range::new(0, PAGE_BYTES), Protection::Read, PageSize::Small),
            Err(OutOfTables)
        );
    }
}
