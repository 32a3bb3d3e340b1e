//! Areas: where they go, how they are cut and joined, and what they allow.

use model::Model;
use rmap::{PageIndex, PteNext, Scan, Scheme, SpaceId};
use vm::{
    ANYWHERE_FROM, Access, BRK_START, Backing, FaultKind, FaultRefused, Locking, MapError,
    MapRequest, ObjectKind, PageRange, PageSize, Placement, Protection, Remap, VirtualAddress, Vm,
    WhenIncomplete,
};

use crate::support::{
    HEAP, LARGE, assert_sound, heap, read, space_with_heap, try_touch, vm, vm_with_swap, write,
};

/// Pages of the lower half.
const USER_PAGES: u64 = 1 << 35;

fn part(first: u64, pages: u64) -> PageRange {
    PageRange { start: HEAP.plus(first), pages }
}

/// Whether one area covers all of a range: only then can the range be asked to stay as it is.
fn is_one_area(vm: &Vm<'_, Scan, Model>, space: SpaceId, range: PageRange) -> bool {
    match vm.mremap(space, range, range.pages, Remap::InPlace) {
        Ok(_) => true,
        Err(MapError::NotMapped) => false,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn what_can_be_mapped_ends_where_the_lower_half_ends() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = vm.create_space().unwrap();
    let last = PageIndex(USER_PAGES - 1);
    for (start, pages, outcome) in [
        (last, 1, Ok(last)),
        (last, 2, Err(MapError::BadRange)),
        (PageIndex(1), 1, Ok(PageIndex(1))),
        (PageIndex(0), 2, Err(MapError::BadRange)),
    ] {
        let request = MapRequest::private(Placement::Fixed(start), pages);
        assert_eq!(vm.mmap(space, &request), outcome, "{start:?}");
    }
    assert_sound(&vm);
}

#[test]
fn neighbours_that_are_alike_become_one() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = space_with_heap(&vm, 9);
    assert!(is_one_area(&vm, space, heap(9)));
    vm.mprotect(space, part(3, 3), Protection::ReadOnly).unwrap();
    for (range, one) in
        [(part(0, 3), true), (part(3, 3), true), (part(2, 2), false), (part(5, 2), false)]
    {
        assert_eq!(is_one_area(&vm, space, range), one, "{range:?}");
    }
    vm.mprotect(space, part(3, 3), Protection::ReadWrite).unwrap();
    assert!(is_one_area(&vm, space, heap(9)));
    // Likewise where a part is gone and comes again.
    for range in [part(0, 2), part(4, 2), part(7, 2)] {
        vm.munmap(space, range).unwrap();
        assert!(!is_one_area(&vm, space, heap(9)));
        let again = Placement::Vacant(range.start);
        vm.mmap(space, &MapRequest::private(again, range.pages)).unwrap();
        assert!(is_one_area(&vm, space, heap(9)), "{range:?}");
    }
    assert_eq!(vm.counters().vma_splits.get(), 2 + 1 + 2 + 1, "once for each end inside");
    assert_sound(&vm);
}

#[test]
fn neighbours_whose_pages_come_from_elsewhere_stay_apart() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = space_with_heap(&vm, 4);
    vm.mmap(space, &MapRequest::private(Placement::Vacant(HEAP.plus(100)), 4)).unwrap();
    vm.mremap(space, part(100, 4), 4, Remap::To(HEAP.plus(4))).unwrap();
    assert!(!is_one_area(&vm, space, heap(8)));
    // At home it would have been part of its neighbour.
    vm.mremap(space, part(4, 4), 4, Remap::To(HEAP.plus(100))).unwrap();
    vm.mmap(space, &MapRequest::private(Placement::Vacant(HEAP.plus(104)), 4)).unwrap();
    assert!(is_one_area(&vm, space, part(100, 8)));
    assert_sound(&vm);
}

#[test]
fn the_lowest_gap_that_is_large_enough_is_taken() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = vm.create_space().unwrap();
    let map = |placement, pages| vm.mmap(space, &MapRequest::private(placement, pages));
    let at = |nth| ANYWHERE_FROM.plus(nth);
    assert_eq!(map(Placement::Anywhere, 2), Ok(at(0)));
    map(Placement::Vacant(at(5)), 1).unwrap();
    assert_eq!(map(Placement::Anywhere, 4), Ok(at(6)), "three pages are free before that");
    assert_eq!(map(Placement::Anywhere, 3), Ok(at(2)));
    assert_eq!(map(Placement::Anywhere, 1), Ok(at(10)));
    assert_sound(&vm);
}

#[test]
fn a_gap_may_reach_to_the_end_of_the_lower_half() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = vm.create_space().unwrap();
    let map = |pages| vm.mmap(space, &MapRequest::private(Placement::Anywhere, pages));
    let all = USER_PAGES - ANYWHERE_FROM.0;
    assert_eq!(map(0), Err(MapError::BadRange));
    assert_eq!(map(USER_PAGES), Err(MapError::BadRange));
    assert_eq!(map(all + 1), Err(MapError::NoGap));
    assert_eq!(map(all), Ok(ANYWHERE_FROM));
    assert_eq!(map(1), Err(MapError::NoGap));
    assert_sound(&vm);
}

