use vm::FaultRefused::Segfault;
use vm::MapError::{BadMove, BadRange, NotMapped, Occupied, OutOfMemory};

use super::support::Story;
use crate::verify::Answer;

const FOUR_PAGES: &str = "spawn 0\nmmap 0 0x20000+4 fixed private rw small\n\
    touch 0 0x20000 write\ntouch 0 0x20001 write\ntouch 0 0x20002 write\ntouch 0 0x20003 write\n";

#[test]
fn pages_move_with_their_contents() {
    let mut story = Story::of(FOUR_PAGES);
    story.goes_on("mremap 0 0x20000+4 -> 4 to 0x1fff0");
    assert_eq!(story.reads(0, 0x1_fff2), Ok(3));
    assert_eq!(story.reads(0, 0x2_0002), Err(Segfault));
}

#[test]
fn a_move_onto_a_neighbour_replaces_it() {
    let mut story = Story::of(FOUR_PAGES);
    story.goes_on("mremap 0 0x20000+2 -> 2 to 0x20002");
    assert_eq!((story.reads(0, 0x2_0002), story.reads(0, 0x2_0003)), (Ok(1), Ok(2)));
}

#[test]
fn a_range_that_overlaps_its_target_does_not_move() {
    let mut story = Story::of(FOUR_PAGES);
    assert_eq!(story.refusal("mremap 0 0x20000+2 -> 3 to 0x1fffe"), Some(BadMove));
    assert_eq!(story.refusal("mremap 0 0x20000+2 -> 2 to 0x20000"), Some(BadMove));
}

#[test]
fn shrinking_unmaps_the_tail() {
    let mut story = Story::of(FOUR_PAGES);
    story.goes_on("mremap 0 0x20000+4 -> 1 in-place");
    assert_eq!((story.reads(0, 0x2_0000), story.reads(0, 0x2_0001)), (Ok(1), Err(Segfault)));
}

#[test]
fn shrinking_on_the_way_drops_the_tail() {
    let mut story = Story::of(FOUR_PAGES);
    story.goes_on("mremap 0 0x20000+4 -> 2 to 0x1fff0");
    assert_eq!((story.reads(0, 0x1_fff1), story.reads(0, 0x1_fff2)), (Ok(2), Err(Segfault)));
    assert_eq!(story.reads(0, 0x2_0003), Err(Segfault));
}

#[test]
fn growing_in_place_needs_free_pages_and_the_area_s_end() {
    let mut story = Story::of(FOUR_PAGES);
    story.goes_on("mremap 0 0x20000+4 -> 6 in-place");
    assert_eq!(story.reads(0, 0x2_0005), Ok(0));
    assert_eq!(story.refusal("mremap 0 0x20000+4 -> 8 in-place"), Some(Occupied));
    story.goes_on("mmap 0 0x20008+1 fixed private rw small");
    assert_eq!(story.refusal("mremap 0 0x20000+6 -> 9 in-place"), Some(Occupied));
}

#[test]
fn growing_anywhere_moves_only_if_it_must() {
    let mut story = Story::of(FOUR_PAGES);
    assert_eq!(story.place("mremap 0 0x20002+2 -> 3 anywhere"), 0x2_0002);
    assert_eq!(story.place("mremap 0 0x20000+2 -> 3 anywhere"), 0x10_0000);
    assert_eq!((story.reads(0, 0x10_0001), story.reads(0, 0x10_0002)), (Ok(2), Ok(0)));
}

#[test]
fn a_copy_leaves_zeroes_behind() {
    let mut story = Story::of(FOUR_PAGES);
    story.goes_on("mremap 0 0x20001+2 -> 2 copy-to 0x1fff0");
    assert_eq!((story.reads(0, 0x1_fff0), story.reads(0, 0x2_0001)), (Ok(2), Ok(0)));
    assert_eq!(story.writes(0, 0x2_0001), Ok(()));
    assert_eq!(story.reads(0, 0x1_fff0), Ok(2));
}

