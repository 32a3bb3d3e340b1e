//! Every use of a translation that should have been flushed is reported, and what was wrong with it.

mod support;

use model::{Model, StaleUse, Staleness};
use rmap::Frame;
use support::{
    ROOT, huge, huge_slot, machine, page, read, small, small_slot, staleness, write, written,
};
use vm::{Access, CpuId, Flushed, Machine, Pte};

/// A machine whose page 0 is `pte`, read once.
fn machine_that_read(pte: impl Fn(&Model) -> Pte) -> Model {
    let machine = machine();
    small_slot(&machine, 0).fill(pte(&machine));
    read(&machine, page(0)).expect("the page is mapped");
    machine
}

#[test]
fn a_page_that_was_unmapped() {
    let machine = machine_that_read(|machine| small(machine, Frame(40)));
    small_slot(&machine, 0).replace(Pte::EMPTY);
    assert_eq!(read(&machine, page(0)), Ok(Frame(40)));
    assert_eq!(
        machine.stale_uses(),
        [StaleUse {
            cpu: CpuId(0),
            page: page(0),
            access: Access::Read,
            staleness: Staleness::Unmapped
        }]
    );
}

#[test]
fn a_page_whose_leaf_table_is_gone() {
    let machine = machine_that_read(|machine| small(machine, Frame(40)));
    huge_slot(&machine).replace(Pte::EMPTY);
    read(&machine, page(0)).unwrap();
    assert_eq!(staleness(&machine), [Staleness::Unmapped]);
}

#[test]
fn a_page_that_went_to_swap() {
    let machine = machine_that_read(|machine| small(machine, Frame(40)));
    let same_address_not_present = machine.arena().physical(Frame(40)).0 | 1 << 1;
    machine.arena().words(support::LEAF_TABLE)[0]
        .store(same_address_not_present, std::sync::atomic::Ordering::Relaxed);
    read(&machine, page(0)).unwrap();
    assert_eq!(staleness(&machine), [Staleness::Unmapped]);
}

#[test]
fn a_page_that_has_another_frame_by_now() {
    let machine = machine_that_read(|machine| small(machine, Frame(40)).writable());
    small_slot(&machine, 0).replace(small(&machine, Frame(41)).writable());
    assert_eq!(read(&machine, page(0)), Ok(Frame(40)));
    write(&machine, page(0), 7).unwrap();
    assert_eq!([written(&machine, Frame(40)), written(&machine, Frame(41))], [7, 0]);
    assert_eq!(staleness(&machine), [Staleness::OtherFrame; 2]);
    assert!(!small_slot(&machine, 0).read().is_accessed(), "marked as if it had been walked");
}

#[test]
fn a_write_to_a_page_that_was_write_protected() {
    let machine = machine_that_read(|machine| small(machine, Frame(40)).writable());
    small_slot(&machine, 0).write_protect();
    read(&machine, page(0)).unwrap();
    assert_eq!(staleness(&machine), []);
    write(&machine, page(0), 7).unwrap();
    assert_eq!(staleness(&machine), [Staleness::WriteProtected]);
}

#[test]
fn a_reference_that_was_lost() {
    let machine = machine_that_read(|machine| small(machine, Frame(40)));
    small_slot(&machine, 0).replace(small(&machine, Frame(40)));
    read(&machine, page(0)).unwrap();
    assert_eq!(staleness(&machine), [Staleness::AccessedLost]);
    assert!(!small_slot(&machine, 0).read().is_accessed());
    machine.flush_page(ROOT, page(0));
    read(&machine, page(0)).unwrap();
    assert_eq!(staleness(&machine), []);
    assert!(small_slot(&machine, 0).read().is_accessed());
}

#[test]
fn a_first_write_that_comes_after_a_lost_reference_still_dirties_the_page() {
    let machine = machine_that_read(|machine| small(machine, Frame(40)).writable());
    small_slot(&machine, 0).replace(small(&machine, Frame(40)).writable());
    write(&machine, page(0), 7).unwrap();
    assert_eq!(staleness(&machine), [Staleness::AccessedLost]);
    assert!(small_slot(&machine, 0).read().is_dirty());
}

