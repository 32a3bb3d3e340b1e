//! Address spaces, as they lie in the arena.

use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU32, AtomicU64};

use rmap::{Frame, PageIndex, SpaceId, VmaId, Words};

use crate::lock::SpinLock;

/// One address space. All zeroes is a space without tables or VMAs.
#[derive(Debug)]
#[repr(C)]
pub struct Space<W> {
    /// Guards the VMAs and the upper levels of the tables.
    pub(crate) lock: SpinLock,
    root: AtomicU32,
    /// The root of the tree of VMAs, in address order.
    pub(crate) vmas: AtomicU32,
    /// The VMA found last: faults come in runs.
    found_last: AtomicU32,
    /// Links of the list of all spaces, 0 for none.
    pub(crate) next: AtomicU32,
    pub(crate) previous: AtomicU32,
    /// Pages of the `brk` heap.
    brk: AtomicU64,
    /// Where the walk that looks for pages to evict goes on, as a page.
    hand: AtomicU64,
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
    /// From `start` up to `end`, which is not before it.
    #[must_use]
    #[inline]
    pub const fn between(start: PageIndex, end: PageIndex) -> Self {
        Self { start, pages: end.0 - start.0 }
    }

    /// The page after the last.
    #[must_use]
    #[inline]
    pub const fn end(self) -> PageIndex {
        self.start.plus(self.pages)
    }

    /// Whether `page` is one of them.
    #[inline]
    pub const fn contains(self, page: PageIndex) -> bool {
        self.start.0 <= page.0 && page.0 < self.end().0
    }

    /// Whether all of `other` lies within.
    #[inline]
    pub const fn encloses(self, other: Self) -> bool {
        self.start.0 <= other.start.0 && other.end().0 <= self.end().0
    }

    /// Whether the two have a page in common.
    #[inline]
    pub const fn overlaps(self, other: Self) -> bool {
        self.start.0 < other.end().0 && other.start.0 < self.end().0
    }

    /// The pages that both have, if any.
    #[must_use]
    #[inline]
    pub fn common(self, other: Self) -> Option<Self> {
        self.overlaps(other)
            .then(|| Self::between(self.start.max(other.start), self.end().min(other.end())))
    }
}

impl<W: Words> Space<W> {
    #[inline]
    pub(crate) fn root(&self) -> Frame {
        Frame(self.root.load(Relaxed))
    }

    pub(crate) fn set_root(&self, root: Frame) {
        self.root.store(root.0, Relaxed);
    }

    #[inline]
    pub(crate) fn found_last(&self) -> Option<VmaId> {
        vma_at(&self.found_last)
    }

    #[inline]
    pub(crate) fn set_found_last(&self, vma: Option<VmaId>) {
        self.found_last.store(vma.map_or(0, |vma| vma.0), Relaxed);
    }

    pub(crate) fn brk(&self) -> u64 {
        self.brk.load(Relaxed)
    }

    pub(crate) fn set_brk(&self, pages: u64) {
        self.brk.store(pages, Relaxed);
    }

    pub(crate) fn hand(&self) -> PageIndex {
        PageIndex(self.hand.load(Relaxed))
    }

    pub(crate) fn set_hand(&self, page: PageIndex) {
        self.hand.store(page.0, Relaxed);
    }

    pub(crate) fn scheme(&self) -> &W {
        &self.scheme
    }
}

/// The VMA that `link` leads to.
#[inline]
pub(crate) fn vma_at(link: &AtomicU32) -> Option<VmaId> {
    match link.load(Relaxed) {
        0 => None,
        id => Some(VmaId(id)),
    }
}

/// The space that `link` leads to.
#[inline]
pub(crate) fn space_at(link: &AtomicU32) -> Option<SpaceId> {
    match link.load(Relaxed) {
        0 => None,
        id => Some(SpaceId(id)),
    }
}
