//! Address spaces and their VMAs, as they lie in the arena.

use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU32, AtomicU64};

use rmap::{Frame, PageIndex, SpaceId, VmaId, Words};

use crate::lock::SpinLock;

/// One address space. All zeroes is a space without tables or VMAs.
#[derive(Debug)]
#[repr(C)]
pub struct Space<W> {
    /// Guards the list of VMAs and the upper levels of the tables.
    pub(crate) lock: SpinLock,
    root: AtomicU32,
    first_vma: AtomicU32,
    /// Links of the list of all spaces, 0 for none.
    pub(crate) next: AtomicU32,
    pub(crate) previous: AtomicU32,
    padding: AtomicU32,
    scheme: W,
}

/// One anonymous private area. Areas of a space do not overlap and are linked in address order.
#[derive(Debug)]
#[repr(C)]
pub struct Vma<W> {
    start: AtomicU64,
    pages: AtomicU64,
    next: AtomicU32,
    padding: AtomicU32,
    scheme: W,
}

/// Pages from `start` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRange {
    /// The first page.
    pub start: PageIndex,
    /// How many pages, at least 1.
    pub pages: u64,
}

impl PageRange {
    /// The page after the last.
    #[must_use]
    pub const fn end(self) -> PageIndex {
        self.start.plus(self.pages)
    }

    /// Whether `page` is one of them.
    pub const fn contains(self, page: PageIndex) -> bool {
        self.start.0 <= page.0 && page.0 < self.end().0
    }

    /// Whether the two have a page in common.
    pub const fn overlaps(self, other: Self) -> bool {
        self.start.0 < other.end().0 && other.start.0 < self.end().0
    }
}

impl<W: Words> Space<W> {
    pub(crate) fn root(&self) -> Frame {
        Frame(self.root.load(Relaxed))
    }

    pub(crate) fn set_root(&self, root: Frame) {
        self.root.store(root.0, Relaxed);
    }

    pub(crate) fn first_vma(&self) -> Option<VmaId> {
        id(&self.first_vma)
    }

    /// The link that leads to the first VMA.
    pub(crate) fn first_vma_link(&self) -> &AtomicU32 {
        &self.first_vma
    }
}

impl<W: Words> Vma<W> {
    pub(crate) fn range(&self) -> PageRange {
        PageRange { start: PageIndex(self.start.load(Relaxed)), pages: self.pages.load(Relaxed) }
    }

    pub(crate) fn set_range(&self, range: PageRange) {
        self.start.store(range.start.0, Relaxed);
        self.pages.store(range.pages, Relaxed);
    }

    pub(crate) fn next(&self) -> Option<VmaId> {
        id(&self.next)
    }

    pub(crate) fn next_link(&self) -> &AtomicU32 {
        &self.next
    }
}

/// The VMA that `link` leads to.
fn id(link: &AtomicU32) -> Option<VmaId> {
    match link.load(Relaxed) {
        0 => None,
        id => Some(VmaId(id)),
    }
}

/// The space that `link` leads to.
pub(crate) fn space_at(link: &AtomicU32) -> Option<SpaceId> {
    match link.load(Relaxed) {
        0 => None,
        id => Some(SpaceId(id)),
    }
}
