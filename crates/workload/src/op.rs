//! The operations that are timed, as results name them.

/// A timed operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Op {
    /// Fork of an address space.
    Fork,
    /// Dropping all that is mapped and starting afresh.
    Exec,
    /// Exit of an address space.
    Exit,
    /// First write to a page.
    FaultZero,
    /// First read of a page, which maps the page of zeroes that all share.
    FaultZeroShared,
    /// Write to a shared page, the copy included.
    FaultCow,
    /// Write to a page that has become exclusive.
    FaultReuse,
    /// Access to a page on the swap device or in the swap cache.
    FaultSwap,
    /// Access to a page of an object that is not mapped, or not writable.
    FaultFile,
    /// Access below a stack, which grows.
    FaultStack,
    /// As `fault_zero`, of 2 MiB.
    FaultZeroHuge,
    /// As `fault_cow`, of 2 MiB.
    FaultCowHuge,
    /// Mapping a range.
    Mmap,
    /// Unmapping a range.
    Munmap,
    /// Changing what a range allows, where areas end.
    Mprotect,
    /// Changing what a range allows, where areas have to be cut.
    VmaSplit,
    /// Moving or resizing a range.
    Mremap,
    /// Resizing the heap.
    Brk,
    /// Locking a range in memory, or unlocking it.
    Mlock,
    /// Cutting or extending an object.
    Truncate,
    /// Finding every mapping of a frame.
    Find,
    /// Taking a frame from all who map it.
    UnmapFrame,
    /// Moving the contents of a frame, and every user with them.
    MigrateFrame,
    /// Gathering the accessed bits of a frame.
    AgeFrame,
    /// Taking the right to write to a frame from all.
    WriteProtect,
    /// Telling every user that a frame is broken.
    PoisonFrame,
    /// Making 512 pages of one of 2 MiB.
    SplitHuge,
    /// Making a free block.
    CompactBlock,
    /// Freeing frames under memory pressure.
    Reclaim,
    /// The stopwatch around nothing.
    Empty,
    /// INVLPG.
    Invlpg,
    /// CR3 reload.
    Cr3Reload,
    /// CR3 reload with PCIDs on that keeps every translation.
    Cr3ReloadPcid,
    /// CR3 reload with PCIDs on that drops the translations of its PCID.
    Cr3ReloadPcidFlush,
    /// INVPCID of one page.
    InvpcidOne,
    /// INVPCID of everything.
    InvpcidAll,
    /// Copy of a page.
    PageCopy,
    /// Zeroing of a page.
    PageZero,
    /// The least that any fork must do.
    PteCopyFloor,
}

/// What an operation's work is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Present PTEs copied, cleared or moved.
    Pte,
    /// PTE slots looked at.
    Probe,
    /// Frames moved or freed.
    Page,
}

impl Op {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// All of them, in the order of tables.
    pub const ALL: [Self; 39] = [
        Self::Fork,
        Self::Exec,
        Self::Exit,
        Self::FaultZero,
        Self::FaultZeroShared,
        Self::FaultCow,
        Self::FaultReuse,
        Self::FaultSwap,
        Self::FaultFile,
        Self::FaultStack,
        Self::FaultZeroHuge,
        Self::FaultCowHuge,
        Self::Mmap,
        Self::Munmap,
        Self::Mprotect,
        Self::VmaSplit,
        Self::Mremap,
        Self::Brk,
        Self::Mlock,
        Self::Truncate,
        Self::Find,
        Self::UnmapFrame,
        Self::MigrateFrame,
        Self::AgeFrame,
        Self::WriteProtect,
        Self::PoisonFrame,
        Self::SplitHuge,
        Self::CompactBlock,
        Self::Reclaim,
        Self::Empty,
        Self::Invlpg,
        Self::Cr3Reload,
        Self::Cr3ReloadPcid,
        Self::Cr3ReloadPcidFlush,
        Self::InvpcidOne,
        Self::InvpcidAll,
        Self::PageCopy,
        Self::PageZero,
        Self::PteCopyFloor,
    ];

    /// The name in results, which is a contract.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Exec => "exec",
            Self::Exit => "exit",
            Self::FaultZero => "fault_zero",
            Self::FaultZeroShared => "fault_zero_shared",
            Self::FaultCow => "fault_cow",
            Self::FaultReuse => "fault_reuse",
            Self::FaultSwap => "fault_swap",
            Self::FaultFile => "fault_file",
            Self::FaultStack => "fault_stack",
            Self::FaultZeroHuge => "fault_zero_huge",
            Self::FaultCowHuge => "fault_cow_huge",
            Self::Mmap => "mmap",
            Self::Munmap => "munmap",
            Self::Mprotect => "mprotect",
            Self::VmaSplit => "vma_split",
            Self::Mremap => "mremap",
            Self::Brk => "brk",
            Self::Mlock => "mlock",
            Self::Truncate => "truncate",
            Self::Find => "find",
            Self::UnmapFrame => "unmap_frame",
            Self::MigrateFrame => "migrate_frame",
            Self::AgeFrame => "age_frame",
            Self::WriteProtect => "write_protect",
            Self::PoisonFrame => "poison_frame",
            Self::SplitHuge => "split_huge",
            Self::CompactBlock => "compact_block",
            Self::Reclaim => "reclaim",
            Self::Empty => "empty",
            Self::Invlpg => "invlpg",
            Self::Cr3Reload => "cr3_reload",
            Self::Cr3ReloadPcid => "cr3_reload_pcid",
            Self::Cr3ReloadPcidFlush => "cr3_reload_pcid_flush",
            Self::InvpcidOne => "invpcid_one",
            Self::InvpcidAll => "invpcid_all",
            Self::PageCopy => "page_copy",
            Self::PageZero => "page_zero",
            Self::PteCopyFloor => "pte_copy_floor",
        }
    }

    /// What its work is counted in, where one operation can be more work than another.
    #[must_use]
    pub const fn unit(self) -> Option<Unit> {
        match self {
            Self::Fork | Self::Exit | Self::Munmap | Self::Mremap | Self::PteCopyFloor => {
                Some(Unit::Pte)
            }
            Self::Find
            | Self::UnmapFrame
            | Self::MigrateFrame
            | Self::AgeFrame
            | Self::WriteProtect
            | Self::PoisonFrame
            | Self::SplitHuge => Some(Unit::Probe),
            Self::CompactBlock | Self::Reclaim => Some(Unit::Page),
            _ => None,
        }
    }
}

impl Unit {
    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pte => "pte",
            Self::Probe => "probe",
            Self::Page => "page",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_op_is_found_at_its_own_number() {
        for (number, op) in Op::ALL.into_iter().enumerate() {
            assert_eq!(op as usize, number);
        }
    }
}
