//! What is in a page, as its process sees it.

use core::fmt;

/// What a write left in a page; 0 is what a fresh page reads as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u32);

impl Tag {
    /// Of a page that nobody has written to.
    pub const ZERO: Self = Self(0);

    /// The 8 bytes that are written. Every byte depends on the tag, so that a torn copy is seen.
    #[must_use]
    pub const fn word(self) -> u64 {
        (self.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x} (write {})", self.word(), self.0)
    }
}

/// Where the contents of a page come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contents {
    /// The process's own: the page's tag.
    Own,
    /// Whatever the object contains.
    Follows,
    /// One of the two: a lock that ran out of memory may have copied the page or not. The next read
    /// that can tell decides.
    Either,
}

/// Whether the memory behind a page is known to be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// It is not.
    Sound,
    /// It may be: the page was swapped out when a relative's frame broke, or an operation that could
    /// not find every user stopped half-way. The next access decides.
    Doubtful,
    /// It is, and every access says so.
    Poisoned,
}
