//! What is promised of `vma-offset`: an unshared anonymous page is found by its (vma, offset) tuple,
//! whatever becomes of the VMA.

use model::Model;
use rmap::{Coverage, Frame, PageIndex, SpaceId, VmaOffset};
use vm::{
    Access, Backing, FaultKind, Growth, MapRequest, ObjectKind, PageRange, PageSize, Placement,
    Protection, Remap, VirtualAddress, Vm, WhenIncomplete,
};

use crate::support::{
    HEAP, assert_sound, heap, read, space_with_heap, times, vm, vm_with_swap, write,
};

const FAR: PageIndex = PageIndex(0x8000_0000);
const PIECES: u64 = times(1000, 20);

type Tupled<'m> = Vm<'m, VmaOffset, Model>;

/// A space whose heap of `pages` pages is written to.
fn written(vm: &Tupled<'_>, pages: u64) -> SpaceId {
    let space = space_with_heap(vm, pages);
    (0..pages).for_each(|page| _ = write(vm, space, page, page + 100));
    space
}

/// What is known of the frame behind a page, in how many probes, and how many users were named.
fn find_at(vm: &Tupled<'_>, space: SpaceId, page: PageIndex) -> (Coverage, u64, u32) {
    let frame = vm.frame_at(space, page).expect("a mapped page");
    let found = vm.find(frame, WhenIncomplete::Refuse);
    (found.coverage, found.probes, found.mappings)
}

fn find(vm: &Tupled<'_>, space: SpaceId, page: u64) -> (Coverage, u64, u32) {
    find_at(vm, space, HEAP.plus(page))
}

fn part(first: u64, pages: u64) -> PageRange {
    PageRange { start: HEAP.plus(first), pages }
}

const FOUND: (Coverage, u64, u32) = (Coverage::Exact, 1, 1);
const LOST: (Coverage, u64, u32) = (Coverage::Unknown, 0, 0);

#[test]
fn only_unshared_pages_are_covered() {
    let machine = Model::new(1024);
    let vm: Tupled<'_> = vm(&machine);
    let parent = written(&vm, 2);
    assert_eq!(find(&vm, parent, 0), FOUND);
    let child = vm.fork(parent).unwrap().child;
    assert_eq!(find(&vm, parent, 0), LOST);
    // A copy has a tuple from birth; a page that is alone again gets one by a write fault ...
    assert_eq!(write(&vm, child, 0, 1), Some(FaultKind::CopyOnWrite));
    assert_eq!((find(&vm, child, 0), find(&vm, parent, 0)), (FOUND, LOST));
    assert_eq!(write(&vm, parent, 0, 2), Some(FaultKind::Reuse));
    assert_eq!(find(&vm, parent, 0), FOUND);
    // ... and by nothing else.
    vm.exit(child);
    assert_eq!(find(&vm, parent, 1), LOST);
    assert_sound(&vm);
}

#[test]
fn the_owner_exits_first_and_the_heir_is_known_by_its_next_write() {
    let machine = Model::new(1024);
    let vm: Tupled<'_> = vm(&machine);
    let parent = written(&vm, 1);
    let child = vm.fork(parent).unwrap().child;
    vm.exit(parent);
    assert_eq!(find(&vm, child, 0), LOST);
    assert_eq!(write(&vm, child, 0, 8), Some(FaultKind::Reuse));
    assert_eq!(find(&vm, child, 0), FOUND);
    assert_sound(&vm);
}

#[test]
fn a_split_gives_the_upper_pages_to_the_upper_vma() {
    let machine = Model::new(1024);
    let vm: Tupled<'_> = vm(&machine);
    let space = written(&vm, 40);
    vm.mprotect(space, part(10, 20), Protection::ReadOnly).unwrap();
    (0..40).for_each(|page| assert_eq!(find(&vm, space, page), FOUND));
    assert_sound(&vm);
    // What is cut off takes its own tuples along.
    vm.munmap(space, part(12, 3)).unwrap();
    for page in [0, 9, 10, 11, 15, 29, 30, 39] {
        assert_eq!(find(&vm, space, page), FOUND);
    }
    assert_sound(&vm);
}

