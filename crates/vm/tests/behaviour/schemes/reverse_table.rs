//! What is promised of the reverse page table in all its variants: companions come and go with tables
//! only, and a frame's list holds its PTE slots, exactly.

use model::Model;
use rmap::{
    Coverage, PageIndex, PteNext, PteNextDouble, PteNextDoubleLink4, PteNextLink4, Scheme, SpaceId,
};
use vm::{
    Access, MapRequest, PageRange, PageSize, Placement, Remap, VirtualAddress, Vm, WhenIncomplete,
};

use crate::support::{
    HEAP, assert_sound, heap, read, space_with_heap, times, vm, vm_with_swap, write,
};

const FAR: PageIndex = PageIndex(0x8000_0000);

/// Runs a generic test once for each variant.
macro_rules! for_each_variant {
    ($test:ident) => {{
        $test::<PteNext>();
        $test::<PteNextDouble>();
        $test::<PteNextLink4>();
        $test::<PteNextDoubleLink4>();
    }};
}

/// A space whose heap of `pages` pages is written to.
fn written<S: Scheme>(vm: &Vm<'_, S, Model>, pages: u64) -> SpaceId {
    let space = space_with_heap(vm, pages);
    (0..pages).for_each(|page| _ = write(vm, space, page, page + 100));
    space
}

fn fork<S: Scheme>(vm: &Vm<'_, S, Model>, parent: SpaceId) -> SpaceId {
    vm.fork(parent).expect("memory for a child").child
}

/// Users of the frame behind a page, each found with one probe.
fn users<S: Scheme>(vm: &Vm<'_, S, Model>, space: SpaceId, page: u64) -> u32 {
    let frame = vm.frame_at(space, HEAP.plus(page)).expect("a mapped page");
    let found = vm.find(frame, WhenIncomplete::Refuse);
    assert_eq!((found.coverage, found.probes), (Coverage::Exact, u64::from(found.mappings)));
    found.mappings
}

#[test]
fn companions_take_as_much_as_the_links_of_all_slots() {
    fn bytes<S: Scheme>(tables: u64) -> u64 {
        let machine = Model::new(1024);
        let vm = vm::<S, _>(&machine);
        let space = vm.create_space().unwrap();
        vm.activate(space);
        for nth in 0..tables {
            let start = FAR.plus(512 * nth);
            vm.mmap(space, &MapRequest::private(Placement::Vacant(start), 1)).unwrap();
            vm.touch(VirtualAddress::of_page(start), Access::Write, 1).unwrap();
        }
        // The bound is met to the byte, which the oracle checks.
        assert_sound(&vm);
        vm.footprint().metadata_peak
    }
    assert_eq!(bytes::<PteNext>(20), 20 * 4096);
    assert_eq!(bytes::<PteNextDouble>(20), 20 * 2 * 4096);
    assert_eq!(bytes::<PteNextLink4>(20), 20 * 2048);
    assert_eq!(bytes::<PteNextDoubleLink4>(20), 20 * 4096);
    assert_eq!(bytes::<PteNextLink4>(1), 4096, "half of a frame cannot be had");
}

#[test]
fn four_byte_links_reach_32_gib() {
    for most in [PteNextLink4::MOST_FRAMES, PteNextDoubleLink4::MOST_FRAMES] {
        assert_eq!(u64::from(most) * 4096, 32 << 30);
    }
    for most in [PteNext::MOST_FRAMES, PteNextDouble::MOST_FRAMES] {
        assert_eq!(most, u32::MAX);
    }
}

#[test]
fn nothing_is_allocated_at_map_time_but_with_a_table() {
    fn test<S: Scheme>() {
        let machine = Model::new(1024);
        let vm = vm::<S, _>(&machine);
        let parent = written(&vm, 2);
        let peak = vm.footprint().metadata_peak;
        let before = vm.counters().allocations.get();
        vm.mmap(parent, &MapRequest::private(Placement::Vacant(HEAP.plus(2)), 10)).unwrap();
        (2..12).for_each(|page| _ = write(&vm, parent, page, 1));
        assert_eq!(vm.counters().allocations.get() - before, 10, "a frame for each page");
        assert_eq!(vm.footprint().metadata_peak, peak);
        assert_sound(&vm);
    }
    for_each_variant!(test);
}

#[test]
fn a_list_loses_its_first_its_last_and_its_middle() {
    const PAGES: u64 = times(40, 2);
    fn test<S: Scheme>() {
        for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 4, 0, 3, 1], [1, 3, 4, 2, 0]] {
            let machine = Model::new(512);
            let vm = vm::<S, _>(&machine);
            let parent = written(&vm, PAGES);
            let mut family = vec![parent];
            family.extend((0..4).map(|_| fork(&vm, parent)));
            for (left, nth) in (1..5).rev().zip(order) {
                vm.exit(family[nth]);
                let other = family[order[4]];
                (0..PAGES).for_each(|page| assert_eq!(users(&vm, other, page), left));
                assert_sound(&vm);
            }
            vm.tear_down().unwrap();
        }
    }
    for_each_variant!(test);
}

