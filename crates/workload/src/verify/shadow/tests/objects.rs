use vm::FaultRefused::{BeyondEnd, OutOfMemory, Segfault};
use vm::MapError;

use super::support::Story;
use crate::Object;
use crate::verify::{Answer, Impossible, Tag};

/// Process 0 maps the object shared at 0x20000, process 1 privately at 0x20008.
const BOTH_WAYS: &str = "create 2 file 8\nspawn 0\nspawn 1\n\
    mmap 0 0x20000+8 fixed shared-object 2+0 rw small\n\
    mmap 1 0x20008+6 fixed private-object 2+2 rw small\n";

#[test]
fn a_private_mapping_follows_its_object_until_its_own_first_write() {
    let mut story = Story::of(BOTH_WAYS);
    story.goes_on("touch 0 0x20002 write");
    assert_eq!(story.reads(1, 0x2_0008), Ok(1));
    story.goes_on("touch 0 0x20002 write");
    assert_eq!(story.reads(1, 0x2_0008), Ok(2));
    story.goes_on("touch 1 0x20008 write\ntouch 0 0x20002 write");
    assert_eq!((story.reads(0, 0x2_0002), story.reads(1, 0x2_0008)), (Ok(4), Ok(3)));
}

#[test]
fn a_private_copy_is_inherited_and_the_rest_still_follows() {
    let mut story = Story::of(BOTH_WAYS);
    story.goes_on(
        "touch 1 0x20008 write\nfork 1 -> 2\nexit 1\ntouch 0 0x20002 write\ntouch 0 0x20003 write",
    );
    assert_eq!((story.reads(2, 0x2_0008), story.reads(2, 0x2_0009)), (Ok(1), Ok(3)));
}

#[test]
fn truncation_takes_pages_and_private_copies_and_extension_brings_zeroes() {
    let mut story = Story::of(BOTH_WAYS);
    story.goes_on("touch 0 0x20003 write\ntouch 1 0x20009 write\ntruncate 2 3");
    assert_eq!(story.reads(0, 0x2_0003), Err(BeyondEnd));
    assert_eq!(story.reads(1, 0x2_0009), Err(BeyondEnd));
    assert_eq!(story.reads(0, 0x2_0002), Ok(0));
    story.goes_on("truncate 2 8");
    assert_eq!((story.reads(0, 0x2_0003), story.reads(1, 0x2_0009)), (Ok(0), Ok(0)));
}

#[test]
fn either_reason_is_right_where_two_apply() {
    let mut story = Story::of(BOTH_WAYS);
    story.goes_on("truncate 2 0\nmprotect 0 0x20000+8 ro");
    for reason in [BeyondEnd, Segfault] {
        assert_eq!(story.hears("touch 0 0x20000 write", Answer::Access(Err(reason))), Ok(()));
    }
}

#[test]
fn a_removed_object_lives_on_while_it_is_mapped() {
    let mut story = Story::of(BOTH_WAYS);
    story.goes_on("touch 0 0x20004 write\nremove 2\ncreate 2 segment 4\ntouch 0 0x20005 write");
    assert_eq!((story.reads(1, 0x2_000a), story.reads(1, 0x2_000b)), (Ok(1), Ok(2)));
    story.goes_on("mmap 0 0x20000+4 fixed shared-object 2+0 rw small");
    assert_eq!(story.reads(0, 0x2_0000), Ok(0));
}

#[test]
fn unmapped_and_removed_objects_make_room() {
    let mut story = Story::of("spawn 0");
    for _ in 0..40 {
        story.goes_on("mmap 0 0x20000+4 fixed shared rw small\ncreate 0 file 3\nremove 0");
    }
}

#[test]
fn too_many_objects_are_nobody_s_event() {
    let mut story = Story::of("spawn 0");
    for page in 0x2_0000..0x2_0010 {
        story.goes_on(&format!("mmap 0 {page:#x}+1 fixed shared rw small"));
    }
    let one_more = story.tell("mmap 0 0x1fff0+1 fixed shared rw small");
    assert_eq!(one_more, Err(Impossible::NoRoom));
    assert_eq!(story.tell("create 0 file 1"), Err(Impossible::NoRoom));
    assert_eq!(story.tell("create 4 file 1"), Err(Impossible::NumberTooLarge(4)));
    assert_eq!(story.tell("truncate 1 1"), Err(Impossible::NoSuchObject(Object(1))));
}

#[test]
fn a_lock_copies_writable_private_pages_as_a_write_would() {
    let mut story = Story::of(BOTH_WAYS);
    story.goes_on(
        "touch 0 0x20002 write\nmlock 1 0x20008+1\ntouch 0 0x20002 write\ntouch 0 0x20003 write",
    );
    assert_eq!((story.reads(1, 0x2_0008), story.reads(1, 0x2_0009)), (Ok(1), Ok(3)));
}

#[test]
fn a_lock_of_read_only_pages_copies_nothing() {
    let mut story = Story::of(BOTH_WAYS);
    story.goes_on("mprotect 1 0x20008+6 ro\nmlock 1 0x20008+6\ntouch 0 0x20002 write");
    assert_eq!(story.reads(1, 0x2_0008), Ok(1));
}

#[test]
fn after_a_lock_that_ran_out_of_memory_the_first_telling_read_decides() {
    let mut story = Story::of(BOTH_WAYS);
    let failed = Answer::Map(Err(MapError::OutOfMemory));
    assert_eq!(story.hears("mlock 1 0x20008+2", failed), Ok(()));
    story.goes_on("touch 0 0x20002 write\ntouch 0 0x20003 write");
    let hears = |story: &mut Story, page: u64, tag: u32| {
        let answer = Answer::Access(Ok(Tag(tag).word()));
        story.hears(&format!("touch 1 {page:#x} read"), answer).is_ok()
    };
    // One page had been copied, the other one had not.
    assert!(hears(&mut story, 0x2_0008, 0) && !hears(&mut story, 0x2_0008, 1));
    assert!(hears(&mut story, 0x2_0009, 2) && !hears(&mut story, 0x2_0009, 0));
    let out = Answer::Access(Err(OutOfMemory));
    assert_eq!(story.hears("touch 1 0x20009 read", out), Ok(()));
}
