//! What is promised of `hint-any`: it names one of a page's users, perhaps one that has gone, and never
//! takes what it finds there for an answer without a look.

use model::Model;
use rmap::{Coverage, Frame, HintAny, PageIndex, SpaceId};
use vm::{
    FaultKind, MapRequest, PageRange, PageSize, Placement, Refused, Remap, Vm, WhenIncomplete,
};

use crate::support::{HEAP, assert_sound, heap, read, space_with_heap, vm, vm_with_swap, write};

const FAR: PageIndex = PageIndex(0x8000_0000);
/// A page of the heap whose entry is the first of its table.
const FIRST_SLOT: u64 = 512 - (HEAP.0 % 512);

type Hinted<'m> = Vm<'m, HintAny, Model>;

fn frame_of(vm: &Hinted<'_>, space: SpaceId, page: u64) -> Frame {
    vm.frame_at(space, HEAP.plus(page)).expect("a mapped page")
}

/// A space whose heap of `pages` pages is written to.
fn written(vm: &Hinted<'_>, pages: u64) -> SpaceId {
    let space = space_with_heap(vm, pages);
    (0..pages).for_each(|page| _ = write(vm, space, page, page + 100));
    space
}

fn fork(vm: &Hinted<'_>, parent: SpaceId) -> SpaceId {
    vm.fork(parent).expect("memory for a child").child
}

/// What is known of a frame, in how many probes, and how many users were named.
fn find(vm: &Hinted<'_>, frame: Frame) -> (Coverage, u64, u32) {
    let found = vm.find(frame, WhenIncomplete::Refuse);
    (found.coverage, found.probes, found.mappings)
}

const ALONE: (Coverage, u64, u32) = (Coverage::Exact, 1, 1);
const ONE_OF_THEM: (Coverage, u64, u32) = (Coverage::Partial, 1, 1);
const STALE: (Coverage, u64, u32) = (Coverage::Unknown, 1, 0);

#[test]
fn of_several_users_one_is_named_and_there_is_said_to_be_more() {
    let machine = Model::new(1024);
    let vm: Hinted<'_> = vm(&machine);
    let parent = written(&vm, 1);
    let frame = frame_of(&vm, parent, 0);
    assert_eq!(find(&vm, frame), ALONE);
    for _ in 0..3 {
        fork(&vm, parent);
        assert_eq!(find(&vm, frame), ONE_OF_THEM);
    }
    assert_sound(&vm);
}

#[test]
fn whoever_wants_the_frame_gets_it_only_from_an_only_user() {
    let machine = Model::new(1024);
    let vm: Hinted<'_> = vm_with_swap(&machine, 8);
    let parent = written(&vm, 2);
    let child = fork(&vm, parent);
    let frame = frame_of(&vm, parent, 0);
    let evicted = vm.unmap_frame(frame, WhenIncomplete::Refuse);
    assert_eq!((evicted.outcome, evicted.mappings), (Err(Refused::Incomplete), 1));
    assert_sound(&vm);
    assert_eq!([parent, child].map(|space| read(&vm, space, 0)), [100, 100]);
    // The other page's users part; what is left of the sharing is one user, and known to be.
    vm.exit(child);
    let frame = frame_of(&vm, parent, 1);
    assert_eq!(vm.unmap_frame(frame, WhenIncomplete::Refuse).outcome, Ok(()));
    assert_sound(&vm);
    assert_eq!(read(&vm, parent, 1), 101);
}

#[test]
fn a_fork_whose_child_leaves_loses_nothing() {
    let machine = Model::new(1024);
    let vm: Hinted<'_> = vm(&machine);
    let parent = written(&vm, 4);
    let child = fork(&vm, parent);
    write(&vm, child, 1, 7);
    vm.exit(child);
    for page in 0..4 {
        assert_eq!(find(&vm, frame_of(&vm, parent, page)), ALONE);
    }
    assert_sound(&vm);
}

