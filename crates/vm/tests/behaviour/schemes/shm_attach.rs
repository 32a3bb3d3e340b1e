//! What is promised of `shm-attach`: a page of a segment is found by the segment's attaches, whoever
//! comes and goes; a private page is not, and says so.

use model::Model;
use rmap::{Coverage, PageIndex, ShmAttach, SpaceId};
use vm::{
    Access, Backing, FaultRefused, MapRequest, ObjectId, ObjectKind, PageRange, Placement,
    Protection, Refused, Remap, VirtualAddress, Vm, WhenIncomplete,
};

use crate::support::{HEAP, assert_sound, space_with_heap, times, vm, vm_with_swap, write};

const FAR: PageIndex = PageIndex(0x8000_0000);
const MANY: u64 = times(10_000, 100);

type Attached<'m> = Vm<'m, ShmAttach, Model>;

fn segment(vm: &Attached<'_>, pages: u64) -> ObjectId {
    vm.create_object(ObjectKind::Segment, pages).expect("memory for a segment")
}

/// Attaches `pages` pages of the segment from `offset` on at `at`.
fn attach(vm: &Attached<'_>, space: SpaceId, object: ObjectId, offset: u64, at: PageRange) {
    let backing = Backing::SharedObject { object, offset };
    let request =
        MapRequest { backing, ..MapRequest::private(Placement::Vacant(at.start), at.pages) };
    vm.mmap(space, &request).expect("a free range");
}

fn far(first: u64, pages: u64) -> PageRange {
    PageRange { start: FAR.plus(first), pages }
}

fn touch(vm: &Attached<'_>, space: SpaceId, page: PageIndex) -> Result<(), FaultRefused> {
    if vm.active() != Some(space) {
        vm.activate(space);
    }
    vm.touch(VirtualAddress::of_page(page), Access::Write, 1).map(drop)
}

/// What is known of the frame behind a page, in how many probes, and how many users were named.
fn find(vm: &Attached<'_>, space: SpaceId, page: PageIndex) -> (Coverage, u64, u32) {
    let frame = vm.frame_at(space, page).expect("a mapped page");
    let found = vm.find(frame, WhenIncomplete::Refuse);
    (found.coverage, found.probes, found.mappings)
}

/// A space for each of `attaches`, which all have the whole segment of 8 pages at [`FAR`].
fn spaces(vm: &Attached<'_>, object: ObjectId, attaches: usize) -> Vec<SpaceId> {
    let with_segment = || {
        let space = vm.create_space().expect("memory for a space");
        attach(vm, space, object, 0, far(0, 8));
        space
    };
    (0..attaches).map(|_| with_segment()).collect()
}

#[test]
fn every_attach_whose_entry_maps_the_page_is_found() {
    let machine = Model::new(2048);
    let vm: Attached<'_> = vm(&machine);
    let object = segment(&vm, 8);
    let spaces = spaces(&vm, object, 5);
    for (nth, space) in (1..).zip(&spaces) {
        touch(&vm, *space, FAR.plus(3)).unwrap();
        // A space without a table there is passed by; range and presence decide.
        assert_eq!(find(&vm, *space, FAR.plus(3)), (Coverage::Exact, nth, nth as u32));
    }
    touch(&vm, spaces[0], FAR.plus(4)).unwrap();
    assert_eq!(find(&vm, spaces[0], FAR.plus(4)), (Coverage::Exact, 5, 1));
    assert_sound(&vm);
}

#[test]
fn a_private_page_is_not_covered_and_says_so() {
    let machine = Model::new(2048);
    let vm: Attached<'_> = vm_with_swap(&machine, 8);
    let space = space_with_heap(&vm, 1);
    write(&vm, space, 0, 1);
    assert_eq!(find(&vm, space, HEAP), (Coverage::Unknown, 0, 0));
    let frame = vm.frame_at(space, HEAP).unwrap();
    assert_eq!(vm.unmap_frame(frame, WhenIncomplete::Refuse).outcome, Err(Refused::Incomplete));
    // So is the private copy of a file's page; the file's own page is.
    let file = vm.create_object(ObjectKind::File, 4).unwrap();
    let backing = Backing::PrivateObject { object: file, offset: 0 };
    let placement = Placement::Vacant(FAR);
    vm.mmap(space, &MapRequest { backing, ..MapRequest::private(placement, 4) }).unwrap();
    touch(&vm, space, FAR).unwrap();
    vm.touch(VirtualAddress::of_page(FAR.plus(1)), Access::Read, 0).unwrap();
    assert_eq!(find(&vm, space, FAR), (Coverage::Unknown, 0, 0));
    assert_eq!(find(&vm, space, FAR.plus(1)), (Coverage::Exact, 1, 1));
    assert_sound(&vm);
    vm.remove_object(file);
    vm.tear_down().unwrap();
}

#[test]
fn a_fork_attaches_and_an_exit_in_any_order_detaches() {
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
        let machine = Model::new(2048);
        let vm: Attached<'_> = vm(&machine);
        let object = segment(&vm, 8);
        let parent = spaces(&vm, object, 1)[0];
        let children = [(); 3].map(|()| vm.fork(parent).unwrap().child);
        let family = [parent, children[0], children[1], children[2]];
        for space in family {
            touch(&vm, space, FAR).unwrap();
        }
        assert_eq!(find(&vm, parent, FAR), (Coverage::Exact, 4, 4));
        for (left, nth) in (1..4).rev().zip(order) {
            vm.exit(family[nth]);
            let other = family[order[3]];
            assert_eq!(find(&vm, other, FAR), (Coverage::Exact, left, left as u32));
            assert_sound(&vm);
        }
        vm.remove_object(object);
        vm.tear_down().unwrap();
    }
}

