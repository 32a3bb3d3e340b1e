use rmap::Merges;
use vm::FaultRefused::Segfault;
use vm::MapError::NotMapped;

use super::support::Story;
use crate::Process;
use crate::verify::{Answer, Impossible};

const ONE_PAGE: &str = "spawn 0\nmmap 0 0x20000+1 fixed private rw small\ntouch 0 0x20000 write\n";

#[test]
fn a_child_sees_what_its_parent_wrote_before_the_fork_only() {
    let mut story = Story::of(ONE_PAGE);
    story.goes_on("fork 0 -> 1\ntouch 0 0x20000 write");
    assert_eq!((story.reads(0, 0x2_0000), story.reads(1, 0x2_0000)), (Ok(2), Ok(1)));
}

#[test]
fn a_grandchild_keeps_its_page_when_the_middle_generation_exits_first() {
    let mut story = Story::of(ONE_PAGE);
    story.goes_on("fork 0 -> 1\nfork 1 -> 2\ntouch 1 0x20000 write\nexit 1\nexit 0");
    assert_eq!(story.reads(2, 0x2_0000), Ok(1));
}

#[test]
fn shared_memory_stays_one_in_a_family() {
    let mut story = Story::of("spawn 0\nmmap 0 0x20000+1 fixed shared rw small\nfork 0 -> 1");
    story.goes_on("touch 1 0x20000 write");
    assert_eq!(story.reads(0, 0x2_0000), Ok(1));
    story.goes_on("exit 1\ntouch 0 0x20000 write");
    assert_eq!(story.reads(0, 0x2_0000), Ok(2));
}

#[test]
fn exec_drops_everything_and_the_heap_starts_afresh() {
    let mut story = Story::of(ONE_PAGE);
    story.goes_on("brk 0 4\nexec 0");
    assert_eq!(story.reads(0, 0x2_0000), Err(Segfault));
    story.goes_on("brk 0 4");
    assert_eq!(story.reads(0, 0x8_0003), Ok(0));
}

#[test]
fn a_fork_that_runs_out_of_memory_leaves_no_child() {
    let mut story = Story::of(ONE_PAGE);
    assert_eq!(story.hears("fork 0 -> 1", Answer::OutOfMemory), Ok(()));
    assert_eq!(story.tell("exit 1"), Err(Impossible::NoSuchProcess(Process(1))));
}

#[test]
fn processes_that_do_not_fit_are_nobody_s_event() {
    let mut story = Story::of(ONE_PAGE);
    assert_eq!(story.tell("spawn 0"), Err(Impossible::ProcessExists(Process(0))));
    assert_eq!(story.tell("fork 0 -> 0"), Err(Impossible::ProcessExists(Process(0))));
    assert_eq!(story.tell("fork 4 -> 5"), Err(Impossible::NoSuchProcess(Process(4))));
    assert_eq!(story.tell("spawn 10"), Err(Impossible::NumberTooLarge(10)));
}

#[test]
fn a_child_inherits_no_lock_and_its_areas_may_or_may_not_merge() {
    let mut story =
        Story::of("spawn 0\nmmap 0 0x20000+4 fixed private rw small\nmlock 0 0x20000+2");
    assert_eq!(story.refusal("mremap 0 0x20000+4 -> 4 to 0x1fff0"), Some(NotMapped));
    story.goes_on("fork 0 -> 1");
    let across = "mremap 1 0x20000+4 -> 4 to 0x1fff0";
    assert_eq!(story.hears(across, Answer::Map(Err(NotMapped))), Ok(()));
    assert_eq!(story.place(across), 0x1_fff0);
}

#[test]
fn areas_that_a_scheme_may_keep_apart_may_or_may_not_move_as_one() {
    let mut story = Story::of("spawn 0\nmmap 0 0x20000+4 fixed private rw small");
    let across = "mremap 0 0x20000+4 -> 4 to 0x1fff0";
    assert!(story.hears(across, Answer::Map(Err(NotMapped))).is_err());
    story.shadow.reset(Merges::Sometimes);
    story.goes_on("spawn 0\nmmap 0 0x20000+4 fixed private rw small");
    assert_eq!(story.hears(across, Answer::Map(Err(NotMapped))), Ok(()));
    assert_eq!(story.place(across), 0x1_fff0);
}

#[test]
fn a_child_s_heap_ends_where_its_parent_s_did() {
    let mut story = Story::of("spawn 0\nbrk 0 4\nfork 0 -> 1\nbrk 1 3");
    assert_eq!((story.reads(1, 0x8_0003), story.reads(0, 0x8_0003)), (Err(Segfault), Ok(0)));
}
