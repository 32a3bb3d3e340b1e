//! Page-table entries: each bit is where the CPU looks for it (Intel SDM vol. 3A, tables 5-17 to 5-20).

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, SwapSlot};
use vm::{Access, PhysicalAddress, Pte, PteSlot};

const PRESENT: u64 = 1;
const WRITABLE: u64 = 1 << 1;
const USER: u64 = 1 << 2;
const ACCESSED: u64 = 1 << 5;
const DIRTY: u64 = 1 << 6;
const PAGE_SIZE: u64 = 1 << 7;
/// The first of the bits that the CPU leaves to software.
const EXCLUSIVE: u64 = 1 << 9;
const NO_EXECUTE: u64 = 1 << 63;

const AT: PhysicalAddress = PhysicalAddress(0x12_3460_0000);
const PAGE: u64 = AT.0 | PRESENT | USER | NO_EXECUTE;

/// A word of a page table.
struct Memory(AtomicU64);

impl Memory {
    const fn of(word: u64) -> Self {
        Self(AtomicU64::new(word))
    }

    const fn slot(&self) -> PteSlot<'_> {
        PteSlot::new(&self.0)
    }

    fn word(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// The word that an entry is in memory.
fn word(pte: Pte) -> u64 {
    let memory = Memory::of(0);
    memory.slot().fill(pte);
    memory.word()
}

/// The entry that a word in memory is.
fn entry(word: u64) -> Pte {
    Memory::of(word).slot().read()
}

#[test]
fn a_page_is_the_users_and_holds_no_code() {
    assert_eq!(word(Pte::page(AT)), PAGE);
    assert_eq!(word(Pte::huge_page(AT)), PAGE | PAGE_SIZE);
    assert_eq!(word(Pte::page(AT).writable()), PAGE | WRITABLE);
    assert_eq!(word(Pte::page(AT).writable().writable()), PAGE | WRITABLE);
    assert_eq!(word(Pte::page(AT).exclusive().exclusive()), PAGE | EXCLUSIVE);
}

#[test]
fn a_table_allows_whatever_its_entries_allow() {
    assert_eq!(word(Pte::table(AT)), AT.0 | PRESENT | WRITABLE | USER | ACCESSED);
}

#[test]
fn an_access_marks_what_the_cpu_would_mark() {
    let page = Pte::page(AT);
    assert_eq!(word(page.after(Access::Read)), PAGE | ACCESSED);
    assert_eq!(word(page.after(Access::Write)), PAGE | ACCESSED | DIRTY);
    let memory = Memory::of(PAGE);
    memory.slot().mark(Access::Read);
    assert_eq!(memory.word(), PAGE | ACCESSED);
    memory.slot().mark(Access::Write);
    assert_eq!(memory.word(), PAGE | ACCESSED | DIRTY);
    let used = page.after(Access::Write);
    assert_eq!(used.after(Access::Read).after(Access::Write), used);
    for (marks, accessed, dirty) in
        [(0, false, false), (ACCESSED, true, false), (ACCESSED | DIRTY, true, true)]
    {
        let pte = entry(PAGE | marks);
        assert_eq!((pte.is_accessed(), pte.is_dirty()), (accessed, dirty));
    }
}

#[test]
fn every_question_looks_at_its_own_bits() {
    let all = PAGE | WRITABLE | ACCESSED | DIRTY | PAGE_SIZE | EXCLUSIVE;
    let answers = |pte: Pte| {
        [
            pte.is_present(),
            pte.is_writable(),
            pte.is_accessed(),
            pte.is_dirty(),
            pte.is_exclusive(),
            pte.is_huge(),
            pte.is_writable_or_exclusive(),
        ]
    };
    assert_eq!(answers(entry(all)), [true; 7]);
    assert_eq!(answers(entry(0)), [false; 7]);
    for (without, expected) in [
        (PRESENT, [false, true, true, true, true, false, true]),
        (WRITABLE, [true, false, true, true, true, true, true]),
        (ACCESSED, [true, true, false, true, true, true, true]),
        (DIRTY, [true, true, true, false, true, true, true]),
        (EXCLUSIVE, [true, true, true, true, false, true, true]),
        (PAGE_SIZE, [true, true, true, true, true, false, true]),
        (WRITABLE | EXCLUSIVE, [true, false, true, true, false, true, false]),
    ] {
        assert_eq!(answers(entry(all & !without)), expected, "without {without:#x}");
    }
    assert!(!entry(PAGE_SIZE).is_huge() && !entry(PRESENT).is_huge());
    assert_eq!(entry(all).address(), AT);
    assert!(Pte::EMPTY.is_empty() && !entry(1 << 12).is_empty());
}

#[test]
fn a_child_starts_with_less_than_its_parent_had() {
    let parent = Pte::page(AT).writable().exclusive().after(Access::Write);
    assert_eq!(word(parent.forked()), PAGE | DIRTY);
    assert_eq!(word(Pte::page(AT).forked()), PAGE);
    let memory = Memory::of(word(parent));
    memory.slot().share();
    assert_eq!(memory.word(), PAGE | ACCESSED | DIRTY);
}

#[test]
fn rights_are_granted_and_taken_without_touching_anything_else() {
    let used = PAGE | ACCESSED | DIRTY;
    let full = used | WRITABLE | EXCLUSIVE;
    for before in [PAGE, used, used | WRITABLE] {
        let memory = Memory::of(before);
        memory.slot().make_writable();
        assert_eq!(memory.word(), used | WRITABLE);
    }
    for before in [PAGE, used | WRITABLE, full] {
        let memory = Memory::of(before);
        memory.slot().make_exclusive();
        assert_eq!(memory.word(), full);
    }
    let memory = Memory::of(full);
    memory.slot().write_protect();
    assert_eq!(memory.word(), used | EXCLUSIVE);
}

#[test]
fn an_accessed_bit_is_taken_once() {
    let memory = Memory::of(PAGE | ACCESSED | DIRTY);
    let slot = memory.slot();
    assert!(slot.take_accessed());
    assert_eq!(memory.word(), PAGE | DIRTY);
    assert!(!slot.take_accessed());
    assert_eq!(memory.word(), PAGE | DIRTY);
}

#[test]
fn an_entry_that_is_replaced_is_returned() {
    let memory = Memory::of(PAGE);
    assert_eq!(memory.slot().replace(Pte::EMPTY), Pte::page(AT));
    assert_eq!(memory.word(), 0);
}

#[test]
fn what_is_not_present_leaves_the_present_bit_clear() {
    let waiting = Pte::page(AT).writable().exclusive().after(Access::Write).migration(Frame(5));
    for pte in [Pte::swap(SwapSlot(0)), Pte::swap(SwapSlot(9)), waiting, Pte::POISON] {
        assert!(!pte.is_present() && !pte.is_empty() && !pte.is_huge(), "{pte:?}");
    }
    assert_eq!(word(waiting) & PAGE_SIZE, 0);
}

#[test]
fn a_migration_entry_can_be_write_protected() {
    let waiting = Pte::page(AT).writable().exclusive().migration(Frame(5));
    let memory = Memory::of(word(waiting));
    let slot = memory.slot();
    slot.write_protect_migration();
    assert_eq!(slot.read().migrated(AT), Pte::page(AT).exclusive());
}

#[test]
fn the_parts_of_a_huge_page_are_small_pages_in_a_row() {
    let huge = Pte::huge_page(AT).writable().exclusive().after(Access::Write);
    let rest = PRESENT | USER | NO_EXECUTE | WRITABLE | EXCLUSIVE | ACCESSED | DIRTY;
    for nth in [0, 1, 2, 511] {
        assert_eq!(word(huge.part(nth)), (AT.0 + (u64::from(nth) << 12)) | rest);
    }
}