#[test]
fn a_range_in_place_of_others_replaces_exactly_itself() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = space_with_heap(&vm, 6);
    (0..6).for_each(|page| _ = write(&vm, space, page, page + 1));
    let request = MapRequest::private(Placement::Fixed(HEAP.plus(2)), 2);
    vm.mmap(space, &request).unwrap();
    let contents: Vec<u64> = (0..6).map(|page| read(&vm, space, page)).collect();
    assert_eq!(contents, [1, 2, 0, 0, 5, 6]);
    assert_sound(&vm);
}

/// Areas are found by heart as long as faults come in runs; what is known by heart must be forgotten.
#[test]
fn an_area_that_is_gone_is_not_taken_for_one_of_another_process() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = space_with_heap(&vm, 4);
    vm.mmap(space, &MapRequest::private(Placement::Vacant(HEAP.plus(100)), 1)).unwrap();
    write(&vm, space, 0, 1);
    vm.munmap(space, heap(4)).unwrap();
    // What was kept of the area is kept of one of another process now, of the same pages.
    space_with_heap(&vm, 4);
    let refused = try_touch(&vm, space, 0, Access::Write, 2);
    assert_eq!(refused, Err(FaultRefused::Segfault));
    assert_sound(&vm);
}

#[test]
fn unmapping_says_how_many_pages_went() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = space_with_heap(&vm, 40);
    (0..30).for_each(|page| _ = write(&vm, space, page, page));
    read(&vm, space, 35);
    assert_eq!(vm.munmap(space, part(28, 10)), Ok(3));
    assert_eq!(vm.munmap(space, part(28, 10)), Ok(0));
    assert_eq!(vm.munmap(space, part(1, 2)), Ok(2));
    assert_eq!(vm.exit(space), 26);
    vm.tear_down().unwrap();
}

#[test]
fn a_heap_grows_and_shrinks_with_its_break() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = vm.create_space().unwrap();
    vm.activate(space);
    let touch = |nth| {
        let address = VirtualAddress::of_page(BRK_START.plus(nth));
        vm.touch(address, Access::Write, 7).map(|touched| touched.value)
    };
    for pages in [5, 5, 2] {
        vm.brk(space, pages).unwrap();
        assert_eq!(touch(pages - 1), Ok(7));
        assert_eq!(touch(pages), Err(FaultRefused::Segfault));
    }
    // A child has its parent's break.
    let child = vm.fork(space).unwrap().child;
    vm.activate(child);
    vm.brk(child, 3).unwrap();
    assert_eq!(touch(2), Ok(7));
    assert_eq!(touch(3), Err(FaultRefused::Segfault));
    vm.brk(child, 0).unwrap();
    assert_eq!(touch(0), Err(FaultRefused::Segfault));
    let most = USER_PAGES - BRK_START.0;
    assert_eq!(vm.brk(child, most + 1), Err(MapError::BadRange));
    assert_eq!(vm.brk(child, most), Ok(()));
    assert_sound(&vm);
}

#[test]
fn a_break_that_something_is_in_the_way_of_stays() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = vm.create_space().unwrap();
    vm.brk(space, 2).unwrap();
    vm.mmap(space, &MapRequest::private(Placement::Vacant(BRK_START.plus(4)), 1)).unwrap();
    assert_eq!(vm.brk(space, 5), Err(MapError::Occupied));
    assert_eq!(vm.brk(space, 4), Ok(()));
    assert_sound(&vm);
}

#[test]
fn a_right_that_is_taken_away_is_gone_at_once() {
    fn test<S: Scheme>() {
        let machine = Model::new(256);
        let vm = vm::<S, _>(&machine);
        let space = space_with_heap(&vm, 2);
        write(&vm, space, 0, 5);
        vm.mprotect(space, heap(2), Protection::ReadOnly).unwrap();
        for page in 0..2 {
            let refused = try_touch(&vm, space, page, Access::Write, 6);
            assert_eq!(refused, Err(FaultRefused::Segfault));
        }
        assert_eq!(read(&vm, space, 0), 5);
        let flushes = vm.counters().invlpg.get() + vm.counters().cr3_loads.get();
        vm.mprotect(space, heap(2), Protection::ReadWrite).unwrap();
        let counters = vm.counters();
        assert_eq!(counters.invlpg.get() + counters.cr3_loads.get(), flushes, "needs no flush");
        assert_eq!(write(&vm, space, 0, 6), Some(FaultKind::Reuse));
        assert_sound(&vm);
    }
    for_each_scheme!(test);
}

#[test]
fn only_what_is_mapped_can_be_protected() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = space_with_heap(&vm, 4);
    for (range, outcome) in [
        (heap(5), Err(MapError::NotMapped)),
        (part(4, 1), Err(MapError::NotMapped)),
        (part(0, 0), Err(MapError::BadRange)),
        (heap(4), Ok(())),
    ] {
        assert_eq!(vm.mprotect(space, range, Protection::ReadOnly), outcome, "{range:?}");
        assert_eq!(vm.mlock(space, range, Locking::Unlock), outcome, "{range:?}");
    }
    assert_sound(&vm);
}

