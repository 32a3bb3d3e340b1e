//! What is counted: flushes, splits, memory in use, and the floor under every fork.

use model::Model;
use rmap::{HintExclusive, PageIndex, PteNext, Scan, Scheme};
use vm::{Access, MapRequest, ObjectKind, PageRange, Placement, VirtualAddress, WhenIncomplete};

use crate::support::{HEAP, assert_sound, heap, read, space_with_heap, vm, vm_with_swap, write};

#[test]
fn a_short_range_is_flushed_page_by_page_and_a_long_one_at_once() {
    for (pages, invlpg, cr3_loads) in [(1, 1, 0), (33, 33, 0), (34, 0, 1)] {
        let machine = Model::new(512);
        let vm = vm::<Scan, _>(&machine);
        let space = space_with_heap(&vm, 40);
        (0..40).for_each(|page| _ = write(&vm, space, page, page));
        let counters = vm.counters();
        let before = (counters.invlpg.get(), counters.cr3_loads.get());
        vm.munmap(space, heap(pages)).unwrap();
        let after = (counters.invlpg.get(), counters.cr3_loads.get());
        assert_eq!((after.0 - before.0, after.1 - before.1), (invlpg, cr3_loads), "{pages}");
    }
}

#[test]
fn memory_in_use_is_remembered_at_its_peak() {
    let machine = Model::new(512);
    let vm = vm::<PteNext, _>(&machine);
    let space = space_with_heap(&vm, 4);
    (0..4).for_each(|page| _ = write(&vm, space, page, page));
    let peak = vm.footprint();
    // One leaf table with its companion, and three levels above it.
    assert_eq!((peak.metadata_peak, peak.page_tables_peak), (4096, 4 * 4096));
    assert_eq!((peak.bytes_per_frame, peak.mappings_peak), (8, 4));
    assert_eq!(peak.scheme_peak, 4096 + 8 * 512);
    assert_eq!(peak.slabs_peak, 2 * 4096, "a space and an area");
    vm.munmap(space, heap(4)).unwrap();
    vm.exit(space);
    assert_eq!(vm.footprint(), peak);
    let object = vm.create_object(ObjectKind::File, 1).unwrap();
    assert_eq!(vm.footprint().slabs_peak, 3 * 4096);
    vm.remove_object(object);
}

#[test]
fn swap_slots_are_free_until_somebody_names_them() {
    let machine = Model::new(512);
    let vm = vm_with_swap::<PteNext, _>(&machine, 5);
    let space = space_with_heap(&vm, 2);
    assert_eq!(vm.free_swap_slots(), 5);
    write(&vm, space, 0, 1);
    let frame = vm.frame_at(space, HEAP).unwrap();
    vm.unmap_frame(frame, WhenIncomplete::Refuse).outcome.unwrap();
    assert_eq!(vm.free_swap_slots(), 4);
    read(&vm, space, 0);
    assert_eq!(vm.free_swap_slots(), 5);
}

#[test]
fn the_floor_copies_what_is_mapped_and_leaves_no_trace() {
    fn test<S: Scheme>() {
        let machine = Model::new(512);
        let vm = vm::<S, _>(&machine);
        let space = space_with_heap(&vm, 16);
        (3..10).for_each(|page| _ = write(&vm, space, page, page));
        let (free, tables) = (vm.free_frames(), vm.footprint().page_tables_peak);
        for _ in 0..2 {
            let floor = vm.begin_pte_copy_floor(space, HEAP).unwrap().expect("there is a table");
            assert_eq!(vm.copy_ptes(&floor), 7);
            let copied = vm.pte_at(space, HEAP.plus(3));
            assert!(!copied.is_writable() && !copied.is_exclusive(), "shared as by a fork");
            vm.end_pte_copy_floor(floor);
            assert_eq!(vm.free_frames(), free);
            assert_sound(&vm);
            // Nobody shares the pages any more: a write needs no fault.
            (3..10).for_each(|page| assert_eq!(write(&vm, space, page, page), None));
        }
        assert_eq!(vm.footprint().page_tables_peak, tables + 4096);
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn there_is_no_floor_where_there_is_no_table() {
    let machine = Model::new(512);
    let vm = vm::<Scan, _>(&machine);
    let space = space_with_heap(&vm, 16);
    assert!(vm.begin_pte_copy_floor(space, HEAP).unwrap().is_none());
}

#[test]
fn the_floor_leaves_shared_pages_shared() {
    let machine = Model::new(512);
    let vm = vm::<HintExclusive, _>(&machine);
    let space = space_with_heap(&vm, 2);
    write(&vm, space, 0, 5);
    vm.fork(space).unwrap();
    write(&vm, space, 1, 6);
    let floor = vm.begin_pte_copy_floor(space, HEAP).unwrap().expect("there is a table");
    assert_eq!(vm.copy_ptes(&floor), 2);
    vm.end_pte_copy_floor(floor);
    let pte = vm.pte_at(space, HEAP);
    assert!(!pte.is_writable() && !pte.is_exclusive());
    assert_sound(&vm);
}

#[test]
fn a_fork_counts_the_entries_that_it_copies() {
    let machine = Model::new(512);
    let vm = vm_with_swap::<Scan, _>(&machine, 4);
    // Across two tables.
    let space = space_with_heap(&vm, 20);
    (12..20).for_each(|page| _ = write(&vm, space, page, page));
    read(&vm, space, 0);
    let frame = vm.frame_at(space, HEAP.plus(12)).unwrap();
    vm.unmap_frame(frame, WhenIncomplete::Refuse).outcome.unwrap();
    // Eight in memory, the page of zeroes among them; the swap entry maps nothing.
    assert_eq!(vm.fork(space).unwrap().ptes, 8);
}

#[test]
fn a_table_of_tables_is_made_once_and_freed_with_its_last_page() {
    let machine = Model::new(512);
    let vm = vm::<Scan, _>(&machine);
    let space = vm.create_space().unwrap();
    vm.activate(space);
    // The slab of areas first, so that tables alone are counted.
    let first = PageIndex(0x1_0000);
    let touch = |page: PageIndex| {
        vm.mmap(space, &MapRequest::private(Placement::Vacant(page), 1)).unwrap();
        let before = vm.free_frames();
        vm.touch(VirtualAddress::of_page(page), Access::Write, 1).unwrap();
        before - vm.free_frames() - 1
    };
    touch(PageIndex(1 << 33));
    let free = vm.free_frames();
    let pages = [0, 1 << 9, (1 << 9) + 1, 1 << 18, 1 << 27].map(|nth| first.plus(nth));
    assert_eq!(pages.map(touch), [3, 1, 0, 2, 3]);
    for page in pages {
        assert_sound(&vm);
        vm.munmap(space, PageRange { start: page, pages: 1 }).unwrap();
    }
    assert_eq!(vm.free_frames(), free);
    assert_sound(&vm);
}
