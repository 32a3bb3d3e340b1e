//! The invariants that every reverse map must keep, one test for each; the oracle checks most of them
//! after every step of every other test as well.

use model::Model;
use rmap::{Coverage, HintExclusive, PageIndex, PteNext, Scan, Scheme};
use vm::{
    Access, Backing, Entry, FaultKind, FaultRefused, MapRequest, ObjectKind, PageRange, Placement,
    Protection, Refused, Remap, VirtualAddress, WhenIncomplete,
};

use crate::support::{
    HEAP, address, assert_sound, heap, machine, read, space_with_heap, times, vm, vm_with_swap,
    write,
};

const FAR: PageIndex = PageIndex(0x8000_0000);

#[test]
fn complete_every_pte_of_a_frame_is_found() {
    const PAGES: u64 = times(20, 5);
    fn test<S: Scheme>() {
        let machine = machine();
        let vm = vm::<S, _>(&machine);
        let parent = space_with_heap(&vm, PAGES);
        (0..PAGES).for_each(|page| _ = write(&vm, parent, page, page));
        let children: Vec<_> = (0..5).map(|_| vm.fork(parent).unwrap().child).collect();
        let grandchild = vm.fork(children[2]).unwrap().child;
        vm.exit(children[2]);
        for page in 0..PAGES {
            let frame = vm.frame_at(grandchild, HEAP.plus(page)).unwrap();
            assert_eq!(vm.find(frame, WhenIncomplete::Scan).mappings, 6, "{}", S::ID);
        }
        assert_sound(&vm);
    }
    for_each_scheme!(test);
}

#[test]
fn complete_migration_entries_count_as_mappings() {
    fn test<S: Scheme>() {
        let machine = machine();
        let vm = vm::<S, _>(&machine);
        let parent = space_with_heap(&vm, 4);
        write(&vm, parent, 0, 7);
        let frame = vm.frame_at(parent, HEAP).unwrap();
        let (migration, begun) = vm.begin_migration(frame, WhenIncomplete::Scan).unwrap();
        assert_eq!(begun.mappings, 1);
        assert_eq!(vm.frame_at(parent, HEAP), Some(frame));
        assert_eq!(vm.find(frame, WhenIncomplete::Scan).mappings, 1);
        assert_sound(&vm);
        assert_eq!(vm.touch(address(0), Access::Read, 0), Err(FaultRefused::Migrating));
        vm.finish_migration(migration);
        assert_eq!(read(&vm, parent, 0), 7);
        assert_sound(&vm);
    }
    for_each_scheme!(test);
}

#[test]
fn sound_a_page_that_moved_away_is_not_touched() {
    let machine = machine();
    let vm = vm_with_swap::<PteNext, _>(&machine, 8);
    let parent = space_with_heap(&vm, 4);
    write(&vm, parent, 0, 7);
    let child = vm.fork(parent).unwrap().child;
    let shared = vm.frame_at(parent, HEAP).unwrap();
    assert_eq!(write(&vm, child, 0, 8), Some(FaultKind::CopyOnWrite));
    assert_eq!(vm.unmap_frame(shared, WhenIncomplete::Refuse).mappings, 1);
    assert_eq!(read(&vm, child, 0), 8);
    assert_eq!(read(&vm, parent, 0), 7);
    assert_sound(&vm);
}

#[test]
fn count_a_search_finds_as_many_as_the_mapcount_and_none_twice() {
    // The oracle compares count and set; a frame with many sharers makes both count.
    const CHILDREN: u32 = times(100, 10) as u32;
    let machine = Model::new(10 * CHILDREN);
    let vm = vm::<PteNext, _>(&machine);
    let parent = space_with_heap(&vm, 1);
    write(&vm, parent, 0, 1);
    (0..CHILDREN).for_each(|_| _ = vm.fork(parent).unwrap());
    let found = vm.find(vm.frame_at(parent, HEAP).unwrap(), WhenIncomplete::Refuse);
    let users = CHILDREN + 1;
    assert_eq!((found.coverage, found.mappings), (Coverage::Exact, users));
    assert_eq!(found.probes, u64::from(users));
    assert_sound(&vm);
}