#[test]
fn locking_brings_in_what_may_be_written_as_the_process_own() {
    let machine = Model::new(256);
    let vm = vm::<PteNext, _>(&machine);
    let space = space_with_heap(&vm, 4);
    write(&vm, space, 0, 5);
    let child = vm.fork(space).unwrap().child;
    vm.mlock(child, heap(2), Locking::Lock).unwrap();
    assert!(vm.pte_at(child, HEAP).is_writable() && vm.pte_at(child, HEAP.plus(1)).is_writable());
    assert_eq!(vm.frame_at(child, HEAP.plus(2)), None, "nobody asked for that one");
    assert_eq!(read(&vm, child, 0), 5);
    assert_sound(&vm);
}

#[test]
fn locking_brings_in_what_is_shared_or_only_read_as_a_read_would() {
    let machine = Model::new(256);
    let vm = vm::<PteNext, _>(&machine);
    let space = vm.create_space().unwrap();
    let object = vm.create_object(ObjectKind::File, 4).unwrap();
    let (offset, pages) = (0, 2);
    let requests = [
        (Backing::SharedObject { object, offset }, Protection::ReadWrite),
        (Backing::PrivateObject { object, offset }, Protection::ReadOnly),
    ];
    for (start, (backing, protection)) in [HEAP, HEAP.plus(9)].into_iter().zip(requests) {
        let request = MapRequest {
            backing,
            protection,
            ..MapRequest::private(Placement::Vacant(start), pages)
        };
        vm.mmap(space, &request).unwrap();
        vm.mlock(space, PageRange { start, pages }, Locking::Lock).unwrap();
        let pte = vm.pte_at(space, start.plus(1));
        assert!(pte.is_present() && !pte.is_writable(), "{backing:?}");
    }
    assert_eq!(vm.frame_at(space, HEAP), vm.frame_at(space, HEAP.plus(9)));
    assert_sound(&vm);
}

#[test]
fn a_child_does_not_inherit_a_lock() {
    let machine = Model::new(256);
    let vm = vm_with_swap::<PteNext, _>(&machine, 4);
    let space = space_with_heap(&vm, 1);
    vm.mlock(space, heap(1), Locking::Lock).unwrap();
    let child = vm.fork(space).unwrap().child;
    vm.exit(space);
    let frame = vm.frame_at(child, HEAP).unwrap();
    assert_eq!(vm.unmap_frame(frame, WhenIncomplete::Refuse).outcome, Ok(()));
    assert_sound(&vm);
}

/// A space with a 2 MiB page at the returned page, shared with a child.
fn with_huge_page<S: Scheme>(vm: &Vm<'_, S, Model>) -> (SpaceId, PageIndex) {
    let start = PageIndex(0x2_0000);
    let space = vm.create_space().unwrap();
    let request = MapRequest {
        page_size: PageSize::Huge,
        ..MapRequest::private(Placement::Vacant(start), 1024)
    };
    vm.mmap(space, &request).unwrap();
    vm.activate(space);
    vm.touch(VirtualAddress::of_page(start), Access::Write, 9).unwrap();
    vm.fork(space).unwrap();
    (space, start)
}

#[test]
#[cfg_attr(miri, ignore = "clears megabytes word by word")]
fn locking_a_2_mib_page_that_is_only_read_does_not_copy_it() {
    let machine = Model::new(LARGE);
    let vm = vm::<PteNext, _>(&machine);
    let (space, start) = with_huge_page(&vm);
    let range = PageRange { start, pages: 512 };
    vm.mprotect(space, range, Protection::ReadOnly).unwrap();
    vm.mlock(space, range, Locking::Lock).unwrap();
    let frame = vm.frame_at(space, start).unwrap();
    assert_eq!(vm.find(frame, WhenIncomplete::Refuse).mappings, 2);
    assert_sound(&vm);
}

#[test]
#[cfg_attr(miri, ignore = "clears and copies megabytes word by word")]
fn a_2_mib_page_is_cut_only_where_a_range_ends_inside() {
    fn test<S: Scheme>() {
        let machine = Model::new(LARGE);
        let vm = vm::<S, _>(&machine);
        let (space, start) = with_huge_page(&vm);
        vm.touch(VirtualAddress::of_page(start.plus(512)), Access::Write, 8).unwrap();
        let huge = |page: PageIndex| vm.pte_at(space, page).is_huge();
        // A move within an area, and up to the border of the next page.
        let range = PageRange { start, pages: 512 };
        let away = PageIndex(0x4_0000);
        vm.mremap(space, range, 512, Remap::To(away)).unwrap();
        assert!(!huge(away) && huge(start.plus(512)), "a move takes small pages along");
        assert_sound(&vm);
        vm.munmap(space, PageRange { start: start.plus(512), pages: 512 }).unwrap();
        assert_eq!(vm.frame_at(space, start.plus(512)), None);
        assert_sound(&vm);
    }
    for_each_scheme!(test);
}