#[test]
fn the_named_user_exits_first() {
    let machine = Model::new(1024);
    let vm: Hinted<'_> = vm(&machine);
    let parent = written(&vm, 1);
    let children = [(); 2].map(|()| fork(&vm, parent));
    let frame = frame_of(&vm, parent, 0);
    vm.exit(parent);
    assert_eq!(find(&vm, frame), STALE);
    assert_sound(&vm);
    // An only user is not known either, before a write fault finds it to be one.
    vm.exit(children[0]);
    assert_eq!(find(&vm, frame), STALE);
    assert_eq!(write(&vm, children[1], 0, 8), Some(FaultKind::Reuse));
    assert_eq!(find(&vm, frame), ALONE);
    assert_sound(&vm);
}

#[test]
fn the_named_user_copies_away_while_others_stay() {
    let machine = Model::new(1024);
    let vm: Hinted<'_> = vm(&machine);
    let parent = written(&vm, 1);
    let children = [(); 2].map(|()| fork(&vm, parent));
    let frame = frame_of(&vm, parent, 0);
    assert_eq!(write(&vm, parent, 0, 8), Some(FaultKind::CopyOnWrite));
    // The slot that the hint names maps the copy now.
    assert_eq!(find(&vm, frame), STALE);
    assert_eq!(find(&vm, frame_of(&vm, parent, 0)), ALONE);
    assert_eq!(children.map(|child| read(&vm, child, 0)), [100, 100]);
    assert_sound(&vm);
}

#[test]
fn another_user_copies_away_and_the_named_one_stays() {
    let machine = Model::new(1024);
    let vm: Hinted<'_> = vm(&machine);
    let parent = written(&vm, 1);
    let child = fork(&vm, parent);
    let frame = frame_of(&vm, parent, 0);
    assert_eq!(write(&vm, child, 0, 8), Some(FaultKind::CopyOnWrite));
    assert_eq!(find(&vm, frame), ALONE);
    assert_eq!(find(&vm, frame_of(&vm, child, 0)), ALONE);
    assert_sound(&vm);
}

#[test]
fn the_table_of_a_stale_hint_becomes_a_page_that_looks_like_it() {
    let machine = Model::new(512);
    let vm: Hinted<'_> = vm(&machine);
    let parent = written(&vm, FIRST_SLOT + 1);
    let frame = frame_of(&vm, parent, FIRST_SLOT);
    let pte = vm.pte_at(parent, HEAP.plus(FIRST_SLOT));
    let child = fork(&vm, parent);
    vm.exit(parent);
    // The parent's table is a page of the child's before memory runs out, with the old entry in it.
    let most = u64::from(vm.free_frames()) - 16;
    vm.mmap(child, &MapRequest::private(Placement::Vacant(FAR), most)).unwrap();
    vm.activate(child);
    for page in 0..most {
        let address = vm::VirtualAddress::of_page(FAR.plus(page));
        vm.touch(address, vm::Access::Write, pte.address().0 | 1).unwrap();
    }
    assert_eq!(find(&vm, frame), STALE);
    assert_sound(&vm);
}

#[test]
fn the_table_of_a_stale_hint_becomes_another_table() {
    let machine = Model::new(512);
    let vm: Hinted<'_> = vm(&machine);
    let parent = written(&vm, 1);
    let frame = frame_of(&vm, parent, 0);
    let child = fork(&vm, parent);
    vm.exit(parent);
    // Spaces with a page of their own at the same address, one in a table where the parent's was.
    for nth in 0..20 {
        let stranger = space_with_heap(&vm, 1);
        write(&vm, stranger, 0, nth);
        assert_eq!(find(&vm, frame), STALE);
        assert_eq!(find(&vm, frame_of(&vm, stranger, 0)), ALONE);
    }
    assert_eq!(read(&vm, child, 0), 100);
    assert_sound(&vm);
}

#[test]
fn the_table_of_a_stale_hint_becomes_one_that_maps_the_frame_in_the_same_slot() {
    /// Whether the hint names a user again, by accident, if the next child's tables come from the
    /// parent's after `freed` other frames.
    fn names_again(freed: u64) -> bool {
        let machine = Model::new(512);
        let vm: Hinted<'_> = vm(&machine);
        let stranger = written(&vm, 8);
        let parent = written(&vm, 1);
        let frame = frame_of(&vm, parent, 0);
        let child = fork(&vm, parent);
        vm.exit(parent);
        vm.munmap(stranger, heap(freed)).unwrap();
        assert_eq!(find(&vm, frame), STALE);
        fork(&vm, child);
        assert_sound(&vm);
        find(&vm, frame) == ONE_OF_THEM
    }
    // It may say so then: one of them, since it asks for the count.
    assert!((1..4).any(names_again), "no new table was in the old one's frame");
}

