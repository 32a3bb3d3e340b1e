//! Page-table entries: as the CPU defines them (Intel SDM vol. 3A, 5.5, tables 5-18 and 5-20), and what
//! the VM writes into entries that are not present, which the CPU ignores.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, SwapSlot};

use crate::machine::{Access, PhysicalAddress};

/// One page-table entry, of any level.
///
/// ```text
///   present        address, W, U, A, D, PS as the CPU has them; bit 9 ours: exclusive
///   not present    bits 1-3 kind (0 empty, 1 swap, 2 migration, 3 poison)
///                  bits 12-43 slot or frame; a migration entry keeps W as bit 4, and A, D, exclusive
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pte(u64);

/// What an entry of a leaf table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    Empty,
    /// A page is mapped.
    Present,
    /// The page's contents are on the swap device, or in the swap cache.
    Swap(SwapSlot),
    /// The page is on its way from this frame to another.
    Migration(Frame),
    /// The page's memory was broken.
    Poison,
}

impl Pte {
    /// Maps nothing.
    pub const EMPTY: Self = Self(0);

    /// Stands where a page's memory was broken.
    pub const POISON: Self = Self(Self::KIND_POISON);

    const PRESENT: u64 = 1;
    const WRITABLE: u64 = 1 << 1;
    const USER: u64 = 1 << 2;
    const ACCESSED: u64 = 1 << 5;
    const DIRTY: u64 = 1 << 6;
    const PAGE_SIZE: u64 = 1 << 7;
    /// Of the bits that the CPU leaves to software: this user has had the page alone since it became
    /// so. Linux calls it `PageAnonExclusive` and keeps it beside the frame.
    const EXCLUSIVE: u64 = 1 << 9;
    const NO_EXECUTE: u64 = 1 << 63;
    const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

    const KIND: u64 = 7 << 1;
    const KIND_SWAP: u64 = 1 << 1;
    const KIND_MIGRATION: u64 = 2 << 1;
    const KIND_POISON: u64 = 3 << 1;
    /// Where a migration entry keeps the right to write.
    const MIGRATION_WRITABLE: u64 = 1 << 4;
    const PAYLOAD_SHIFT: u32 = 12;

    /// An entry for a data page, not writable, neither accessed nor dirty.
    #[must_use]
    #[inline]
    pub const fn page(address: PhysicalAddress) -> Self {
        Self(address.0 | Self::PRESENT | Self::USER | Self::NO_EXECUTE)
    }

    /// As [`Self::page`], of 2 MiB, for a directory.
    #[must_use]
    #[inline]
    pub const fn huge_page(address: PhysicalAddress) -> Self {
        Self(Self::page(address).0 | Self::PAGE_SIZE)
    }

    /// An entry that leads to the next table. Accessed is set beforehand, so that the walker has no
    /// reason to write to it.
    #[must_use]
    #[inline]
    pub const fn table(address: PhysicalAddress) -> Self {
        Self(address.0 | Self::PRESENT | Self::WRITABLE | Self::USER | Self::ACCESSED)
    }

    /// An entry for a page that went to `slot`.
    #[must_use]
    #[inline]
    pub const fn swap(slot: SwapSlot) -> Self {
        Self(Self::KIND_SWAP | (slot.0 as u64) << Self::PAYLOAD_SHIFT)
    }

    /// The present entry `self`, which maps `frame`, as it waits for the frame's contents to move.
    #[must_use]
    #[inline]
    pub const fn migration(self, frame: Frame) -> Self {
        let kept = self.0 & (Self::ACCESSED | Self::DIRTY | Self::EXCLUSIVE);
        let writable = if self.is_writable() { Self::MIGRATION_WRITABLE } else { 0 };
        Self(Self::KIND_MIGRATION | kept | writable | (frame.0 as u64) << Self::PAYLOAD_SHIFT)
    }

    /// The migration entry `self` as it is when the contents have arrived at `address`.
    #[must_use]
    #[inline]
    pub const fn migrated(self, address: PhysicalAddress) -> Self {
        let kept = self.0 & (Self::ACCESSED | Self::DIRTY | Self::EXCLUSIVE);
        let page = Self(Self::page(address).0 | kept);
        if self.0 & Self::MIGRATION_WRITABLE == 0 { page } else { page.writable() }
    }

    /// The entry of the `nth` small page of the 2 MiB page that `self` maps.
    #[must_use]
    #[inline]
    pub const fn part(self, nth: u16) -> Self {
        Self((self.0 & !Self::PAGE_SIZE) + ((nth as u64) << 12))
    }

    /// The same entry, writable.
    #[must_use]
    #[inline]
    pub const fn writable(self) -> Self {
        Self(self.0 | Self::WRITABLE)
    }

    /// The same entry, of a page that nobody else can reach.
    #[must_use]
    #[inline]
    pub const fn exclusive(self) -> Self {
        Self(self.0 | Self::EXCLUSIVE)
    }

    /// The same entry, as an access through it leaves it.
    #[must_use]
    #[inline]
    pub const fn after(self, access: Access) -> Self {
        match access {
            Access::Read => Self(self.0 | Self::ACCESSED),
            Access::Write => Self(self.0 | Self::ACCESSED | Self::DIRTY),
        }
    }

    /// The same entry as a forked child starts with: read-only, shared and not accessed; dirty stays.
    #[must_use]
    #[inline]
    pub const fn forked(self) -> Self {
        Self(self.0 & !(Self::WRITABLE | Self::EXCLUSIVE | Self::ACCESSED))
    }

