//! What an object's own list of attaches finds, and what it does not cover.

mod support;

use model::Model;
use rmap::{Coverage, PageIndex, ShmAttach, SpaceId};
use support::{HEAP, assert_sound, space_with_heap, vm, vm_with_swap, write};
use vm::{
    Access, Backing, MapRequest, ObjectId, ObjectKind, PageRange, Placement, Refused, Remap,
    VirtualAddress, Vm, WhenIncomplete,
};

const FRAMES: u32 = 1024;
const FAR: PageIndex = PageIndex(0x8_0000);

type Attached<'m> = Vm<'m, ShmAttach, Model>;

fn attach(
    vm: &Attached<'_>,
    space: SpaceId,
    object: ObjectId,
    (start, offset): (u64, u64),
    pages: u64,
) {
    let backing = Backing::SharedObject { object, offset };
    let placement = Placement::Vacant(FAR.plus(start));
    vm.mmap(space, &MapRequest { backing, ..MapRequest::private(placement, pages) }).unwrap();
}

fn touch(vm: &Attached<'_>, space: SpaceId, page: u64) {
    vm.activate(space);
    vm.touch(VirtualAddress::of_page(FAR.plus(page)), Access::Write, 1).unwrap();
}

/// Coverage, mappings and probes of a search for the frame behind a page.
fn search(vm: &Attached<'_>, space: SpaceId, page: u64) -> (Coverage, u32, u64) {
    let frame = vm.frame_at(space, FAR.plus(page)).expect("a mapped page");
    let found = vm.find(frame, WhenIncomplete::Refuse);
    (found.coverage, found.mappings, found.probes)
}

#[test]
fn every_attach_is_looked_at_for_range_and_presence() {
    let machine = Model::new(FRAMES);
    let vm: Attached<'_> = vm(&machine);
    let segment = vm.create_object(ObjectKind::Segment, 8).unwrap();
    let spaces: Vec<_> = (0..4).map(|_| vm.create_space().unwrap()).collect();
    for space in &spaces[..3] {
        attach(&vm, *space, segment, (0, 0), 8);
    }
    // Another window, which the page is not in.
    attach(&vm, spaces[3], segment, (0, 4), 4);
    touch(&vm, spaces[0], 1);
    touch(&vm, spaces[1], 1);
    touch(&vm, spaces[2], 7);
    touch(&vm, spaces[3], 0);
    // The third has a table there and no PTE: it is asked in vain.
    assert_eq!(search(&vm, spaces[0], 1), (Coverage::Exact, 2, 3));
    assert_sound(&vm);
}

#[test]
fn a_private_page_is_not_covered_and_says_so() {
    let machine = Model::new(FRAMES);
    let vm: Attached<'_> = vm_with_swap(&machine, 8);
    let space = space_with_heap(&vm, 2);
    write(&vm, space, 0, 1);
    let frame = vm.frame_at(space, HEAP).unwrap();
    let found = vm.find(frame, WhenIncomplete::Refuse);
    assert_eq!((found.coverage, found.mappings, found.probes), (Coverage::Unknown, 0, 0));
    let refused = vm.unmap_frame(frame, WhenIncomplete::Refuse);
    assert_eq!(refused.outcome, Err(Refused::Incomplete));
    assert_eq!(vm.unmap_frame(frame, WhenIncomplete::Scan).outcome, Ok(()));
    assert_sound(&vm);
}

#[test]
fn attaches_come_with_forks_splits_and_moves_and_go_with_what_they_map() {
    let machine = Model::new(FRAMES);
    let vm: Attached<'_> = vm(&machine);
    let segment = vm.create_object(ObjectKind::Segment, 9).unwrap();
    let parent = vm.create_space().unwrap();
    attach(&vm, parent, segment, (0, 0), 9);
    touch(&vm, parent, 8);
    let child = vm.fork(parent).unwrap().child;
    touch(&vm, child, 8);
    assert_eq!(search(&vm, parent, 8).1, 2);
    // Three attaches now in the child, of which the last has the page.
    let middle = PageRange { start: FAR.plus(3), pages: 3 };
    vm.munmap(child, middle).unwrap();
    assert_eq!(search(&vm, parent, 8).1, 2);
    let last = PageRange { start: FAR.plus(6), pages: 3 };
    vm.mremap(child, last, 3, Remap::To(FAR.plus(100))).unwrap();
    assert_eq!(search(&vm, child, 102).1, 2);
    assert_sound(&vm);
    vm.exit(parent);
    assert_eq!(search(&vm, child, 102), (Coverage::Exact, 1, 1));
    vm.exit(child);
    vm.remove_object(segment);
    assert_sound(&vm);
    vm.tear_down().unwrap();
}

#[test]
fn thousands_of_windows_are_all_looked_at_for_one_page() {
    const WINDOWS: u64 = if cfg!(miri) { 40 } else { 3000 };
    let machine = Model::new(FRAMES);
    let vm: Attached<'_> = vm(&machine);
    let segment = vm.create_object(ObjectKind::Segment, WINDOWS).unwrap();
    let space = vm.create_space().unwrap();
    for window in 0..WINDOWS {
        // Backwards, so that no two windows merge.
        attach(&vm, space, segment, (WINDOWS - window, window), 1);
    }
    touch(&vm, space, 7);
    // Only the window that covers the page costs a probe; the others cost the walk along the list.
    assert_eq!(search(&vm, space, 7), (Coverage::Exact, 1, 1));
    // Detached in another order than they came.
    for window in (0..WINDOWS).step_by(2).chain((1..WINDOWS).step_by(2)) {
        vm.munmap(space, PageRange { start: FAR.plus(WINDOWS - window), pages: 1 }).unwrap();
    }
    vm.remove_object(segment);
    vm.exit(space);
    vm.tear_down().unwrap();
}