#[test]
fn an_attach_that_loses_its_middle_is_two_that_know_their_ranges() {
    let machine = Model::new(2048);
    let vm: Attached<'_> = vm(&machine);
    let object = segment(&vm, 8);
    let spaces = spaces(&vm, object, 2);
    for page in 0..8 {
        for space in &spaces {
            touch(&vm, *space, FAR.plus(page)).unwrap();
        }
    }
    vm.munmap(spaces[0], far(3, 2)).unwrap();
    for page in 0..8 {
        let users = if (3..5).contains(&page) { 1 } else { 2 };
        let found = find(&vm, spaces[1], FAR.plus(page));
        assert_eq!(found, (Coverage::Exact, u64::from(users), users));
    }
    assert_sound(&vm);
    // Cut by rights and made whole again.
    for protection in [Protection::ReadOnly, Protection::ReadWrite] {
        vm.mprotect(spaces[1], far(2, 3), protection).unwrap();
        assert_eq!(find(&vm, spaces[1], FAR.plus(2)), (Coverage::Exact, 2, 2));
        assert_sound(&vm);
    }
}

#[test]
fn a_segment_that_is_cut_short_keeps_the_pages_that_are_left() {
    let machine = Model::new(2048);
    let vm: Attached<'_> = vm(&machine);
    let object = segment(&vm, 8);
    let spaces = spaces(&vm, object, 3);
    for page in 0..8 {
        for space in &spaces {
            touch(&vm, *space, FAR.plus(page)).unwrap();
        }
    }
    vm.truncate_object(object, 4);
    assert_eq!(find(&vm, spaces[1], FAR.plus(3)), (Coverage::Exact, 3, 3));
    assert_eq!(vm.frame_at(spaces[1], FAR.plus(4)), None);
    assert_eq!(touch(&vm, spaces[1], FAR.plus(4)), Err(FaultRefused::BeyondEnd));
    assert_sound(&vm);
}

#[test]
fn an_attach_that_moves_is_found_at_its_new_place() {
    let machine = Model::new(2048);
    let vm: Attached<'_> = vm(&machine);
    let object = segment(&vm, 8);
    let spaces = spaces(&vm, object, 2);
    for space in &spaces {
        touch(&vm, *space, FAR.plus(5)).unwrap();
    }
    vm.mremap(spaces[0], far(4, 3), 3, Remap::To(FAR.plus(1000))).unwrap();
    assert_eq!(find(&vm, spaces[0], FAR.plus(1001)), (Coverage::Exact, 2, 2));
    assert_sound(&vm);
    vm.mremap(spaces[0], far(1000, 3), 3, Remap::To(FAR.plus(4))).unwrap();
    assert_eq!(find(&vm, spaces[0], FAR.plus(5)), (Coverage::Exact, 2, 2));
    assert_sound(&vm);
}

#[test]
fn one_space_may_attach_a_segment_twice() {
    let machine = Model::new(2048);
    let vm: Attached<'_> = vm_with_swap(&machine, 16);
    let object = segment(&vm, 8);
    let space = spaces(&vm, object, 1)[0];
    attach(&vm, space, object, 4, far(100, 4));
    for page in [5, 101] {
        touch(&vm, space, FAR.plus(page)).unwrap();
    }
    assert_eq!(find(&vm, space, FAR.plus(5)), (Coverage::Exact, 2, 2));
    let frame = vm.frame_at(space, FAR.plus(5)).unwrap();
    assert_eq!(vm.unmap_frame(frame, WhenIncomplete::Refuse).outcome, Ok(()));
    assert_eq!(vm.frame_at(space, FAR.plus(101)), None);
    assert_sound(&vm);
}

#[test]
fn ten_thousand_attaches_come_and_go_in_any_order() {
    let machine = Model::new(times(16 * 1024, 1024) as u32);
    let vm: Attached<'_> = vm(&machine);
    let object = segment(&vm, MANY);
    let space = vm.create_space().unwrap();
    // Backwards, so that no two windows merge.
    let place = |window| far(MANY - window, 1);
    (0..MANY).for_each(|window| attach(&vm, space, object, window, place(window)));
    touch(&vm, space, place(MANY / 2).start).unwrap();
    // Every attach is looked at, and the one that covers the page is probed.
    assert_eq!(find(&vm, space, place(MANY / 2).start), (Coverage::Exact, 1, 1));
    assert_sound(&vm);
    // The oldest, the youngest and those between go, without a look at the others.
    for window in (0..MANY).filter(|window| window % 3 != 1 && *window != MANY / 2) {
        vm.munmap(space, place(window)).unwrap();
    }
    assert_eq!(find(&vm, space, place(MANY / 2).start), (Coverage::Exact, 1, 1));
    assert_sound(&vm);
    vm.remove_object(object);
    vm.tear_down().unwrap();
}

#[test]
fn an_attach_costs_8_bytes_in_its_vma_and_nothing_else() {
    let machine = Model::new(2048);
    let vm: Attached<'_> = vm(&machine);
    let object = segment(&vm, 8);
    spaces(&vm, object, 20);
    let footprint = vm.footprint();
    assert_eq!((footprint.bytes_per_frame, footprint.metadata_peak), (0, 0));
    assert_eq!(size_of::<<ShmAttach as rmap::Scheme>::VmaState>(), 8);
}
