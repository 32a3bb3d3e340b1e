//! Page-table entries as the CPU defines them (Intel SDM vol. 3A, 5.5, table 5-20).

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use crate::machine::PhysicalAddress;

/// One page-table entry, of any level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pte(u64);

impl Pte {
    /// Maps nothing.
    pub const EMPTY: Self = Self(0);

    const PRESENT: u64 = 1;
    const WRITABLE: u64 = 1 << 1;
    const USER: u64 = 1 << 2;
    const ACCESSED: u64 = 1 << 5;
    const DIRTY: u64 = 1 << 6;
    const NO_EXECUTE: u64 = 1 << 63;
    const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

    /// A leaf entry for a data page, not writable, neither accessed nor dirty.
    #[must_use]
    pub const fn page(address: PhysicalAddress) -> Self {
        Self(address.0 | Self::PRESENT | Self::USER | Self::NO_EXECUTE)
    }

    /// An entry that leads to the next table. Accessed is set beforehand, so that the walker has no
    /// reason to write to it.
    #[must_use]
    pub const fn table(address: PhysicalAddress) -> Self {
        Self(address.0 | Self::PRESENT | Self::WRITABLE | Self::USER | Self::ACCESSED)
    }

    /// The same entry, writable.
    #[must_use]
    pub const fn writable(self) -> Self {
        Self(self.0 | Self::WRITABLE)
    }

    /// The same entry, as a write through it leaves it.
    #[must_use]
    pub const fn accessed_and_dirty(self) -> Self {
        Self(self.0 | Self::ACCESSED | Self::DIRTY)
    }

    /// The same entry as a forked child starts with: read-only and not accessed; dirty stays.
    #[must_use]
    pub const fn forked(self) -> Self {
        Self(self.0 & !(Self::WRITABLE | Self::ACCESSED))
    }

    /// Whether it maps anything.
    pub const fn is_present(self) -> bool {
        self.0 & Self::PRESENT != 0
    }

    /// Whether a write through it succeeds.
    pub const fn is_writable(self) -> bool {
        self.0 & Self::WRITABLE != 0
    }

    /// Whether the CPU has read or written through it.
    pub const fn is_accessed(self) -> bool {
        self.0 & Self::ACCESSED != 0
    }

    /// Whether the CPU has written through it.
    pub const fn is_dirty(self) -> bool {
        self.0 & Self::DIRTY != 0
    }

    /// What it maps or leads to.
    pub const fn address(self) -> PhysicalAddress {
        PhysicalAddress(self.0 & Self::ADDRESS)
    }
}

/// The slot of a table that holds one entry. The CPU sets accessed and dirty bits behind our back,
/// so an entry that is present is only changed by read-modify-write.
#[derive(Clone, Copy, Debug)]
pub struct PteSlot<'a>(&'a AtomicU64);

impl<'a> PteSlot<'a> {
    /// The slot that `word` of a page-table page is.
    #[must_use]
    pub const fn new(word: &'a AtomicU64) -> Self {
        Self(word)
    }
}

impl PteSlot<'_> {
    /// The entry as it is now.
    #[inline]
    pub fn read(self) -> Pte {
        Pte(self.0.load(Relaxed))
    }

    /// Fills an empty slot.
    #[inline]
    pub fn fill(self, pte: Pte) {
        debug_assert!(!self.read().is_present(), "a slot that is in use was filled");
        self.0.store(pte.0, Relaxed);
    }

    /// Puts `pte` in place of whatever is there, and returns that with its last accessed and dirty bits.
    #[inline]
    pub fn replace(self, pte: Pte) -> Pte {
        Pte(self.0.swap(pte.0, Relaxed))
    }

    /// Takes the right to write away.
    #[inline]
    pub fn write_protect(self) {
        self.0.fetch_and(!Pte::WRITABLE, Relaxed);
    }

    /// Grants the right to write, and marks the page as the coming write will.
    #[inline]
    pub fn make_writable(self) {
        self.0.fetch_or(Pte::WRITABLE | Pte::ACCESSED | Pte::DIRTY, Relaxed);
    }

    /// Sets the bits that the CPU's page walker sets for an access.
    #[inline]
    pub fn mark(self, access: crate::Access) {
        let bits = match access {
            crate::Access::Read => Pte::ACCESSED,
            crate::Access::Write => Pte::ACCESSED | Pte::DIRTY,
        };
        self.0.fetch_or(bits, Relaxed);
    }
}