#[test]
fn lifetime_what_a_frame_names_outlives_its_last_mapping() {
    fn test<S: Scheme>() {
        let machine = machine();
        let vm = vm_with_swap::<S, _>(&machine, 8);
        let parent = space_with_heap(&vm, 4);
        write(&vm, parent, 0, 7);
        let frame = vm.frame_at(parent, HEAP).unwrap();
        vm.pin(frame).unwrap();
        vm.exit(parent);
        assert_sound(&vm);
        assert_eq!(vm.find(frame, WhenIncomplete::Scan).mappings, 0);
        let free = vm.free_frames();
        vm.unpin(frame).unwrap();
        assert_eq!(vm.free_frames(), free + 1);
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn order_a_fork_during_a_migration_is_found_by_its_second_half() {
    fn test<S: Scheme>() {
        let machine = machine();
        let vm = vm::<S, _>(&machine);
        let parent = space_with_heap(&vm, 4);
        write(&vm, parent, 0, 7);
        let frame = vm.frame_at(parent, HEAP).unwrap();
        let (migration, _) = vm.begin_migration(frame, WhenIncomplete::Scan).unwrap();
        let child = vm.fork(parent).unwrap().child;
        assert!(matches!(vm.pte_at(child, HEAP).entry(), Entry::Migration(_)));
        assert_sound(&vm);
        vm.finish_migration(migration);
        // A writable entry became read-only on both sides.
        assert!(!vm.pte_at(parent, HEAP).is_writable() && !vm.pte_at(child, HEAP).is_writable());
        assert_eq!((read(&vm, parent, 0), read(&vm, child, 0)), (7, 7));
        write(&vm, child, 0, 8);
        assert_eq!(read(&vm, parent, 0), 7);
        assert_sound(&vm);
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn order_a_move_during_a_migration_is_found_by_its_second_half() {
    fn test<S: Scheme>() {
        let machine = machine();
        let vm = vm::<S, _>(&machine);
        let space = space_with_heap(&vm, 4);
        write(&vm, space, 0, 7);
        let frame = vm.frame_at(space, HEAP).unwrap();
        let (migration, _) = vm.begin_migration(frame, WhenIncomplete::Scan).unwrap();
        vm.mremap(space, heap(4), 4, Remap::To(FAR)).unwrap();
        assert_sound(&vm);
        vm.finish_migration(migration);
        let touched = vm.touch(VirtualAddress::of_page(FAR), Access::Read, 0).unwrap();
        assert_eq!(touched.value, 7);
        assert_sound(&vm);
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn rights_a_writable_pte_means_an_exclusive_page() {
    fn test<S: Scheme>() {
        let machine = machine();
        let vm = vm_with_swap::<S, _>(&machine, 8);
        let parent = space_with_heap(&vm, 4);
        write(&vm, parent, 0, 7);
        assert!(vm.pte_at(parent, HEAP).is_writable());
        let child = vm.fork(parent).unwrap().child;
        let entries = [parent, child].map(|space| vm.pte_at(space, HEAP));
        assert!(entries.iter().all(|pte| !pte.is_writable() && !pte.is_exclusive()));
        // A swap entry elsewhere is as good as a mapping elsewhere.
        let frame = vm.frame_at(parent, HEAP).unwrap();
        vm.unmap_frame(frame, WhenIncomplete::Scan).outcome.unwrap();
        assert_eq!(write(&vm, parent, 0, 8), Some(FaultKind::CopyOnWrite));
        assert_sound(&vm);
        assert_eq!(read(&vm, child, 0), 7);
        assert_eq!(write(&vm, child, 0, 9), Some(FaultKind::Reuse));
        assert_sound(&vm);
    }
    for_each_scheme!(test);
}

#[test]
fn flush_a_frame_is_freed_only_when_no_tlb_holds_it() {
    fn test<S: Scheme>() {
        let machine = machine();
        let vm = vm_with_swap::<S, _>(&machine, 8);
        let space = space_with_heap(&vm, 80);
        (0..80).for_each(|page| _ = write(&vm, space, page, page));
        // Few pages are flushed one by one, many by dropping every translation.
        for range in [PageRange { start: HEAP.plus(3), pages: 4 }, heap(40)] {
            vm.munmap(space, range).unwrap();
            vm.mmap(space, &MapRequest::private(Placement::Fixed(range.start), range.pages))
                .unwrap();
            assert_eq!(read(&vm, space, 3), 0);
        }
        vm.mprotect(space, heap(80), Protection::ReadOnly).unwrap();
        assert_eq!(vm.touch(address(60), Access::Write, 1), Err(FaultRefused::Segfault));
        assert_eq!(read(&vm, space, 60), 60);
        assert_sound(&vm);
    }
    for_each_scheme!(test);
}

#[test]
fn bound_a_scheme_keeps_no_more_metadata_than_it_says() {
    const TABLES: u64 = times(20, 4);
    // The oracle asserts the bound; a sparse space brings it closest.
    let machine = machine();
    let vm = vm::<PteNext, _>(&machine);
    let space = vm.create_space().unwrap();
    vm.activate(space);
    for nth in 0..TABLES {
        let start = PageIndex(FAR.0 + nth * 512);
        vm.mmap(space, &MapRequest::private(Placement::Vacant(start), 1)).unwrap();
        vm.touch(VirtualAddress::of_page(start), Access::Write, 1).unwrap();
        assert_sound(&vm);
    }
    assert_eq!(vm.footprint().metadata_peak, TABLES * 4096);
    let hole = PageRange { start: FAR, pages: (TABLES - 1) * 512 };
    vm.munmap(space, hole).unwrap();
    assert_sound(&vm);
}

#[test]
fn hint_its_owner_exits_first() {
    let machine = machine();
    let vm = vm::<HintExclusive, _>(&machine);
    let parent = space_with_heap(&vm, 1);
    write(&vm, parent, 0, 7);
    let child = vm.fork(parent).unwrap().child;
    let frame = vm.frame_at(parent, HEAP).unwrap();
    vm.exit(parent);
    assert_eq!(vm.find(frame, WhenIncomplete::Refuse).coverage, Coverage::Unknown);
    assert_eq!(write(&vm, child, 0, 8), Some(FaultKind::Reuse));
    let found = vm.find(frame, WhenIncomplete::Refuse);
    assert_eq!((found.coverage, found.mappings), (Coverage::Exact, 1));
    assert_sound(&vm);
}

#[test]
fn hint_its_owner_copies_away_while_others_stay() {
    let machine = machine();
    let vm = vm::<HintExclusive, _>(&machine);
    let parent = space_with_heap(&vm, 1);
    write(&vm, parent, 0, 7);
    let children = [(); 2].map(|()| vm.fork(parent).unwrap().child);
    let frame = vm.frame_at(parent, HEAP).unwrap();
    write(&vm, parent, 0, 8);
    assert_eq!(vm.find(frame, WhenIncomplete::Refuse).coverage, Coverage::Unknown);
    assert_eq!(children.map(|child| read(&vm, child, 0)), [7, 7]);
    assert_sound(&vm);
}

#[test]
fn hint_it_moves_with_its_page() {
    let machine = machine();
    let vm = vm_with_swap::<HintExclusive, _>(&machine, 4);
    let space = space_with_heap(&vm, 4);
    write(&vm, space, 0, 7);
    vm.mremap(space, heap(4), 4, Remap::To(FAR)).unwrap();
    let frame = vm.frame_at(space, FAR).unwrap();
    assert_eq!(vm.migrate_frame(frame, WhenIncomplete::Refuse).outcome, Ok(()));
    let moved = vm.frame_at(space, FAR).unwrap();
    assert_ne!(moved, frame);
    assert_eq!(vm.unmap_frame(moved, WhenIncomplete::Refuse).outcome, Ok(()));
    assert_sound(&vm);
    assert_eq!(vm.touch(VirtualAddress::of_page(FAR), Access::Read, 0).unwrap().value, 7);
    let back = vm.frame_at(space, FAR).unwrap();
    assert_eq!(vm.find(back, WhenIncomplete::Refuse).coverage, Coverage::Exact);
    assert_sound(&vm);
}

#[test]
fn companion_a_table_goes_with_its_last_page_and_not_before() {
    let machine = machine();
    let vm = vm::<PteNext, _>(&machine);
    let space = space_with_heap(&vm, 40);
    // The heap straddles two tables: one live slot is left in the upper one.
    (0..40).for_each(|page| _ = write(&vm, space, page, page));
    let child = vm.fork(space).unwrap().child;
    vm.munmap(space, PageRange { start: HEAP, pages: 39 }).unwrap();
    assert_sound(&vm);
    assert_eq!((read(&vm, space, 39), read(&vm, child, 39)), (39, 39));
    let before = vm.free_frames();
    vm.munmap(space, PageRange { start: HEAP.plus(39), pages: 1 }).unwrap();
    assert!(vm.free_frames() >= before + 2, "the table and its companion are free");
    assert_sound(&vm);
}

#[test]
fn companion_a_pte_moves_between_tables_with_its_link() {
    let machine = machine();
    let vm = vm::<PteNext, _>(&machine);
    let parent = space_with_heap(&vm, 40);
    (0..40).for_each(|page| _ = write(&vm, parent, page, page));
    let children = [(); 3].map(|()| vm.fork(parent).unwrap().child);
    // The middle of each list moves; every list must still hold all four.
    vm.mremap(children[1], heap(40), 40, Remap::To(FAR)).unwrap();
    assert_sound(&vm);
    vm.mremap(children[1], PageRange { start: FAR, pages: 40 }, 40, Remap::To(HEAP)).unwrap();
    assert_sound(&vm);
    let frame = vm.frame_at(children[1], HEAP.plus(20)).unwrap();
    assert_eq!(vm.find(frame, WhenIncomplete::Refuse).mappings, 4);
}

#[test]
fn object_ten_thousand_windows_are_told_apart() {
    fn test<S: Scheme>() {
        const WINDOWS: u64 = times(10_000, 60);
        let machine = Model::new(2 * WINDOWS as u32);
        let vm = vm::<S, _>(&machine);
        let space = vm.create_space().unwrap();
        vm.activate(space);
        let object = vm.create_object(ObjectKind::Segment, WINDOWS).unwrap();
        for window in 0..WINDOWS {
            // Backwards, so that no two windows merge.
            let placement = Placement::Vacant(FAR.plus(WINDOWS - window));
            let backing = Backing::SharedObject { object, offset: window };
            let request = MapRequest { backing, ..MapRequest::private(placement, 1) };
            vm.mmap(space, &request).unwrap();
        }
        let middle = FAR.plus(WINDOWS / 2);
        vm.touch(VirtualAddress::of_page(middle), Access::Write, 5).unwrap();
        let found = vm.find(vm.frame_at(space, middle).unwrap(), WhenIncomplete::Scan);
        assert_eq!((found.coverage, found.mappings), (Coverage::Exact, 1));
        if S::ID == rmap::SchemeId::HintExclusive {
            assert_eq!(found.probes, 1, "the interval tree leads to the one window");
        }
        assert_sound(&vm);
        vm.remove_object(object);
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn object_a_private_copy_is_no_mapping_of_the_file_page() {
    fn test<S: Scheme>() {
        let machine = machine();
        let vm = vm_with_swap::<S, _>(&machine, 8);
        let space = vm.create_space().unwrap();
        vm.activate(space);
        let object = vm.create_object(ObjectKind::File, 4).unwrap();
        for (start, backing) in [
            (FAR, Backing::SharedObject { object, offset: 0 }),
            (FAR.plus(8), Backing::PrivateObject { object, offset: 0 }),
            (FAR.plus(16), Backing::PrivateObject { object, offset: 0 }),
        ] {
            let request =
                MapRequest { backing, ..MapRequest::private(Placement::Vacant(start), 4) };
            vm.mmap(space, &request).unwrap();
        }
        let touch =
            |page, access| vm.touch(VirtualAddress::of_page(page), access, 9).unwrap().value;
        touch(FAR, Access::Write);
        assert_eq!(touch(FAR.plus(8), Access::Read), 9);
        assert_eq!(touch(FAR.plus(16), Access::Read), 9);
        let page = vm.frame_at(space, FAR).unwrap();
        assert_eq!(vm.find(page, WhenIncomplete::Refuse).mappings, 3, "{}", S::ID);
        touch(FAR.plus(8), Access::Write);
        assert_eq!(vm.find(page, WhenIncomplete::Refuse).mappings, 2);
        let copy = vm.frame_at(space, FAR.plus(8)).unwrap();
        assert_eq!(vm.find(copy, WhenIncomplete::Scan).mappings, 1);
        assert_sound(&vm);
        // A cut takes the file's pages and the private copies of them.
        vm.truncate_object(object, 0);
        assert_sound(&vm);
        for page in [FAR, FAR.plus(8), FAR.plus(16)] {
            let refused = vm.touch(VirtualAddress::of_page(page), Access::Read, 0);
            assert_eq!(refused, Err(FaultRefused::BeyondEnd));
        }
        vm.remove_object(object);
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn locked_an_eviction_is_refused_and_the_search_is_complete() {
    fn test<S: Scheme>() {
        let machine = machine();
        let vm = vm_with_swap::<S, _>(&machine, 8);
        let space = space_with_heap(&vm, 4);
        vm.mlock(space, heap(4), vm::Locking::Lock).unwrap();
        let frame = vm.frame_at(space, HEAP).expect("locking brings pages in");
        let evicted = vm.unmap_frame(frame, WhenIncomplete::Scan);
        assert_eq!(evicted.outcome, Err(Refused::Locked));
        assert_eq!(vm.find(frame, WhenIncomplete::Scan).mappings, 1);
        assert_sound(&vm);
        vm.mlock(space, heap(4), vm::Locking::Unlock).unwrap();
        assert_eq!(vm.unmap_frame(frame, WhenIncomplete::Scan).outcome, Ok(()));
        assert_sound(&vm);
    }
    for_each_scheme!(test);
}

#[test]
fn zero_page_the_shared_one_is_nobodys() {
    fn test<S: Scheme>() {
        let machine = machine();
        let vm = vm_with_swap::<S, _>(&machine, 8);
        let parent = space_with_heap(&vm, 4);
        assert_eq!(read(&vm, parent, 0), 0);
        assert_eq!(vm.frame_at(parent, HEAP), None);
        let child = vm.fork(parent).unwrap().child;
        assert_sound(&vm);
        assert_eq!(write(&vm, child, 0, 3), Some(FaultKind::ZeroFill));
        assert_eq!(read(&vm, parent, 0), 0);
        assert_sound(&vm);
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn scan_needs_no_metadata() {
    let machine = machine();
    let vm = vm::<Scan, _>(&machine);
    let space = space_with_heap(&vm, 40);
    (0..40).for_each(|page| _ = write(&vm, space, page, page));
    let footprint = vm.footprint();
    assert_eq!((footprint.bytes_per_frame, footprint.metadata_peak), (0, 0));
}