#[test]
fn only_private_memory_of_the_same_size_is_copied() {
    let mut story = Story::of(FOUR_PAGES);
    assert_eq!(story.refusal("mremap 0 0x20000+2 -> 3 copy-to 0x1fff0"), Some(BadMove));
    story.goes_on("mmap 0 0x20000+4 fixed shared rw small");
    assert_eq!(story.refusal("mremap 0 0x20000+2 -> 2 copy-to 0x1fff0"), Some(BadMove));
}

#[test]
fn stacks_never_move() {
    let mut story = Story::of(
        "spawn 0\nmmap 0 0x20000+4 fixed private rw small stack\nmmap 0 0x20004+1 fixed shared rw small",
    );
    assert_eq!(story.refusal("mremap 0 0x20000+4 -> 4 to 0x1fff0"), Some(BadMove));
    assert_eq!(story.refusal("mremap 0 0x20000+4 -> 5 anywhere"), Some(BadMove));
    story.goes_on("mremap 0 0x20000+4 -> 3 anywhere");
}

#[test]
fn a_moved_range_lies_in_one_area() {
    let mut story = Story::of(FOUR_PAGES);
    story.goes_on("mprotect 0 0x20002+1 ro");
    assert_eq!(story.refusal("mremap 0 0x20001+2 -> 2 to 0x1fff0"), Some(NotMapped));
    // Shattered and alike again: one area.
    story.goes_on("mprotect 0 0x20002+1 rw\nmremap 0 0x20001+2 -> 2 to 0x1fff0");
}

#[test]
fn areas_merge_only_if_their_offsets_continue() {
    let mut story = Story::of(FOUR_PAGES);
    // Away, next to a fresh area: the offsets of the moved pages still tell of their origin.
    story.goes_on("mmap 0 0x1fff4+2 fixed private rw small\nmremap 0 0x20000+4 -> 4 to 0x1fff0");
    assert_eq!(story.refusal("mremap 0 0x1fff2+4 -> 4 to 0x20010"), Some(NotMapped));
    // Back home, beside fresh pages: one area again.
    story.goes_on(
        "mremap 0 0x1fff0+4 -> 4 to 0x20000\nmmap 0 0x20004+2 fixed private rw small\n\
         mremap 0 0x20002+4 -> 4 to 0x20010",
    );
    assert_eq!(story.reads(0, 0x2_0011), Ok(4));
}

#[test]
fn impossible_sizes_are_bad_ranges() {
    let mut story = Story::of(FOUR_PAGES);
    assert_eq!(story.refusal("mremap 0 0x20000+4 -> 0 in-place"), Some(BadRange));
    assert_eq!(story.refusal("mremap 0 0x20000+0 -> 4 in-place"), Some(BadRange));
    assert_eq!(story.refusal("mremap 0 0x20000+4 -> 4 to 0"), Some(BadRange));
}

#[test]
fn where_several_reasons_apply_any_of_them_is_right() {
    let mut story = Story::of(FOUR_PAGES);
    let overlapping_and_not_mapped = "mremap 0 0x20002+4 -> 4 to 0x20003";
    for reason in [BadMove, NotMapped] {
        let answer = Answer::Map(Err(reason));
        assert_eq!(story.hears(overlapping_and_not_mapped, answer), Ok(()));
    }
    assert!(story.hears(overlapping_and_not_mapped, Answer::Map(Err(Occupied))).is_err());
}

#[test]
fn an_area_may_stay_split_after_memory_ran_out() {
    let mut story = Story::of(FOUR_PAGES);
    let across = "mremap 0 0x20001+2 -> 2 to 0x1fff0";
    assert!(story.hears(across, Answer::Map(Err(NotMapped))).is_err());
    assert_eq!(story.hears("mprotect 0 0x20002+1 ro", Answer::Map(Err(OutOfMemory))), Ok(()));
    assert_eq!(story.hears(across, Answer::Map(Err(NotMapped))), Ok(()));
    story.goes_on(across);
}

#[test]
fn a_shared_area_that_grows_reaches_beyond_its_object() {
    let mut story = Story::of("spawn 0\nmmap 0 0x20000+2 fixed shared rw small");
    story.goes_on("mremap 0 0x20000+2 -> 3 in-place");
    assert_eq!(story.reads(0, 0x2_0001), Ok(0));
    assert_eq!(story.reads(0, 0x2_0002), Err(vm::FaultRefused::BeyondEnd));
}
