//! `mremap`: ranges that grow, shrink and move.

use model::Model;
use rmap::{PageIndex, Scan, Scheme, SpaceId};
use vm::{
    ANYWHERE_FROM, Access, Backing, FaultRefused, Growth, MapError, MapRequest, ObjectKind,
    PageRange, Placement, Remap, VirtualAddress, Vm,
};

use crate::support::{HEAP, assert_sound, heap, read, space_with_heap, try_touch, vm, write};

/// In the same table as the heap's first pages.
const NEAR: PageIndex = PageIndex(HEAP.0 - 20);
const FAR: PageIndex = PageIndex(0x8000_0000);

fn part(first: u64, pages: u64) -> PageRange {
    PageRange { start: HEAP.plus(first), pages }
}

/// A space with a heap of six pages that holds 1 to 6.
fn filled<S: Scheme>(vm: &Vm<'_, S, Model>) -> SpaceId {
    let space = space_with_heap(vm, 6);
    (0..6).for_each(|page| _ = write(vm, space, page, page + 1));
    space
}

fn read_at<S: Scheme>(vm: &Vm<'_, S, Model>, page: PageIndex) -> Result<u64, FaultRefused> {
    let touched = vm.touch(VirtualAddress::of_page(page), Access::Read, 0);
    touched.map(|touched| touched.value)
}

fn is_gone<S: Scheme>(vm: &Vm<'_, S, Model>, space: SpaceId, page: u64) -> bool {
    try_touch(vm, space, page, Access::Read, 0) == Err(FaultRefused::Segfault)
}

#[test]
fn pages_move_with_their_contents() {
    fn test<S: Scheme>() {
        for to in [NEAR, FAR, PageIndex(FAR.0 + 509)] {
            let machine = Model::new(256);
            let vm = vm::<S, _>(&machine);
            let space = filled(&vm);
            assert_eq!(vm.mremap(space, part(1, 4), 4, Remap::To(to)), Ok(to));
            for nth in 0..4 {
                assert_eq!(read_at(&vm, to.plus(nth)), Ok(nth + 2));
                assert!(is_gone(&vm, space, nth + 1));
            }
            assert_eq!((read(&vm, space, 0), read(&vm, space, 5)), (1, 6));
            assert_eq!(vm.counters().ptes_moved.get(), 4);
            assert_sound(&vm);
            vm.tear_down().unwrap();
        }
    }
    for_each_scheme!(test);
}

#[test]
fn a_range_that_moves_may_change_its_size() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = filled(&vm);
    vm.mremap(space, heap(6), 9, Remap::To(FAR)).unwrap();
    let contents: Vec<_> = (0..10).map(|nth| read_at(&vm, FAR.plus(nth))).collect();
    let segfault = Err(FaultRefused::Segfault);
    assert_eq!(contents[..6], [1, 2, 3, 4, 5, 6].map(Ok));
    assert_eq!(contents[6..], [Ok(0), Ok(0), Ok(0), segfault]);
    vm.mremap(space, PageRange { start: FAR, pages: 9 }, 2, Remap::To(HEAP)).unwrap();
    assert_eq!((read(&vm, space, 0), read(&vm, space, 1)), (1, 2));
    assert!(is_gone(&vm, space, 2) && read_at(&vm, FAR.plus(2)) == segfault);
    assert_sound(&vm);
}

#[test]
fn a_range_in_the_way_of_a_move_is_replaced() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = filled(&vm);
    vm.mremap(space, part(0, 2), 2, Remap::To(HEAP.plus(3))).unwrap();
    let contents: Vec<u64> = (2..6).map(|page| read(&vm, space, page)).collect();
    assert_eq!(contents, [3, 1, 2, 6]);
    assert!(is_gone(&vm, space, 1));
    assert_sound(&vm);
}

#[test]
fn a_range_that_moves_without_unmapping_leaves_zeroes() {
    fn test<S: Scheme>() {
        let machine = Model::new(256);
        let vm = vm::<S, _>(&machine);
        let space = filled(&vm);
        assert_eq!(vm.mremap(space, heap(6), 6, Remap::CopyTo(FAR)), Ok(FAR));
        for nth in 0..6 {
            assert_eq!((read(&vm, space, nth), read_at(&vm, FAR.plus(nth))), (0, Ok(nth + 1)));
        }
        assert_sound(&vm);
    }
    for_each_scheme!(test);
}

