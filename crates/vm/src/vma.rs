//! Virtual memory areas, as they lie in the arena.

use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU32, AtomicU64};

use rmap::tree::Links;
use rmap::{PageIndex, SpaceId, Words};

use crate::request::{ObjectId, PageSize, Protection};
use crate::space::PageRange;

/// A run of pages of one address space that are alike. Those of a space do not overlap.
#[derive(Debug)]
#[repr(C)]
pub struct Vma<W> {
    start: AtomicU64,
    pages: AtomicU64,
    /// The number of the first page among those that a move keeps together: of an object's page the
    /// object's number for it, of an anonymous page the page it was first mapped at.
    offset: AtomicU64,
    /// The largest last page number of an object's VMAs below this one in their tree.
    pub(crate) subtree_last: AtomicU64,
    space: AtomicU32,
    object: AtomicU32,
    traits: AtomicU32,
    /// Among the VMAs of its space, by address.
    pub(crate) by_address: Links,
    /// Among the VMAs of its object, by offset.
    pub(crate) by_offset: Links,
    padding: AtomicU32,
    scheme: W,
}

/// What two VMAs must agree in to become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// The object behind it; private copies apart.
    pub object: Option<ObjectId>,
    pub traits: Traits,
}

/// The yes-or-no properties of a VMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traits(u32);

impl Traits {
    pub const NONE: Self = Self(0);
    pub const WRITABLE: Self = Self(1);
    /// Writes reach all who map the object.
    pub const SHARED: Self = Self(1 << 1);
    pub const LOCKED: Self = Self(1 << 2);
    pub const HUGE: Self = Self(1 << 3);
    pub const GROWS_DOWN: Self = Self(1 << 4);

    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// `self` with `other`, if `holds`.
    #[must_use]
    pub const fn with_if(self, other: Self, holds: bool) -> Self {
        if holds { self.with(other) } else { self }
    }

    #[must_use]
    pub const fn protected(self, protection: Protection) -> Self {
        match protection {
            Protection::ReadOnly => self.without(Self::WRITABLE),
            Protection::ReadWrite => self.with(Self::WRITABLE),
        }
    }

    #[must_use]
    pub const fn sized(self, page_size: PageSize) -> Self {
        match page_size {
            PageSize::Small => self,
            PageSize::Huge => self.with(Self::HUGE),
        }
    }
}

impl<W: Words> Vma<W> {
    #[inline]
    pub(crate) fn range(&self) -> PageRange {
        PageRange { start: PageIndex(self.start.load(Relaxed)), pages: self.pages.load(Relaxed) }
    }

    pub(crate) fn set_range(&self, range: PageRange) {
        self.start.store(range.start.0, Relaxed);
        self.pages.store(range.pages, Relaxed);
    }

    #[inline]
    pub(crate) fn offset(&self) -> u64 {
        self.offset.load(Relaxed)
    }

    pub(crate) fn set_offset(&self, offset: u64) {
        self.offset.store(offset, Relaxed);
    }

    /// The number of `page`, which it covers, as [`Self::offset`] counts.
    #[inline]
    pub(crate) fn offset_of(&self, page: PageIndex) -> u64 {
        self.offset() + (page.0 - self.start.load(Relaxed))
    }

    /// The page with this number, if it covers it.
    pub(crate) fn page_with_offset(&self, offset: u64) -> Option<PageIndex> {
        let nth = offset.checked_sub(self.offset())?;
        (nth < self.pages.load(Relaxed)).then(|| self.range().start.plus(nth))
    }

    #[inline]
    pub(crate) fn space(&self) -> SpaceId {
        SpaceId(self.space.load(Relaxed))
    }

    pub(crate) fn set_space(&self, space: SpaceId) {
        self.space.store(space.0, Relaxed);
    }

    /// The object behind it.
    #[inline]
    pub(crate) fn object(&self) -> Option<ObjectId> {
        match self.object.load(Relaxed) {
            0 => None,
            id => Some(ObjectId(id)),
        }
    }

    #[inline]
    pub(crate) fn traits(&self) -> Traits {
        Traits(self.traits.load(Relaxed))
    }

    pub(crate) fn set_traits(&self, traits: Traits) {
        self.traits.store(traits.0, Relaxed);
    }

    pub(crate) fn kind(&self) -> Kind {
        Kind { object: self.object(), traits: self.traits() }
    }

    pub(crate) fn set_kind(&self, kind: Kind) {
        self.object.store(kind.object.map_or(0, |object| object.0), Relaxed);
        self.set_traits(kind.traits);
    }

    /// Whether `upper`, which begins where this one ends, could as well be part of it.
    pub(crate) fn continues_in(&self, upper: &Self) -> bool {
        self.kind() == upper.kind() && self.offset() + self.range().pages == upper.offset()
    }

    #[inline]
    pub(crate) fn is(&self, traits: Traits) -> bool {
        self.traits().has(traits)
    }

    pub(crate) fn scheme(&self) -> &W {
        &self.scheme
    }
}
