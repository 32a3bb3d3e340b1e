//! The operations that are timed, as results name them.

/// A timed operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Op {
    /// Fork of an address space.
    Fork,
    /// Exit of an address space.
    Exit,
    /// First touch of a page.
    FaultZero,
    /// Write to a shared page, the copy included.
    FaultCow,
    /// Write to a page that has become exclusive.
    FaultReuse,
    /// Mapping a range.
    Mmap,
    /// Finding every mapping of a frame.
    Find,
    /// Taking a frame from all who map it.
    UnmapFrame,
    /// The stopwatch around nothing.
    Empty,
    /// INVLPG.
    Invlpg,
    /// CR3 reload.
    Cr3Reload,
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
    /// Present PTEs copied or cleared.
    Pte,
    /// PTE slots looked at.
    Probe,
}

impl Op {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// All of them, in the order of tables.
    pub const ALL: [Self; 14] = [
        Self::Fork,
        Self::Exit,
        Self::FaultZero,
        Self::FaultCow,
        Self::FaultReuse,
        Self::Mmap,
        Self::Find,
        Self::UnmapFrame,
        Self::Empty,
        Self::Invlpg,
        Self::Cr3Reload,
        Self::PageCopy,
        Self::PageZero,
        Self::PteCopyFloor,
    ];

    /// The name in results, which is a contract.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Exit => "exit",
            Self::FaultZero => "fault_zero",
            Self::FaultCow => "fault_cow",
            Self::FaultReuse => "fault_reuse",
            Self::Mmap => "mmap",
            Self::Find => "find",
            Self::UnmapFrame => "unmap_frame",
            Self::Empty => "empty",
            Self::Invlpg => "invlpg",
            Self::Cr3Reload => "cr3_reload",
            Self::PageCopy => "page_copy",
            Self::PageZero => "page_zero",
            Self::PteCopyFloor => "pte_copy_floor",
        }
    }

    /// What its work is counted in, where one operation can be more work than another.
    #[must_use]
    pub const fn unit(self) -> Option<Unit> {
        match self {
            Self::Fork | Self::Exit | Self::PteCopyFloor => Some(Unit::Pte),
            Self::Find | Self::UnmapFrame => Some(Unit::Probe),
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
