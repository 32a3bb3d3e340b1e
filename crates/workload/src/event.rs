//! The one vocabulary of what can happen. Workloads generate events; the executor applies them.

use rmap::PageIndex;
use vm::{Access, PageRange};

/// A process of a workload, by the number the workload gave it; numbers may be used again after exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Process(pub u16);

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A process without a parent starts, with nothing mapped.
    Spawn {
        /// Its number.
        process: Process,
    },
    /// Anonymous private memory is mapped.
    Mmap {
        /// By whom.
        process: Process,
        /// Where.
        range: PageRange,
    },
    /// A process forks.
    Fork {
        /// The one that is there.
        parent: Process,
        /// The number of the new one.
        child: Process,
    },
    /// A process ends.
    Exit {
        /// Which.
        process: Process,
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
    /// All mappings of the frame behind a page are looked for.
    Find {
        /// A process that maps the frame.
        process: Process,
        /// Where it maps it.
        page: PageIndex,
    },
    /// The frame behind a page is to be taken from all who map it.
    UnmapFrame {
        /// A process that maps the frame.
        process: Process,
        /// Where it maps it.
        page: PageIndex,
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
}

impl Primitive {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Empty,
        Self::Invlpg,
        Self::Cr3Reload,
        Self::PageCopy,
        Self::PageZero,
        Self::PteCopyFloor,
    ];
}
