//! What the CPU makes of tables that are right: frames, faults, accessed and dirty bits.

mod support;

use model::Model;
use proptest::prelude::*;
use rmap::Frame;
use std::sync::atomic::Ordering::Relaxed;
use support::{
    BLOCK, LEAF_TABLE, ROOT, huge, huge_slot, machine, page, read, small, small_slot, write,
    written,
};
use vm::{Access, Machine, PageFault, VirtualAddress};

fn fault(nth: u16, access: Access) -> PageFault {
    let offset = if access == Access::Read { 0 } else { 8 };
    PageFault { address: VirtualAddress(VirtualAddress::of_page(page(nth)).0 + offset), access }
}

#[test]
fn a_small_page_is_reached_through_four_levels() {
    let machine = machine();
    small_slot(&machine, 9).fill(small(&machine, Frame(40)).writable());
    assert_eq!(read(&machine, page(9)), Ok(Frame(40)));
    assert_eq!(write(&machine, page(9), 7), Ok(()));
    assert_eq!(written(&machine, Frame(40)), 7);
}

#[test]
fn an_unmapped_page_and_a_forbidden_write_fault() {
    let machine = machine();
    small_slot(&machine, 1).fill(small(&machine, Frame(40)));
    assert_eq!(read(&machine, page(0)), Err(fault(0, Access::Read)));
    assert_eq!(write(&machine, page(1), 7), Err(fault(1, Access::Write)));
    assert_eq!(written(&machine, Frame(40)), 0);
}

#[test]
fn a_read_only_directory_forbids_writes_to_all_below() {
    let machine = machine();
    small_slot(&machine, 0).fill(small(&machine, Frame(40)).writable());
    huge_slot(&machine).replace(small(&machine, LEAF_TABLE));
    assert_eq!(read(&machine, page(0)), Ok(Frame(40)));
    assert_eq!(write(&machine, page(0), 7), Err(fault(0, Access::Write)));
}

#[test]
fn without_tables_every_access_faults() {
    let machine = machine();
    small_slot(&machine, 0).fill(small(&machine, Frame(40)));
    machine.activate(None);
    assert_eq!(read(&machine, page(0)), Err(fault(0, Access::Read)));
    machine.activate(Some(ROOT));
    assert_eq!(read(&machine, page(0)), Ok(Frame(40)));
}

#[test]
fn a_frame_is_copied_and_zeroed_from_its_first_word_to_its_last() {
    let machine = machine();
    let [from, to] = [Frame(40), Frame(41)].map(|frame| machine.arena().words(frame));
    for (word, value) in from.iter().zip(1..) {
        word.store(value, Relaxed);
    }
    machine.copy_frame(Frame(40), Frame(41));
    assert!(to.iter().zip(1..).all(|(word, value)| word.load(Relaxed) == value));
    machine.zero_frame(Frame(40));
    assert!(from.iter().all(|word| word.load(Relaxed) == 0));
    assert_eq!(to[511].load(Relaxed), 512);
}

fn assert_marks_as_the_cpu_does(machine: &Model, slot: vm::PteSlot<'_>) {
    assert!(!slot.read().is_accessed());
    read(machine, page(0)).unwrap();
    assert!(slot.read().is_accessed() && !slot.read().is_dirty());
    write(machine, page(0), 7).unwrap();
    assert!(slot.read().is_dirty());
    assert_eq!(machine.stale_uses(), []);
}

#[test]
fn a_walk_sets_accessed_and_the_first_write_sets_dirty() {
    let with_small = machine();
    let slot = small_slot(&with_small, 0);
    slot.fill(small(&with_small, Frame(40)).writable());
    assert_marks_as_the_cpu_does(&with_small, slot);

    let with_huge = machine();
    let slot = huge_slot(&with_huge);
    slot.replace(huge(&with_huge, BLOCK).writable());
    assert_marks_as_the_cpu_does(&with_huge, slot);
}

proptest! {
    #[test]
    fn entries_that_are_not_present_map_nothing_whatever_their_other_bits(bits: u64) {
        let absent = bits & !1;
        let machine = machine();
        machine.arena().words(LEAF_TABLE)[0].store(absent, Relaxed);
        prop_assert_eq!(read(&machine, page(0)), Err(fault(0, Access::Read)));
        prop_assert_eq!(write(&machine, page(0), 7), Err(fault(0, Access::Write)));
        prop_assert_eq!(machine.arena().words(LEAF_TABLE)[0].load(Relaxed), absent);
    }

    #[test]
    fn nor_do_such_entries_of_a_directory(bits: u64) {
        let machine = machine();
        small_slot(&machine, 0).fill(small(&machine, Frame(40)));
        let directory_entry = &machine.arena().words(support::LOWEST_DIRECTORY)[7];
        directory_entry.store(bits & !1, Relaxed);
        prop_assert_eq!(read(&machine, page(0)), Err(fault(0, Access::Read)));
        prop_assert_eq!(directory_entry.load(Relaxed), bits & !1);
    }
}