#[test]
fn a_hundred_sharers_write_one_after_another() {
    fn test<S: Scheme>() {
        const SHARERS: u32 = times(100, 10) as u32;
        let machine = Model::new(40 * SHARERS);
        let vm = vm::<S, _>(&machine);
        let parent = written(&vm, 1);
        let children: Vec<_> = (0..SHARERS).map(|_| fork(&vm, parent)).collect();
        for (nth, child) in (0..).zip(&children) {
            assert_eq!(users(&vm, parent, 0), SHARERS + 1 - nth);
            write(&vm, *child, 0, u64::from(nth));
            assert_eq!(users(&vm, *child, 0), 1);
        }
        assert_eq!(users(&vm, parent, 0), 1);
        assert_sound(&vm);
    }
    for_each_variant!(test);
}

#[test]
fn a_table_is_not_freed_while_one_of_its_slots_is_linked() {
    fn test<S: Scheme>() {
        let machine = Model::new(1024);
        let vm = vm::<S, _>(&machine);
        let parent = written(&vm, 40);
        let child = fork(&vm, parent);
        // The heap straddles two tables; one slot is left in the upper one.
        vm.munmap(parent, heap(39)).unwrap();
        assert_sound(&vm);
        assert_eq!(users(&vm, child, 39), 2);
        assert_eq!((read(&vm, parent, 39), read(&vm, child, 39)), (139, 139));
        vm.munmap(parent, PageRange { start: HEAP.plus(39), pages: 1 }).unwrap();
        assert_eq!(users(&vm, child, 39), 1);
        assert_sound(&vm);
        vm.tear_down().unwrap();
    }
    for_each_variant!(test);
}

#[test]
fn a_pte_that_moves_to_another_table_stays_on_its_list() {
    fn test<S: Scheme>() {
        let machine = Model::new(1024);
        let vm = vm::<S, _>(&machine);
        let parent = written(&vm, 40);
        let children = [(); 3].map(|()| fork(&vm, parent));
        // Of each list the middle moves, then the first, then the last.
        for mover in [children[1], children[2], parent] {
            vm.mremap(mover, heap(40), 40, Remap::To(FAR)).unwrap();
            assert_sound(&vm);
            assert_eq!(users(&vm, children[0], 20), 4);
        }
        let moved = PageRange { start: FAR, pages: 40 };
        vm.mremap(children[1], moved, 40, Remap::To(HEAP)).unwrap();
        assert_eq!(users(&vm, children[1], 39), 4);
        assert_sound(&vm);
    }
    for_each_variant!(test);
}

#[test]
fn an_evicted_frame_leaves_no_link_behind() {
    fn test<S: Scheme>() {
        let machine = Model::new(1024);
        let vm = vm_with_swap::<S, _>(&machine, 8);
        let parent = written(&vm, 2);
        let children = [(); 3].map(|()| fork(&vm, parent));
        let frame = vm.frame_at(parent, HEAP).unwrap();
        let evicted = vm.unmap_frame(frame, WhenIncomplete::Refuse);
        assert_eq!((evicted.outcome, evicted.mappings, evicted.probes), (Ok(()), 4, 4));
        assert_sound(&vm);
        // The slots are linked again, in another order.
        for (nth, space) in (1..).zip([children[1], parent, children[2], children[0]]) {
            assert_eq!(read(&vm, space, 0), 100);
            assert_eq!(users(&vm, space, 0), nth);
            assert_sound(&vm);
        }
    }
    for_each_variant!(test);
}

#[test]
fn a_list_goes_over_to_the_frame_that_contents_migrate_to() {
    fn test<S: Scheme>() {
        let machine = Model::new(1024);
        let vm = vm::<S, _>(&machine);
        let parent = written(&vm, 1);
        let children = [(); 3].map(|()| fork(&vm, parent));
        let frame = vm.frame_at(parent, HEAP).unwrap();
        assert_eq!(vm.migrate_frame(frame, WhenIncomplete::Refuse).outcome, Ok(()));
        assert_ne!(vm.frame_at(parent, HEAP), Some(frame));
        vm.exit(children[1]);
        assert_eq!(users(&vm, parent, 0), 3);
        assert_sound(&vm);
    }
    for_each_variant!(test);
}

#[test]
fn a_2_mib_page_and_its_parts_have_lists_in_their_own_tables() {
    fn test<S: Scheme>() {
        let machine = Model::new(4096);
        let vm = vm::<S, _>(&machine);
        let base = PageIndex(0x2_0000);
        let parent = vm.create_space().unwrap();
        vm.activate(parent);
        let page_size = PageSize::Huge;
        let request = MapRequest { page_size, ..MapRequest::private(Placement::Vacant(base), 512) };
        vm.mmap(parent, &request).unwrap();
        vm.touch(VirtualAddress::of_page(base), Access::Write, 1).unwrap();
        let child = fork(&vm, parent);
        let head = vm.frame_at(parent, base).unwrap();
        assert_eq!(vm.find(head, WhenIncomplete::Refuse).mappings, 2);
        assert_sound(&vm);
        vm.munmap(child, PageRange { start: base.plus(100), pages: 1 }).unwrap();
        for (page, mappings) in [(0, 2), (100, 1), (511, 2)] {
            let frame = vm.frame_at(parent, base.plus(page)).unwrap();
            assert_eq!(vm.find(frame, WhenIncomplete::Refuse).mappings, mappings);
        }
        assert_sound(&vm);
        vm.tear_down().unwrap();
    }
    for_each_variant!(test);
}