#[test]
fn a_move_of_a_user_makes_it_the_named_one() {
    let machine = Model::new(1024);
    let vm: Hinted<'_> = vm(&machine);
    let parent = written(&vm, 4);
    let child = fork(&vm, parent);
    let frame = frame_of(&vm, parent, 2);
    for mover in [parent, child] {
        vm.mremap(mover, heap(4), 4, Remap::To(FAR)).unwrap();
        assert_eq!(find(&vm, frame), ONE_OF_THEM);
        assert_sound(&vm);
    }
    vm.exit(child);
    assert_eq!(find(&vm, frame), STALE, "the child moved last");
    assert_sound(&vm);
}

#[test]
fn a_hint_stays_with_the_contents_that_migrate() {
    let machine = Model::new(1024);
    let vm: Hinted<'_> = vm(&machine);
    let parent = written(&vm, 1);
    fork(&vm, parent);
    let frame = frame_of(&vm, parent, 0);
    let refused = vm.migrate_frame(frame, WhenIncomplete::Refuse);
    assert_eq!(refused.outcome, Err(Refused::Incomplete));
    assert_eq!(frame_of(&vm, parent, 0), frame, "every entry is as it was");
    assert_eq!(vm.migrate_frame(frame, WhenIncomplete::Scan).outcome, Ok(()));
    let moved = frame_of(&vm, parent, 0);
    assert_ne!(moved, frame);
    assert_eq!(find(&vm, moved), ONE_OF_THEM);
    assert_sound(&vm);
}

#[test]
fn whoever_swaps_a_page_in_is_the_named_one() {
    let machine = Model::new(1024);
    let vm: Hinted<'_> = vm_with_swap(&machine, 8);
    let parent = written(&vm, 1);
    let children = [(); 2].map(|()| fork(&vm, parent));
    let frame = frame_of(&vm, parent, 0);
    assert_eq!(vm.unmap_frame(frame, WhenIncomplete::Scan).outcome, Ok(()));
    read(&vm, children[0], 0);
    let frame = frame_of(&vm, children[0], 0);
    assert_eq!(find(&vm, frame), ALONE);
    read(&vm, children[1], 0);
    assert_eq!(find(&vm, frame), ONE_OF_THEM);
    vm.exit(children[0]);
    assert_eq!(find(&vm, frame), ALONE, "the last to come is the one that is left");
    assert_sound(&vm);
}

#[test]
fn the_parts_of_a_2_mib_page_name_a_user_even_if_the_whole_named_none() {
    let machine = Model::new(4096);
    let vm: Hinted<'_> = vm(&machine);
    let parent = vm.create_space().unwrap();
    let base = PageIndex(0x2_0000);
    let placement = Placement::Vacant(base);
    let request = MapRequest { page_size: PageSize::Huge, ..MapRequest::private(placement, 512) };
    vm.mmap(parent, &request).unwrap();
    vm.activate(parent);
    vm.touch(vm::VirtualAddress::of_page(base), vm::Access::Write, 1).unwrap();
    let head = vm.frame_at(parent, base).unwrap();
    let child = fork(&vm, parent);
    vm.exit(parent);
    assert_eq!(find(&vm, head), STALE);
    assert_eq!(vm.split_huge(head).outcome, Ok(()));
    for nth in [0, 1, 511] {
        assert_eq!(find(&vm, Frame(head.0 + nth)), ALONE);
    }
    assert_sound(&vm);
    vm.munmap(child, PageRange { start: base, pages: 512 }).unwrap();
    vm.tear_down().unwrap();
}

#[test]
fn the_frame_structure_does_not_grow() {
    let machine = Model::new(1024);
    let vm: Hinted<'_> = vm(&machine);
    written(&vm, 40);
    let footprint = vm.footprint();
    assert_eq!((footprint.bytes_per_frame, footprint.metadata_peak), (0, 0));
}