#[test]
fn a_write_that_did_not_dirty_the_page() {
    let clean = |machine: &Model| small(machine, Frame(40)).writable();
    let machine = machine_that_read(clean);
    write(&machine, page(0), 7).unwrap();
    // Cleaned, but as recently used as before.
    small_slot(&machine, 0).replace(clean(&machine));
    small_slot(&machine, 0).mark(Access::Read);
    read(&machine, page(0)).unwrap();
    assert_eq!(staleness(&machine), []);
    write(&machine, page(0), 8).unwrap();
    assert_eq!(staleness(&machine), [Staleness::DirtyLost]);
    assert!(!small_slot(&machine, 0).read().is_dirty());
    machine.flush_page(ROOT, page(0));
    write(&machine, page(0), 9).unwrap();
    assert_eq!(staleness(&machine), []);
    assert!(small_slot(&machine, 0).read().is_dirty());
}

#[test]
fn the_tlb_remembers_a_dirty_bit_that_a_read_brought_in() {
    let machine = machine();
    let writable = small(&machine, Frame(40)).writable();
    small_slot(&machine, 0).fill(writable);
    small_slot(&machine, 0).mark(Access::Write);
    read(&machine, page(0)).unwrap();
    small_slot(&machine, 0).replace(writable);
    small_slot(&machine, 0).mark(Access::Read);
    write(&machine, page(0), 7).unwrap();
    assert_eq!(staleness(&machine), [Staleness::DirtyLost]);
}

#[test]
fn a_lost_dirty_bit_is_worse_than_a_lost_reference() {
    let machine = machine_that_read(|machine| small(machine, Frame(40)).writable());
    write(&machine, page(0), 7).unwrap();
    small_slot(&machine, 0).replace(small(&machine, Frame(40)).writable());
    write(&machine, page(0), 8).unwrap();
    assert_eq!(staleness(&machine), [Staleness::DirtyLost]);
}

#[test]
fn a_page_that_was_made_writable_needs_no_flush() {
    let machine = machine_that_read(|machine| small(machine, Frame(40)));
    small_slot(&machine, 0).make_writable();
    write(&machine, page(0), 7).unwrap();
    assert_eq!(written(&machine, Frame(40)), 7);
    assert_eq!(staleness(&machine), []);
}

#[test]
fn a_fault_drops_the_translation() {
    let machine = machine_that_read(|machine| small(machine, Frame(40)));
    write(&machine, page(0), 7).unwrap_err();
    small_slot(&machine, 0).replace(small(&machine, Frame(41)));
    assert_eq!(read(&machine, page(0)), Ok(Frame(41)));
    assert_eq!(staleness(&machine), []);
}

#[test]
fn every_kind_of_flush_makes_the_next_access_walk() {
    let flushes: [fn(&Model); 3] = [
        |machine| assert_eq!(machine.flush_page(ROOT, page(0)), Flushed::Invlpg),
        |machine| assert_eq!(machine.flush_space(ROOT), Flushed::Cr3Load),
        |machine| machine.activate(Some(ROOT)),
    ];
    for flush in flushes {
        for huge_pages in [false, true] {
            let machine = machine();
            let (slot, before, after) = if huge_pages {
                (huge_slot(&machine), huge(&machine, Frame(512)), huge(&machine, Frame(1024)))
            } else {
                (small_slot(&machine, 0), small(&machine, Frame(512)), small(&machine, Frame(1024)))
            };
            slot.replace(before);
            read(&machine, page(0)).unwrap();
            slot.replace(after);
            flush(&machine);
            assert_eq!(read(&machine, page(0)), Ok(Frame(1024)));
            assert_eq!(staleness(&machine), []);
        }
    }
}

#[test]
fn a_flush_of_tables_that_are_not_loaded_does_nothing_and_says_so() {
    let machine = machine_that_read(|machine| small(machine, Frame(40)));
    small_slot(&machine, 0).replace(Pte::EMPTY);
    assert_eq!(machine.flush_page(Frame(50), page(0)), Flushed::Nothing);
    assert_eq!(machine.flush_space(Frame(50)), Flushed::Nothing);
    read(&machine, page(0)).unwrap();
    assert_eq!(staleness(&machine), [Staleness::Unmapped]);
}

#[test]
fn the_first_64_are_kept_and_the_rest_are_counted() {
    let machine = machine_that_read(|machine| small(machine, Frame(40)));
    small_slot(&machine, 0).replace(Pte::EMPTY);
    for _ in 0..64 {
        read(&machine, page(0)).unwrap();
    }
    assert_eq!((machine.stale_uses().len(), machine.further_stale_uses()), (64, 0));
    for _ in 0..36 {
        read(&machine, page(0)).unwrap();
    }
    assert_eq!((machine.stale_uses().len(), machine.further_stale_uses()), (64, 36));
    assert_eq!(machine.take_stale_uses().len(), 64);
    assert_eq!((machine.stale_uses().len(), machine.further_stale_uses()), (0, 0));
}
