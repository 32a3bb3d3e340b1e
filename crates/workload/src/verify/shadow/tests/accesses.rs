use rmap::PageIndex;
use vm::FaultRefused::{OutOfMemory, Segfault};

use super::support::Story;
use crate::verify::{Answer, Impossible, Surprise, Tag};

#[test]
fn fresh_memory_reads_as_zero_and_then_as_what_was_written() {
    let mut story = Story::of("spawn 0\nmmap 0 0x20000+2 fixed private rw small");
    assert_eq!(story.reads(0, 0x2_0000), Ok(0));
    assert_eq!(story.writes(0, 0x2_0000), Ok(()));
    assert_eq!((story.reads(0, 0x2_0000), story.reads(0, 0x2_0001)), (Ok(1), Ok(0)));
}

#[test]
fn nothing_outside_an_area_can_be_touched() {
    let mut story = Story::of("spawn 0\nmmap 0 0x20000+2 fixed private rw small");
    assert_eq!(story.reads(0, 0x2_0002), Err(Segfault));
    assert_eq!(story.writes(0, 0x1_ffff), Err(Segfault));
    assert_eq!(story.reads(0, 0x5_5555), Err(Segfault));
}

#[test]
fn a_write_to_read_only_memory_is_refused_and_changes_nothing() {
    let mut story = Story::of(
        "spawn 0\nmmap 0 0x20000+2 fixed private rw small\ntouch 0 0x20000 write\n\
         mprotect 0 0x20000+1 ro",
    );
    assert_eq!(story.writes(0, 0x2_0000), Err(Segfault));
    assert_eq!(story.reads(0, 0x2_0000), Ok(1));
}

#[test]
fn a_wrong_value_is_a_surprise_that_names_both() {
    let mut story = Story::of("spawn 0\nmmap 0 0x20000+2 fixed private rw small");
    let surprise = story.hears("touch 0 0x20000 read", Answer::Access(Ok(7))).unwrap_err();
    assert_eq!(surprise, Surprise::Read { value: 7, instead_of: Tag::ZERO });
    assert_eq!(surprise.to_string(), "the page contains 0x7 instead of 0x0 (write 0)");
}

#[test]
fn memory_may_run_out_under_any_access_and_leaves_no_trace() {
    let mut story = Story::of("spawn 0\nmmap 0 0x20000+2 fixed private rw small");
    assert_eq!(story.hears("touch 0 0x20000 write", Answer::Access(Err(OutOfMemory))), Ok(()));
    assert_eq!(story.reads(0, 0x2_0000), Ok(0));
}

#[test]
fn an_illegal_access_that_takes_place_is_a_surprise() {
    let mut story = Story::of("spawn 0");
    let surprise = story.hears("touch 0 0x20000 read", Answer::Access(Ok(0))).unwrap_err();
    assert_eq!(surprise.to_string(), "the access took place, but had to be refused with Segfault");
}

#[test]
fn a_stack_grows_down_to_the_touched_page_at_once() {
    let mut story = Story::of("spawn 0\nmmap 0 0x80000008+2 fixed private rw small stack");
    assert_eq!(story.writes(0, 0x7fff_fffa), Ok(()));
    for page in 0x7fff_fffb..0x8000_0008 {
        assert_eq!(story.reads(0, page), Ok(0), "page {page:#x}");
    }
    assert_eq!(story.reads(0, 0x7fff_fffa), Ok(1));
}

#[test]
fn a_stack_grows_by_at_most_its_window() {
    let mut story = Story::of("spawn 0\nmmap 0 0x80000008+2 fixed private rw small stack");
    assert_eq!(story.reads(0, 0x7fff_fff7), Err(Segfault));
    assert_eq!(story.reads(0, 0x7fff_fff8), Ok(0));
}

#[test]
fn a_stack_never_becomes_the_neighbour_of_another_area() {
    let mut story = Story::of(
        "spawn 0\nmmap 0 0x80000008+2 fixed private rw small stack\n\
         mmap 0 0x80000000+2 fixed private rw small",
    );
    assert_eq!(story.reads(0, 0x8000_0002), Err(Segfault));
    assert_eq!(story.reads(0, 0x8000_0003), Ok(0));
}

#[test]
fn only_stacks_grow() {
    let mut story = Story::of("spawn 0\nmmap 0 0x20008+2 fixed private rw small");
    assert_eq!(story.reads(0, 0x2_0007), Err(Segfault));
}

#[test]
fn a_stack_that_would_leave_its_window_is_nobody_s_event() {
    let mut story = Story::of("spawn 0\nmmap 0 0x7ffffff0+2 fixed private rw small stack");
    assert_eq!(story.tell("touch 0 0x7fffffef read"), Err(Impossible::OutsideWindows));
    assert_eq!(PageIndex(0x7fff_fff0), crate::verify::windows::STACK.start);
}