#[test]
fn a_thousand_pieces_and_the_whole_again_lose_no_page() {
    let machine = Model::new(4096);
    let vm: Tupled<'_> = vm(&machine);
    let space = written(&vm, PIECES);
    for page in (0..PIECES).step_by(2) {
        vm.mprotect(space, part(page, 1), Protection::ReadOnly).unwrap();
    }
    assert_eq!(vm.counters().vma_splits.get(), PIECES - 1);
    (0..PIECES).for_each(|page| assert_eq!(find(&vm, space, page), FOUND));
    assert_sound(&vm);
    vm.mprotect(space, heap(PIECES), Protection::ReadWrite).unwrap();
    (0..PIECES).for_each(|page| assert_eq!(find(&vm, space, page), FOUND));
    assert_sound(&vm);
}

#[test]
fn a_shared_page_stays_unknown_through_split_and_merge() {
    let machine = Model::new(1024);
    let vm: Tupled<'_> = vm(&machine);
    let parent = written(&vm, 8);
    vm.fork(parent).unwrap();
    write(&vm, parent, 5, 1);
    for protection in [Protection::ReadOnly, Protection::ReadWrite] {
        vm.mprotect(parent, part(4, 4), protection).unwrap();
        for page in 0..8 {
            assert_eq!(find(&vm, parent, page), if page == 5 { FOUND } else { LOST });
        }
        assert_sound(&vm);
    }
}

#[test]
fn a_move_rewrites_the_tuples_of_what_moves() {
    let machine = Model::new(1024);
    let vm: Tupled<'_> = vm(&machine);
    let space = written(&vm, 8);
    vm.mremap(space, part(2, 3), 3, Remap::To(FAR)).unwrap();
    for nth in 0..3 {
        assert_eq!(find_at(&vm, space, FAR.plus(nth)), FOUND);
    }
    for page in [0, 1, 5, 7] {
        assert_eq!(find(&vm, space, page), FOUND);
    }
    assert_sound(&vm);
    // Fresh pages at the old place have the numbers that the moved ones have; then all move together.
    vm.mmap(space, &MapRequest::private(Placement::Vacant(HEAP.plus(2)), 3)).unwrap();
    (2..5).for_each(|page| _ = write(&vm, space, page, page));
    assert_sound(&vm);
    vm.mremap(space, heap(8), 8, Remap::To(FAR.plus(100))).unwrap();
    for nth in [0, 2, 4, 7] {
        assert_eq!(find_at(&vm, space, FAR.plus(100 + nth)), FOUND);
    }
    vm.mremap(space, PageRange { start: FAR, pages: 3 }, 3, Remap::To(HEAP.plus(2))).unwrap();
    (2..5).for_each(|page| assert_eq!(find(&vm, space, page), FOUND));
    assert_sound(&vm);
}

#[test]
fn a_moved_page_that_a_relative_shares_stays_unknown() {
    let machine = Model::new(1024);
    let vm: Tupled<'_> = vm(&machine);
    let parent = written(&vm, 2);
    vm.fork(parent).unwrap();
    vm.mremap(parent, heap(2), 2, Remap::To(FAR)).unwrap();
    assert_eq!(find_at(&vm, parent, FAR), LOST);
    assert_sound(&vm);
}

#[test]
fn a_tuple_stays_true_when_a_stack_grows_below_it() {
    let machine = Model::new(1024);
    let vm: Tupled<'_> = vm(&machine);
    let space = vm.create_space().unwrap();
    vm.activate(space);
    let growth = Growth::Down;
    let request = MapRequest { growth, ..MapRequest::private(Placement::Vacant(FAR), 1) };
    vm.mmap(space, &request).unwrap();
    for depth in 0..5 {
        let address = VirtualAddress::of_page(PageIndex(FAR.0 - depth));
        vm.touch(address, Access::Write, 1).unwrap();
        for page in 0..=depth {
            assert_eq!(find_at(&vm, space, PageIndex(FAR.0 - page)), FOUND);
        }
        assert_sound(&vm);
    }
}

