//! 2 MiB pages: one entry of the lowest directory, one entry of the TLB.

mod support;

use model::Staleness;
use rmap::Frame;
use support::{
    BLOCK, OTHER_BLOCK, ROOT, huge, huge_slot, machine, page, read, small, small_slot, staleness,
    to_leaf_table, write, written,
};
use vm::Machine;

#[test]
fn a_huge_page_maps_512_frames_in_a_row() {
    let machine = machine();
    huge_slot(&machine).replace(huge(&machine, BLOCK).writable());
    for nth in [0, 1, 300, 511] {
        let frame = Frame(BLOCK.0 + u32::from(nth));
        assert_eq!(read(&machine, page(nth)), Ok(frame));
        write(&machine, page(nth), 7).unwrap();
        assert_eq!(written(&machine, frame), 7);
    }
    assert_eq!(machine.stale_uses(), []);
}

#[test]
fn one_access_brings_all_of_a_huge_page_into_the_tlb() {
    let machine = machine();
    huge_slot(&machine).replace(huge(&machine, BLOCK));
    read(&machine, page(3)).unwrap();
    huge_slot(&machine).replace(huge(&machine, OTHER_BLOCK));
    assert_eq!(read(&machine, page(500)), Ok(Frame(BLOCK.0 + 500)));
    assert_eq!(staleness(&machine), [Staleness::OtherFrame]);
}

#[test]
fn a_flush_of_any_page_inside_drops_the_huge_translation() {
    for flushed in [0, 3, 511] {
        let machine = machine();
        huge_slot(&machine).replace(huge(&machine, BLOCK));
        read(&machine, page(3)).unwrap();
        huge_slot(&machine).replace(huge(&machine, OTHER_BLOCK));
        machine.flush_page(ROOT, page(flushed));
        assert_eq!(read(&machine, page(500)), Ok(Frame(OTHER_BLOCK.0 + 500)));
        assert_eq!(machine.stale_uses(), []);
    }
}

#[test]
fn a_flush_of_the_next_page_leaves_it() {
    let machine = machine();
    huge_slot(&machine).replace(huge(&machine, BLOCK));
    read(&machine, page(3)).unwrap();
    huge_slot(&machine).replace(huge(&machine, OTHER_BLOCK));
    machine.flush_page(ROOT, page(512));
    read(&machine, page(3)).unwrap();
    assert_eq!(staleness(&machine), [Staleness::OtherFrame]);
}

#[test]
fn a_split_without_a_flush_is_a_stale_use_even_if_no_frame_changed() {
    let machine = machine();
    huge_slot(&machine).replace(huge(&machine, BLOCK));
    read(&machine, page(3)).unwrap();
    small_slot(&machine, 4).fill(small(&machine, Frame(BLOCK.0 + 4)));
    huge_slot(&machine).replace(to_leaf_table(&machine));
    assert_eq!(read(&machine, page(4)), Ok(Frame(BLOCK.0 + 4)));
    assert_eq!(staleness(&machine), [Staleness::SizeChanged]);
    machine.flush_page(ROOT, page(4));
    read(&machine, page(4)).unwrap();
    assert_eq!(staleness(&machine), []);
}

#[test]
fn a_collapse_without_a_flush_is_a_stale_use_of_the_small_pages() {
    let machine = machine();
    small_slot(&machine, 4).fill(small(&machine, Frame(BLOCK.0 + 4)));
    read(&machine, page(4)).unwrap();
    huge_slot(&machine).replace(huge(&machine, BLOCK));
    // The huge page comes into the TLB beside the small one, and serves every page but that one.
    assert_eq!(read(&machine, page(3)), Ok(Frame(BLOCK.0 + 3)));
    assert_eq!(staleness(&machine), []);
    read(&machine, page(4)).unwrap();
    assert_eq!(staleness(&machine), [Staleness::SizeChanged]);
}

#[test]
fn a_flush_drops_both_sizes_where_a_collapse_left_both() {
    let machine = machine();
    small_slot(&machine, 4).fill(small(&machine, Frame(40)));
    read(&machine, page(4)).unwrap();
    huge_slot(&machine).replace(huge(&machine, BLOCK));
    read(&machine, page(3)).unwrap();
    huge_slot(&machine).replace(huge(&machine, OTHER_BLOCK));
    machine.flush_page(ROOT, page(4));
    assert_eq!(read(&machine, page(4)), Ok(Frame(OTHER_BLOCK.0 + 4)));
    assert_eq!(machine.stale_uses(), []);
}

#[test]
#[should_panic(expected = "reserved bits are set")]
fn a_huge_page_must_be_aligned() {
    let machine = machine();
    huge_slot(&machine).replace(huge(&machine, Frame(BLOCK.0 + 1)));
    let _ = read(&machine, page(0));
}

#[test]
fn a_huge_page_that_does_not_fit_into_the_arena_maps_nothing() {
    let machine = machine();
    huge_slot(&machine).replace(huge(&machine, Frame(1536)));
    assert!(read(&machine, page(0)).is_err());
}