#[test]
fn only_private_memory_moves_without_unmapping_and_only_as_it_is() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = filled(&vm);
    let refused = Err(MapError::BadMove);
    for pages in [5, 7] {
        assert_eq!(vm.mremap(space, heap(6), pages, Remap::CopyTo(FAR)), refused);
    }
    let object = vm.create_object(ObjectKind::File, 4).unwrap();
    let start = HEAP.plus(100);
    let backing = Backing::PrivateObject { object, offset: 0 };
    let request = MapRequest { backing, ..MapRequest::private(Placement::Vacant(start), 4) };
    vm.mmap(space, &request).unwrap();
    let file = PageRange { start, pages: 4 };
    assert_eq!(vm.mremap(space, file, 4, Remap::CopyTo(FAR)), refused);
    assert_eq!(vm.mremap(space, file, 4, Remap::To(FAR)), Ok(FAR));
    assert_sound(&vm);
}

#[test]
fn a_stack_does_not_move() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = vm.create_space().unwrap();
    let request =
        MapRequest { growth: Growth::Down, ..MapRequest::private(Placement::Vacant(HEAP), 4) };
    vm.mmap(space, &request).unwrap();
    for to in [Remap::To(FAR), Remap::CopyTo(FAR)] {
        assert_eq!(vm.mremap(space, heap(4), 4, to), Err(MapError::BadMove));
    }
    assert_sound(&vm);
}

#[test]
fn a_range_does_not_move_onto_itself() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = filled(&vm);
    for to in [HEAP, HEAP.plus(1), PageIndex(HEAP.0 - 1)] {
        assert_eq!(vm.mremap(space, part(0, 2), 2, Remap::To(to)), Err(MapError::BadMove));
    }
    assert_eq!(vm.mremap(space, part(0, 2), 2, Remap::To(HEAP.plus(2))), Ok(HEAP.plus(2)));
    assert_sound(&vm);
}

#[test]
fn a_range_that_one_area_does_not_cover_stays() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = filled(&vm);
    for range in [part(0, 7), part(6, 1)] {
        for to in [Remap::InPlace, Remap::Anywhere, Remap::To(FAR)] {
            assert_eq!(vm.mremap(space, range, 9, to), Err(MapError::NotMapped));
        }
    }
    assert_sound(&vm);
}

#[test]
fn a_range_grows_where_it_is_if_nothing_is_above() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = filled(&vm);
    vm.mmap(space, &MapRequest::private(Placement::Vacant(HEAP.plus(9)), 1)).unwrap();
    // Its own area's next page is in the way as well.
    for (range, pages) in [(heap(6), 10), (part(2, 2), 3)] {
        let grown = vm.mremap(space, range, pages, Remap::InPlace);
        assert_eq!(grown, Err(MapError::Occupied), "{range:?}");
    }
    for remap in [Remap::InPlace, Remap::Anywhere] {
        assert_eq!(vm.mremap(space, part(4, 2), 3, remap), Ok(HEAP.plus(4)));
        assert_eq!(read(&vm, space, 6), 0);
        vm.munmap(space, part(6, 1)).unwrap();
    }
    assert_eq!(vm.mremap(space, heap(6), 9, Remap::InPlace), Ok(HEAP));
    // It has met its neighbour, and they are one.
    assert_eq!(vm.mremap(space, heap(10), 10, Remap::InPlace), Ok(HEAP));
    assert_sound(&vm);
}

#[test]
fn a_range_that_cannot_grow_where_it_is_goes_elsewhere_if_it_may() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = filled(&vm);
    assert_eq!(vm.mremap(space, part(1, 2), 3, Remap::Anywhere), Ok(ANYWHERE_FROM));
    let contents: Vec<_> = (0..3).map(|nth| read_at(&vm, ANYWHERE_FROM.plus(nth))).collect();
    assert_eq!(contents, [2, 3, 0].map(Ok));
    assert!(is_gone(&vm, space, 1) && is_gone(&vm, space, 2));
    assert_sound(&vm);
}

#[test]
fn a_range_that_need_not_grow_stays_where_it_is() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let space = filled(&vm);
    for remap in [Remap::InPlace, Remap::Anywhere] {
        assert_eq!(vm.mremap(space, part(1, 3), 3, remap), Ok(HEAP.plus(1)));
        assert_eq!(read(&vm, space, 3), 4);
        assert_sound(&vm);
    }
    // A smaller one loses its end.
    for (pages, remap) in [(2, Remap::InPlace), (1, Remap::Anywhere)] {
        assert_eq!(vm.mremap(space, part(1, pages + 1), pages, remap), Ok(HEAP.plus(1)));
        assert!(is_gone(&vm, space, 1 + pages));
        assert_eq!(read(&vm, space, 1), 2);
        assert_sound(&vm);
    }
    assert_eq!(vm.mremap(space, part(1, 1), 0, Remap::InPlace), Err(MapError::BadRange));
    assert_eq!(read(&vm, space, 4), 5);
}
