use rmap::PageIndex;
use vm::FaultRefused::{Migrating, Poisoned, Segfault};
use vm::PageSize;

use super::support::Story;
use crate::Process;
use crate::verify::{Answer, Lock, Told, Users};

/// Processes 0 and 1 share one private page, 2 wrote its own copy.
const FAMILY: &str = "spawn 0\nmmap 0 0x20000+2 fixed private rw small\ntouch 0 0x20000 write\n\
    fork 0 -> 1\nfork 0 -> 2\ntouch 2 0x20000 write\n";

const PAGE: PageIndex = PageIndex(0x2_0000);

fn mark(story: &mut Story, users: &[(u16, u64)]) -> Users {
    let (process, page) = users[0];
    story.shadow.mark_users(Process(process), PageIndex(page), |process, page| {
        users.contains(&(process.0, page.0))
    })
}

fn poison(story: &mut Story, users: &[(u16, u64)], told: Told, absent: &[(u16, u64)]) {
    mark(story, users);
    let (process, page) = users[0];
    story.shadow.poison(Process(process), PageIndex(page), told, |process, page| {
        !absent.contains(&(process.0, page.0))
    });
    story.shadow.unmark_users();
}

#[test]
fn poison_is_told_to_every_user_and_nobody_else() {
    let mut story = Story::of(FAMILY);
    poison(&mut story, &[(0, 0x2_0000), (1, 0x2_0000)], Told::All, &[]);
    assert_eq!(
        (story.reads(0, 0x2_0000), story.reads(1, 0x2_0000)),
        (Err(Poisoned), Err(Poisoned))
    );
    assert_eq!((story.reads(2, 0x2_0000), story.reads(0, 0x2_0001)), (Ok(2), Ok(0)));
    assert_eq!(story.writes(0, 0x2_0000), Err(Poisoned));
}

#[test]
fn poison_is_forked_and_moved_and_goes_with_the_mapping() {
    let mut story = Story::of(FAMILY);
    poison(&mut story, &[(0, 0x2_0000)], Told::All, &[]);
    story.goes_on("fork 0 -> 3\nmremap 3 0x20000+1 -> 1 to 0x1fff0");
    assert_eq!(story.reads(3, 0x1_fff0), Err(Poisoned));
    story.goes_on("mmap 3 0x1fff0+1 fixed private rw small\nexec 0");
    assert_eq!((story.reads(3, 0x1_fff0), story.reads(0, 0x2_0000)), (Ok(0), Err(Segfault)));
}

#[test]
fn who_held_the_page_in_swap_is_told_too() {
    let mut story = Story::of(FAMILY);
    poison(&mut story, &[(0, 0x2_0000)], Told::All, &[(1, 0x2_0000), (2, 0x2_0000)]);
    assert_eq!(story.reads(1, 0x2_0000), Err(Poisoned));
    // Process 2 has a copy of its own: other contents.
    assert_eq!(story.reads(2, 0x2_0000), Ok(2));
}

#[test]
fn an_absent_page_that_a_lock_may_have_copied_is_in_doubt_and_the_first_access_decides() {
    let mut story = Story::of(FAMILY);
    story.goes_on("mlock 1 0x20000+1\nmunlock 1 0x20000+1\nfork 1 -> 3");
    poison(&mut story, &[(0, 0x2_0000)], Told::All, &[(1, 0x2_0000), (3, 0x2_0000)]);
    assert_eq!(story.hears("touch 1 0x20000 read", Answer::Access(Err(Poisoned))), Ok(()));
    assert_eq!((story.reads(1, 0x2_0000), story.reads(3, 0x2_0000)), (Err(Poisoned), Ok(1)));
}

#[test]
fn doubt_ends_with_a_read_that_succeeds() {
    let mut story = Story::of(FAMILY);
    poison(&mut story, &[(0, 0x2_0000), (1, 0x2_0000)], Told::Some, &[]);
    assert_eq!(story.reads(1, 0x2_0000), Ok(1));
    assert!(story.hears("touch 1 0x20000 read", Answer::Access(Err(Poisoned))).is_err());
    assert_eq!(story.hears("touch 0 0x20000 read", Answer::Access(Err(Poisoned))), Ok(()));
}

#[test]
fn a_poisoned_object_page_is_poisoned_for_all_until_it_is_cut_off() {
    let mut story = Story::of(
        "create 0 file 4\nspawn 0\nspawn 1\nmmap 0 0x20000+4 fixed shared-object 0+0 rw small\n\
         mmap 1 0x20000+4 fixed private-object 0+0 rw small\ntouch 1 0x20001 write",
    );
    poison(&mut story, &[(0, 0x2_0000)], Told::All, &[(1, 0x2_0000)]);
    poison(&mut story, &[(0, 0x2_0001)], Told::All, &[]);
    assert_eq!(
        (story.reads(0, 0x2_0000), story.reads(1, 0x2_0000)),
        (Err(Poisoned), Err(Poisoned))
    );
    assert_eq!(story.reads(1, 0x2_0001), Ok(1));
    story.goes_on("truncate 0 0\ntruncate 0 4");
    assert_eq!((story.reads(0, 0x2_0000), story.reads(1, 0x2_0000)), (Ok(0), Ok(0)));
}

#[test]
fn users_of_an_open_migration_wait_and_children_with_them() {
    let mut story = Story::of(FAMILY);
    mark(&mut story, &[(0, 0x2_0000), (1, 0x2_0000)]);
    story.shadow.begin_migration(3, Process(0), PAGE, |_, _| true);
    story.shadow.unmark_users();
    story.goes_on("fork 1 -> 4");
    for process in [0, 1, 4] {
        assert_eq!(story.reads(process, 0x2_0000), Err(Migrating));
    }
    // A relative that had no PTE may have to wait, or may not.
    assert_eq!(story.hears("touch 2 0x20000 read", Answer::Access(Err(Migrating))), Ok(()));
    assert_eq!(story.reads(2, 0x2_0000), Ok(2));
    assert!(story.hears("touch 2 0x20001 read", Answer::Access(Err(Migrating))).is_err());
    story.shadow.finish_migration(3);
    assert_eq!((story.reads(0, 0x2_0000), story.reads(4, 0x2_0000)), (Ok(1), Ok(1)));
}

#[test]
fn users_are_counted_with_their_locks() {
    let mut story = Story::of(FAMILY);
    story.goes_on("mlock 1 0x20000+1");
    let users = mark(&mut story, &[(0, 0x2_0000), (1, 0x2_0000)]);
    let expected = Users { ptes: 2, lock: Lock::Yes, page_size: PageSize::Small, migrating: false };
    assert_eq!(users, expected);
    assert!(story.shadow.all_users(|process, page| process.0 < 2 && page == PAGE));
}

#[test]
fn a_huge_page_is_one_mapping_of_512_pages() {
    let mut story = Story::of(
        "spawn 0\nmmap 0 0x200000+1056 fixed private rw huge\ntouch 0 0x200203 write\nfork 0 -> 1",
    );
    let huge = 0x20_0200..0x20_0400u64;
    let users =
        story.shadow.mark_users(Process(0), PageIndex(0x20_0203), |_, page| huge.contains(&page.0));
    assert_eq!((users.ptes, users.page_size), (2, PageSize::Huge));
    // The VM kept the sound rest.
    story.shadow.poison(Process(0), PageIndex(0x20_0203), Told::All, |_, page| page.0 != 0x20_0200);
    assert_eq!((story.reads(1, 0x20_0200), story.reads(1, 0x20_0203)), (Err(Poisoned), Ok(1)));
}
