//! The one vocabulary of what can happen. Workloads generate events; the executor applies them;
//! random tests invent them; the oracle checks after them; a trace is a list of them.

use rmap::PageIndex;
use vm::{Access, Growth, Locking, ObjectKind, PageRange, PageSize, Protection, Remap};

/// A process of a workload, by the number the workload gave it; numbers may be used again after exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Process(pub u16);

/// A file or segment of a workload, by number; numbers may be used again after removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Object(pub u16);

/// What is behind the pages of a range that is to be mapped; [`vm::Backing`] with objects by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Zeroes, each process its own.
    Private,
    /// Zeroes, shared by all who inherit them by fork.
    Shared,
    /// An object's pages, copied when written to.
    PrivateObject {
        /// Which.
        object: Object,
        /// Its page behind the first page.
        offset: u64,
    },
    /// An object's pages.
    SharedObject {
        /// Which.
        object: Object,
        /// Its page behind the first page.
        offset: u64,
    },
}

/// Where a range is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At its start, in place of whatever is there.
    Fixed,
    /// At its start, if nothing is there.
    Vacant,
    /// In the lowest gap; its start says nothing.
    Anywhere,
}

/// An operation on a given frame, the reason for a reverse map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FrameOperation {
    /// All mappings are looked for.
    Find,
    /// It is evicted: contents to swap or file, mappings cut, the frame freed.
    Unmap,
    /// Its contents move to another frame, and every user with them.
    Migrate,
    /// The first half of a migration: every PTE becomes a migration entry.
    BeginMigration,
    /// The second half: every migration entry becomes a PTE of the new frame.
    FinishMigration,
    /// The accessed bits of all its PTEs are gathered and cleared.
    Age,
    /// No PTE may write to it any more, so that it can be cleaned.
    WriteProtect,
    /// Its memory is broken: every user is found and told.
    Poison,
    /// A device takes hold of it.
    Pin,
    /// A device lets go of it.
    Unpin,
    /// A 2 MiB page becomes 512 small ones.
    Split,
}

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A process without a parent starts, with nothing mapped.
    Spawn {
        /// Its number.
        process: Process,
    },
    /// A process forks.
    Fork {
        /// The one that is there.
        parent: Process,
        /// The number of the new one.
        child: Process,
    },
    /// A process drops all it has mapped and starts afresh.
    Exec {
        /// Which.
        process: Process,
    },
    /// A process ends.
    Exit {
        /// Which.
        process: Process,
    },
    /// A range is mapped.
    Mmap {
        /// By whom.
        process: Process,
        /// Where.
        range: PageRange,
        /// Whether it must be there.
        place: Place,
        /// What is behind it.
        source: Source,
        /// What is allowed.
        protection: Protection,
        /// Which pages may be used.
        page_size: PageSize,
        /// Whether it is a stack.
        growth: Growth,
    },
    /// Whatever is mapped in a range is unmapped.
    Munmap {
        /// By whom.
        process: Process,
        /// Where.
        range: PageRange,
    },
    /// What a range allows is changed.
    Mprotect {
        /// By whom.
        process: Process,
        /// Where.
        range: PageRange,
        /// What is allowed from now on.
        protection: Protection,
    },
    /// A range is moved or resized.
    Mremap {
        /// By whom.
        process: Process,
        /// Where it is.
        range: PageRange,
        /// How many pages it is to have.
        pages: u64,
        /// Where it may go.
        to: Remap,
    },
    /// The `brk` heap is resized.
    Brk {
        /// By whom.
        process: Process,
        /// How many pages it is to have.
        pages: u64,
    },
    /// A range is locked in memory, or no more.
    Mlock {
        /// By whom.
        process: Process,
        /// Where.
        range: PageRange,
        /// Which of the two.
        locking: Locking,
    },
    /// 8 bytes are read or written.
    Touch {
        /// By whom.
        process: Process,
        /// Where.
        page: PageIndex,
        /// How.
        access: Access,
    },
    /// Something is done to the frame behind a page.
    OnFrame {
        /// What.
        operation: FrameOperation,
        /// A process that maps the frame.
        process: Process,
        /// Where it maps it.
        page: PageIndex,
    },
    /// A free block is made by moving frames.
    CompactBlock {
        /// It has 2^`order` frames, 1 to [`vm::HUGE_ORDER`].
        order: u32,
    },
    /// It is written down how much the scheme knows: of how many anonymous pages it could name every
    /// user, some, or none. Not timed, and nothing changes by it.
    Survey,
    /// What follows belongs to another part of the workload. Not timed, and nothing changes by it.
    Phase(Phase),
    /// Memory pressure: as many frames are to become free, if they can.
    Reclaim {
        /// How many.
        frames: u32,
    },
    /// A file or segment full of zeroes comes to be.
    CreateObject {
        /// Its number.
        object: Object,
        /// Which of the two.
        kind: ObjectKind,
        /// Its size in pages.
        pages: u64,
    },
    /// A file or segment is cut, or extended by zeroes. Private copies of pages that are cut off go too.
    TruncateObject {
        /// Which.
        object: Object,
        /// Its size in pages from now on.
        pages: u64,
    },
    /// A file or segment is removed; it lives on until nobody maps it.
    RemoveObject {
        /// Which.
        object: Object,
    },
    /// One primitive of the machine is timed by itself.
    Calibrate {
        /// Which.
        primitive: Primitive,
        /// The process whose tables and pages are used.
        process: Process,
        /// A mapped page of it; the next page is mapped too.
        page: PageIndex,
    },
}

/// A part of a workload, of which results give totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Phase {
    /// What must be there before the work begins; every workload starts here.
    SetUp,
    /// What the workload is about.
    Work,
    /// What is left ends.
    TearDown,
}

impl Phase {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::SetUp, Self::Work, Self::TearDown];

    /// The name in results and traces, which is a contract.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SetUp => "set_up",
            Self::Work => "work",
            Self::TearDown => "tear_down",
        }
    }
}

/// What a machine's costs are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Primitive {
    /// The stopwatch around nothing.
    Empty,
    /// Flush one translation.
    Invlpg,
    /// Reload CR3.
    Cr3Reload,
    /// Copy a page.
    PageCopy,
    /// Zero a page.
    PageZero,
    /// Copy the PTEs of a leaf table with the counts that any fork must keep, and nothing else.
    PteCopyFloor,
    /// Reload CR3 with PCIDs on, keeping every translation.
    Cr3ReloadPcid,
    /// Reload CR3 with PCIDs on, dropping the translations of its PCID.
    Cr3ReloadPcidFlush,
    /// INVPCID of one page.
    InvpcidOne,
    /// INVPCID of everything.
    InvpcidAll,
}

impl Primitive {
    /// All of them. Those that drop more than they should for what follows come last.
    pub const ALL: [Self; 10] = [
        Self::Empty,
        Self::Invlpg,
        Self::Cr3Reload,
        Self::PageCopy,
        Self::PageZero,
        Self::PteCopyFloor,
        Self::Cr3ReloadPcid,
        Self::Cr3ReloadPcidFlush,
        Self::InvpcidOne,
        Self::InvpcidAll,
    ];
}