    /// The migration entry as both sides of a fork have it: read-only and shared.
    #[must_use]
    #[inline]
    pub const fn migration_shared(self) -> Self {
        Self(self.0 & !(Self::MIGRATION_WRITABLE | Self::EXCLUSIVE))
    }

    /// What it says.
    pub const fn entry(self) -> Entry {
        if self.is_present() {
            return Entry::Present;
        }
        let payload = (self.0 >> Self::PAYLOAD_SHIFT) as u32;
        match self.0 & Self::KIND {
            Self::KIND_SWAP => Entry::Swap(SwapSlot(payload)),
            Self::KIND_MIGRATION => Entry::Migration(Frame(payload)),
            Self::KIND_POISON => Entry::Poison,
            _ => Entry::Empty,
        }
    }

    /// Whether it is [`Self::EMPTY`].
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it maps anything.
    #[inline]
    pub const fn is_present(self) -> bool {
        self.0 & Self::PRESENT != 0
    }

    /// Whether, in a directory, it maps a 2 MiB page.
    #[inline]
    pub const fn is_huge(self) -> bool {
        self.0 & (Self::PRESENT | Self::PAGE_SIZE) == Self::PRESENT | Self::PAGE_SIZE
    }

    /// Whether a write through it succeeds.
    #[inline]
    pub const fn is_writable(self) -> bool {
        self.0 & Self::WRITABLE != 0
    }

    /// Whether its user has had the page alone since it became so.
    #[inline]
    pub const fn is_exclusive(self) -> bool {
        self.0 & Self::EXCLUSIVE != 0
    }

    /// Whether fork must change it.
    #[inline]
    pub const fn is_writable_or_exclusive(self) -> bool {
        self.0 & (Self::WRITABLE | Self::EXCLUSIVE) != 0
    }

    /// Whether the CPU has read or written through it.
    #[inline]
    pub const fn is_accessed(self) -> bool {
        self.0 & Self::ACCESSED != 0
    }

    /// Whether the CPU has written through it.
    #[inline]
    pub const fn is_dirty(self) -> bool {
        self.0 & Self::DIRTY != 0
    }

    /// What it maps or leads to.
    #[inline]
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
    #[inline]
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

    /// Fills a slot that maps nothing.
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

    /// Takes the right to write away from a migration entry.
    #[inline]
    pub fn write_protect_migration(self) {
        self.0.fetch_and(!Pte::MIGRATION_WRITABLE, Relaxed);
    }

    /// Takes the right to write away, and notes that the page is shared from now on.
    #[inline]
    pub fn share(self) {
        self.0.fetch_and(!(Pte::WRITABLE | Pte::EXCLUSIVE), Relaxed);
    }

    /// Grants the right to write, and marks the page as the coming write will.
    #[inline]
    pub fn make_writable(self) {
        self.0.fetch_or(Pte::WRITABLE | Pte::ACCESSED | Pte::DIRTY, Relaxed);
    }

    /// As [`Self::make_writable`], to a page that nobody else can reach.
    #[inline]
    pub fn make_exclusive(self) {
        let bits = Pte::WRITABLE | Pte::EXCLUSIVE | Pte::ACCESSED | Pte::DIRTY;
        self.0.fetch_or(bits, Relaxed);
    }

    /// Clears the accessed bit; whether it was set.
    #[inline]
    pub fn take_accessed(self) -> bool {
        self.0.fetch_and(!Pte::ACCESSED, Relaxed) & Pte::ACCESSED != 0
    }

    /// Sets the bits that the CPU's page walker sets for an access.
    #[inline]
    pub fn mark(self, access: Access) {
        self.0.fetch_or(Pte(0).after(access).0, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: PhysicalAddress = PhysicalAddress(0x12_3456_7000);

    #[test]
    fn an_entry_that_is_not_present_says_what_it_was_made_for() {
        for number in [0, 1, u32::MAX] {
            let frame = Frame(number);
            assert_eq!(Pte::swap(SwapSlot(number)).entry(), Entry::Swap(SwapSlot(number)));
            assert_eq!(Pte::page(ADDRESS).migration(frame).entry(), Entry::Migration(frame));
        }
        assert_eq!(Pte::EMPTY.entry(), Entry::Empty);
        assert_eq!(Pte::POISON.entry(), Entry::Poison);
        assert_eq!(Pte::page(ADDRESS).entry(), Entry::Present);
    }

    #[test]
    fn a_migration_loses_nothing_but_the_frame() {
        let plain = Pte::page(ADDRESS);
        let target = PhysicalAddress(0x5000);
        for pte in [
            plain,
            plain.writable(),
            plain.exclusive(),
            plain.writable().exclusive().after(Access::Write),
            plain.after(Access::Read),
        ] {
            let moved = pte.migration(Frame(9)).migrated(target);
            assert_eq!(moved.address(), target);
            assert_eq!(Pte(moved.0 ^ target.0 ^ ADDRESS.0), pte);
        }
    }

    #[test]
    fn a_fork_takes_writing_and_exclusiveness_from_a_migration_entry() {
        let pte = Pte::page(ADDRESS).writable().exclusive();
        let moved = pte.migration(Frame(9)).migration_shared().migrated(ADDRESS);
        assert_eq!(moved, Pte::page(ADDRESS));
    }

    #[test]
    fn the_parts_of_a_huge_page_are_its_frames() {
        let huge = Pte::huge_page(PhysicalAddress(0x20_0000)).writable();
        assert!(huge.is_huge() && !huge.part(0).is_huge());
        assert_eq!(huge.part(511).address(), PhysicalAddress(0x3f_f000));
        assert!(huge.part(3).is_writable());
    }
}
