//! What came of an operation on a given frame.

use core::fmt;

use rmap::{Coverage, Frame};

/// What to do where the scheme answers *partial* or *unknown*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenIncomplete {
    /// Leave it at that.
    Refuse,
    /// Walk all page tables.
    Scan,
}

/// What is known of a frame after a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// How much of the truth `mappings` is.
    pub coverage: Coverage,
    /// PTE slots that were looked at.
    pub probes: u64,
    /// PTEs that map the frame, as far as found.
    pub mappings: u32,
}

/// Why a given frame was left as it was, or nearly so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is no page of an address space or an object.
    NotAPage,
    /// The scheme did not name every mapping. Those it named may have been dealt with.
    Incomplete,
    /// A device holds it.
    Pinned,
    /// A VMA that maps it is locked in memory.
    Locked,
    /// It is on its way to another frame.
    Migrating,
    /// Somebody held the lock of a table; try again.
    Busy,
    /// The swap device is full, or there is none.
    NoSwap,
    /// No frame was left.
    OutOfMemory,
    /// No block holds pages that may move and nothing else.
    NoBlock,
}

/// What an operation on a given frame did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operated {
    /// Whether it was done to every mapping.
    pub outcome: Result<(), Refused>,
    /// Mappings it was done to. For `age_frame`: mappings that had been used since the last time.
    pub mappings: u32,
    /// PTE slots that were looked at.
    pub probes: u64,
}

/// What came of making a free block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// The block, if there is one more that is free.
    pub outcome: Result<Frame, Refused>,
    /// Frames that were moved out of it.
    pub moved: u32,
    /// PTE slots that were looked at.
    pub probes: u64,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAPage => "it is no page",
            Self::Incomplete => "the scheme does not know every mapping",
            Self::Pinned => "it is pinned",
            Self::Locked => "it is locked in memory",
            Self::Migrating => "it is being migrated",
            Self::Busy => "a table is locked",
            Self::NoSwap => "the swap device is full, or there is none",
            Self::OutOfMemory => "memory ran out",
            Self::NoBlock => "no block holds movable pages and nothing else",
        })
    }
}
