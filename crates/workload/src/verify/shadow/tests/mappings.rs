use rmap::PageIndex;
use vm::FaultRefused::Segfault;
use vm::MapError::{BadRange, NoGap, NotMapped, Occupied, OutOfMemory};

use super::support::Story;
use crate::verify::{Answer, Impossible, Surprise};

#[test]
fn a_fixed_range_replaces_what_is_there_and_a_vacant_one_does_not() {
    let mut story = Story::of(
        "spawn 0\nmmap 0 0x20000+4 fixed private rw small\ntouch 0 0x20001 write\n\
         mmap 0 0x20001+1 fixed private rw small",
    );
    assert_eq!(story.reads(0, 0x2_0001), Ok(0));
    assert_eq!(story.refusal("mmap 0 0x20003+4 vacant private rw small"), Some(Occupied));
    assert_eq!(story.place("mmap 0 0x20004+4 vacant private rw small"), 0x2_0004);
}

#[test]
fn anywhere_is_the_lowest_gap_that_is_large_enough() {
    let mut story = Story::of(
        "spawn 0\nmmap 0 0x100002+2 fixed private rw small\nmmap 0 0x100008+1 fixed shared rw small",
    );
    assert_eq!(story.place("mmap 0 0+3 anywhere private rw small"), 0x10_0004);
    assert_eq!(story.place("mmap 0 0+2 anywhere private rw small"), 0x10_0000);
    assert_eq!(story.place("mmap 0 0+2 anywhere private rw small"), 0x10_0009);
}

#[test]
fn a_gap_outside_the_window_is_nobody_s_event() {
    let mut story = Story::of("spawn 0\nmmap 0 0+60 anywhere private rw small");
    let too_much = "mmap 0 0+5 anywhere private rw small";
    assert_eq!(story.tell(too_much), Err(Impossible::OutsideWindows));
}

#[test]
fn no_address_space_holds_a_bad_range() {
    let mut story = Story::of("spawn 0");
    for range in ["0x20000+0", "0+4", "0x7ffffffff+2", "0x800000000+1"] {
        for line in
            ["munmap 0 R", "mmap 0 R fixed private rw small", "mmap 0 R vacant shared ro huge"]
        {
            assert_eq!(story.refusal(&line.replace('R', range)), Some(BadRange), "{range}");
        }
    }
    let huge = "mmap 0 0+0x800000000 anywhere private rw small";
    assert_eq!(story.refusal(huge), Some(BadRange));
    assert_eq!(story.hears(huge, Answer::Map(Err(NoGap))), Ok(()));
}

#[test]
fn munmap_may_cover_holes() {
    let mut story = Story::of(
        "spawn 0\nmmap 0 0x20000+2 fixed private rw small\nmmap 0 0x20004+2 fixed private rw small\n\
         munmap 0 0x1fff0+22",
    );
    assert_eq!(story.reads(0, 0x2_0004), Err(Segfault));
    assert_eq!(story.reads(0, 0x2_0005), Err(Segfault));
    story.goes_on("munmap 0 0x20006+1");
}

#[test]
fn a_change_of_a_range_with_a_hole_changes_nothing() {
    let mut story =
        Story::of("spawn 0\nmmap 0 0x20000+4 fixed private rw small\nmunmap 0 0x20002+1");
    assert_eq!(story.refusal("mprotect 0 0x20000+4 ro"), Some(NotMapped));
    assert_eq!(story.refusal("mlock 0 0x20000+4"), Some(NotMapped));
    assert_eq!(story.refusal("mprotect 0 0x20003+2 ro"), Some(NotMapped));
    assert_eq!(story.writes(0, 0x2_0000), Ok(()));
}

#[test]
fn the_heap_grows_and_shrinks_from_its_old_end() {
    let mut story = Story::of("spawn 0\nbrk 0 8\ntouch 0 0x80007 write\nbrk 0 4");
    assert_eq!(story.reads(0, 0x8_0004), Err(Segfault));
    story.goes_on("brk 0 8");
    assert_eq!(story.reads(0, 0x8_0007), Ok(0));
}

#[test]
fn the_heap_does_not_grow_into_an_area_nor_fill_its_own_holes() {
    let mut story = Story::of("spawn 0\nmmap 0 0x80006+1 fixed private rw small\nbrk 0 6");
    assert_eq!(story.refusal("brk 0 7"), Some(Occupied));
    story.goes_on("munmap 0 0x80002+1\nmunmap 0 0x80006+1\nbrk 0 7");
    assert_eq!(story.reads(0, 0x8_0002), Err(Segfault));
}

#[test]
fn success_where_refusal_was_due_is_a_surprise() {
    let mut story = Story::of("spawn 0");
    let surprise = story.hears("mprotect 0 0x20000+1 ro", Answer::Map(Ok(None))).unwrap_err();
    assert_eq!(surprise.to_string(), "it was done, but had to be refused with NotMapped");
}

#[test]
fn refusal_where_success_was_due_is_a_surprise_unless_memory_ran_out() {
    let mut story = Story::of("spawn 0");
    let mmap = "mmap 0 0x20000+1 vacant private rw small";
    let surprise = story.hears(mmap, Answer::Map(Err(Occupied))).unwrap_err();
    assert_eq!(surprise.to_string(), "it was refused with Occupied, but had to be done");
    assert_eq!(story.hears(mmap, Answer::Map(Err(OutOfMemory))), Ok(()));
    assert_eq!(story.reads(0, 0x2_0000), Err(Segfault));
}

#[test]
fn the_wrong_place_is_a_surprise() {
    let mut story = Story::of("spawn 0");
    let mmap = "mmap 0 0+1 anywhere private rw small";
    let at = Some(PageIndex(0x10_0001));
    let surprise = story.hears(mmap, Answer::Map(Ok(at))).unwrap_err();
    assert_eq!(surprise, Surprise::Placed { at, instead_of: Some(PageIndex(0x10_0000)) });
}
