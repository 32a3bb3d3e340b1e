//! What can be asked of an address space, and why it can be refused.

use core::fmt;

pub use rmap::ObjectId;
use rmap::{OutOfMemory, PageIndex};

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectKind {
    /// A file: clean pages can be dropped and read again.
    File,
    /// A System V shared memory segment: its pages go to swap.
    Segment,
}

/// What a VMA allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protection {
    /// Loads.
    ReadOnly,
    /// Loads and stores.
    ReadWrite,
}

/// Which pages a VMA may be filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PageSize {
    /// 4 KiB.
    Small,
    /// 2 MiB wherever one fits and a block is free, else 4 KiB.
    Huge,
}

/// What a fault just below a VMA does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Growth {
    /// It is illegal.
    Fixed,
    /// The VMA grows down to it, if it lies within [`STACK_WINDOW`] pages and no other VMA would
    /// become a direct neighbour.
    Down,
}

/// How far below its first page a stack grows at once: 64 KiB, as i386 Linux allowed below the stack
/// pointer.
pub const STACK_WINDOW: u64 = 16;

/// What is behind the pages of a VMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backing {
    /// Zeroes, each process its own.
    Private,
    /// Zeroes, shared with all who inherit the VMA by fork.
    Shared,
    /// Pages of an object from `offset` on, copied when written to.
    PrivateObject {
        /// The object.
        object: ObjectId,
        /// The object's page behind the first page.
        offset: u64,
    },
    /// Pages of an object from `offset` on.
    SharedObject {
        /// The object.
        object: ObjectId,
        /// The object's page behind the first page.
        offset: u64,
    },
}

/// Where a range goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// From this page on, in place of whatever is there.
    Fixed(PageIndex),
    /// From this page on, if nothing is there.
    Vacant(PageIndex),
    /// The lowest gap from [`ANYWHERE_FROM`] on.
    Anywhere,
}

/// Where [`Placement::Anywhere`] starts to look.
pub const ANYWHERE_FROM: PageIndex = PageIndex(0x10_0000);

/// Where a space's `brk` heap starts.
pub const BRK_START: PageIndex = PageIndex(0x8_0000);

/// A range to be mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapRequest {
    /// Where.
    pub placement: Placement,
    /// How many pages.
    pub pages: u64,
    /// What is behind them.
    pub backing: Backing,
    /// What is allowed.
    pub protection: Protection,
    /// Which pages may be used.
    pub page_size: PageSize,
    /// Whether it is a stack.
    pub growth: Growth,
}

impl MapRequest {
    /// Anonymous private memory, readable and writable, of 4 KiB pages.
    #[must_use]
    pub const fn private(placement: Placement, pages: u64) -> Self {
        Self {
            placement,
            pages,
            backing: Backing::Private,
            protection: Protection::ReadWrite,
            page_size: PageSize::Small,
            growth: Growth::Fixed,
        }
    }
}

/// Where `mremap` may put a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remap {
    /// Only where it is.
    InPlace,
    /// Where it is, or else into the lowest gap from [`ANYWHERE_FROM`] on.
    Anywhere,
    /// From this page on, in place of whatever is there.
    To(PageIndex),
    /// As `To`; the old range stays mapped, without its pages. For anonymous private memory, without
    /// a change of size.
    CopyTo(PageIndex),
}

/// Whether reclaim may take the pages of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locking {
    /// It may not, and all pages are brought in.
    Lock,
    /// It may.
    Unlock,
}

/// Why an address space stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapError {
    /// The range is empty, starts at page 0, or leaves the lower half.
    BadRange,
    /// Something is mapped there.
    Occupied,
    /// A page of the range is not mapped, or for `mremap`: not all of it by one VMA.
    NotMapped,
    /// No gap is large enough.
    NoGap,
    /// The two ranges overlap, or this kind of VMA cannot be moved so.
    BadMove,
    /// No memory for it.
    OutOfMemory,
}

impl From<OutOfMemory> for MapError {
    fn from(_: OutOfMemory) -> Self {
        Self::OutOfMemory
    }
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadRange => "the range is empty or leaves the lower half",
            Self::Occupied => "something is mapped there",
            Self::NotMapped => "not all of the range is mapped, or not by one area",
            Self::NoGap => "no gap is large enough",
            Self::BadMove => "the ranges overlap, or an area of this kind cannot be moved so",
            Self::OutOfMemory => "memory ran out",
        })
    }
}