#[test]
fn a_copy_of_a_file_page_is_found_by_the_files_numbers() {
    let machine = Model::new(1024);
    let vm: Tupled<'_> = vm(&machine);
    let space = vm.create_space().unwrap();
    vm.activate(space);
    let object = vm.create_object(ObjectKind::File, 20).unwrap();
    let backing = Backing::PrivateObject { object, offset: 7 };
    vm.mmap(space, &MapRequest { backing, ..MapRequest::private(Placement::Vacant(FAR), 8) })
        .unwrap();
    for (page, access) in [(0, Access::Read), (1, Access::Write), (6, Access::Write)] {
        vm.touch(VirtualAddress::of_page(FAR.plus(page)), access, 9).unwrap();
    }
    // Two parts, each with the file's pages and copies of them.
    let upper = PageRange { start: FAR.plus(4), pages: 4 };
    vm.mprotect(space, upper, Protection::ReadOnly).unwrap();
    for page in [1, 6] {
        assert_eq!(find_at(&vm, space, FAR.plus(page)), FOUND);
    }
    assert_sound(&vm);
    vm.truncate_object(object, 0);
    vm.remove_object(object);
    assert_sound(&vm);
    vm.tear_down().unwrap();
}

#[test]
fn a_page_that_is_alone_when_it_comes_back_from_swap_is_known_again() {
    let machine = Model::new(1024);
    let vm: Tupled<'_> = vm_with_swap(&machine, 8);
    let space = written(&vm, 2);
    let frame = vm.frame_at(space, HEAP).unwrap();
    assert_eq!(vm.unmap_frame(frame, WhenIncomplete::Refuse).outcome, Ok(()));
    // While it was away its VMA was cut below it.
    vm.munmap(space, part(1, 1)).unwrap();
    assert_eq!(read(&vm, space, 0), 100);
    assert_eq!(find(&vm, space, 0), FOUND);
    assert_sound(&vm);
}

#[test]
fn a_migrated_page_takes_its_tuple_along() {
    let machine = Model::new(1024);
    let vm: Tupled<'_> = vm(&machine);
    let space = written(&vm, 4);
    let frame = vm.frame_at(space, HEAP.plus(3)).unwrap();
    let (migration, _) = vm.begin_migration(frame, WhenIncomplete::Refuse).unwrap();
    // A split in between sees the migration entry.
    vm.mprotect(space, part(2, 2), Protection::ReadOnly).unwrap();
    assert_sound(&vm);
    vm.finish_migration(migration);
    assert_ne!(vm.frame_at(space, HEAP.plus(3)), Some(frame));
    assert_eq!(find(&vm, space, 3), FOUND);
    assert_sound(&vm);
}

#[test]
fn the_parts_of_a_2_mib_page_have_consecutive_numbers() {
    let machine = Model::new(4096);
    let vm: Tupled<'_> = vm(&machine);
    let space = vm.create_space().unwrap();
    vm.activate(space);
    let base = PageIndex(0x2_0000);
    let page_size = PageSize::Huge;
    let request = MapRequest { page_size, ..MapRequest::private(Placement::Vacant(base), 1024) };
    vm.mmap(space, &request).unwrap();
    for page in [0, 512] {
        vm.touch(VirtualAddress::of_page(base.plus(page)), Access::Write, 1).unwrap();
        assert_eq!(find_at(&vm, space, base.plus(page)), FOUND);
    }
    // At a border, the VMA is cut and the pages stay whole.
    let upper = PageRange { start: base.plus(512), pages: 512 };
    vm.mprotect(space, upper, Protection::ReadOnly).unwrap();
    assert_eq!(find_at(&vm, space, base.plus(512)), FOUND);
    assert_sound(&vm);
    let head = vm.frame_at(space, base).unwrap();
    vm.munmap(space, PageRange { start: base.plus(100), pages: 1 }).unwrap();
    for nth in [0, 99, 101, 511] {
        assert_eq!(vm.frame_at(space, base.plus(nth)), Some(Frame(head.0 + nth as u32)));
        assert_eq!(find_at(&vm, space, base.plus(nth)), FOUND);
    }
    assert_sound(&vm);
}

#[test]
fn the_frame_structure_does_not_grow() {
    let machine = Model::new(1024);
    let vm: Tupled<'_> = vm(&machine);
    written(&vm, 40);
    let footprint = vm.footprint();
    assert_eq!((footprint.bytes_per_frame, footprint.metadata_peak), (0, 0));
}
