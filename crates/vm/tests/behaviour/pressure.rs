//! Memory pressure: pages that have not been used lately go first, and what must stay stays.

use model::Model;
use rmap::{PageIndex, PteNext, Scan, Scheme, SpaceId};
use vm::{
    Access, Backing, FaultRefused, Locking, MapRequest, ObjectKind, PageRange, Placement,
    VirtualAddress, Vm, WhenIncomplete,
};

use crate::support::{
    HEAP, assert_sound, heap, machine, read, space_with_heap, times, try_touch, vm, vm_with_swap,
    write,
};

const PAGES: u64 = times(64, 32);

fn filled<S: Scheme>(vm: &Vm<'_, S, Model>) -> SpaceId {
    let space = space_with_heap(vm, PAGES);
    (0..PAGES).for_each(|page| _ = write(vm, space, page, page + 1));
    space
}

fn in_memory<S: Scheme>(vm: &Vm<'_, S, Model>, space: SpaceId) -> Vec<u64> {
    (0..PAGES).filter(|page| vm.frame_at(space, HEAP.plus(*page)).is_some()).collect()
}

fn keeps_its_contents<S: Scheme>(vm: &Vm<'_, S, Model>, space: SpaceId) {
    (0..PAGES).for_each(|page| assert_eq!(read(vm, space, page), page + 1));
    assert_sound(vm);
}

#[test]
fn as_many_frames_come_free_as_were_wanted() {
    fn test<S: Scheme>() {
        let machine = Model::new(512);
        let vm = vm_with_swap::<S, _>(&machine, 100);
        let space = filled(&vm);
        for (wanted, reclaimed) in [(0, 0), (1, 1), (20, 21)] {
            let free = vm.free_frames();
            assert_eq!(vm.reclaim(wanted), wanted, "{}", S::ID);
            assert_eq!(vm.free_frames(), free + wanted);
            assert_eq!(vm.counters().reclaimed.get(), reclaimed);
            assert_sound(&vm);
        }
        assert_eq!(in_memory(&vm, space).len() as u64, PAGES - 21);
        keeps_its_contents(&vm, space);
    }
    for_each_scheme!(test);
}

#[test]
fn what_was_used_lately_stays_longer() {
    fn test<S: Scheme>() {
        let machine = Model::new(512);
        let vm = vm_with_swap::<S, _>(&machine, 100);
        let space = filled(&vm);
        // The first round finds that all have been used.
        vm.reclaim(1);
        let used: Vec<u64> = in_memory(&vm, space).into_iter().step_by(4).collect();
        for page in &used {
            read(&vm, space, *page);
        }
        vm.reclaim(PAGES as u32 / 2);
        let left = in_memory(&vm, space);
        assert_eq!(left.len() as u64, PAGES / 2 - 1);
        assert!(used.iter().all(|page| left.contains(page)), "{}: {used:?} {left:?}", S::ID);
        keeps_its_contents(&vm, space);
    }
    for_each_scheme!(test);
}

#[test]
fn what_is_locked_or_held_stays() {
    fn test<S: Scheme>() {
        let machine = Model::new(512);
        let vm = vm_with_swap::<S, _>(&machine, 100);
        let space = filled(&vm);
        vm.mlock(space, heap(10), Locking::Lock).unwrap();
        for page in 10..20 {
            vm.pin(vm.frame_at(space, HEAP.plus(page)).unwrap()).unwrap();
        }
        assert_eq!(u64::from(vm.reclaim(1000)), PAGES - 20, "{}", S::ID);
        assert_eq!(in_memory(&vm, space), (0..20).collect::<Vec<u64>>());
        assert_eq!(vm.reclaim(1000), 0);
        keeps_its_contents(&vm, space);
    }
    for_each_scheme!(test);
}

#[test]
fn no_more_goes_than_the_device_holds() {
    fn test<S: Scheme>() {
        for slots in [0, 5] {
            let machine = Model::new(512);
            let vm = vm_with_swap::<S, _>(&machine, slots);
            let space = filled(&vm);
            assert_eq!(vm.reclaim(1000), slots, "{}", S::ID);
            assert_eq!(vm.free_swap_slots(), 0);
            keeps_its_contents(&vm, space);
        }
    }
    for_each_scheme!(test);
}

#[test]
fn clean_pages_of_a_file_need_no_device() {
    fn test<S: Scheme>() {
        let machine = Model::new(512);
        let vm = vm::<S, _>(&machine);
        let space = vm.create_space().unwrap();
        let object = vm.create_object(ObjectKind::File, 8).unwrap();
        let backing = Backing::SharedObject { object, offset: 0 };
        let request = MapRequest { backing, ..MapRequest::private(Placement::Vacant(HEAP), 8) };
        vm.mmap(space, &request).unwrap();
        (0..3).for_each(|page| _ = write(&vm, space, page, 9));
        (3..8).for_each(|page| assert_eq!(read(&vm, space, page), 0));
        assert_eq!(vm.reclaim(1000), 5, "{}", S::ID);
        for page in 0..8 {
            assert_eq!(read(&vm, space, page), if page < 3 { 9 } else { 0 });
        }
        assert_sound(&vm);
    }
    for_each_scheme!(test);
}

#[test]
fn pages_that_nobody_maps_go_as_well() {
    fn test<S: Scheme>() {
        let machine = Model::new(512);
        let vm = vm_with_swap::<S, _>(&machine, 8);
        let space = vm.create_space().unwrap();
        let object = vm.create_object(ObjectKind::Segment, 8).unwrap();
        let backing = Backing::SharedObject { object, offset: 0 };
        let request = MapRequest { backing, ..MapRequest::private(Placement::Vacant(HEAP), 8) };
        vm.mmap(space, &request).unwrap();
        (0..8).for_each(|page| _ = write(&vm, space, page, page + 1));
        vm.munmap(space, heap(8)).unwrap();
        assert_sound(&vm);
        assert_eq!(vm.reclaim(3), 3, "{}", S::ID);
        assert_eq!(vm.reclaim(1000), 5);
        assert_eq!(vm.free_swap_slots(), 0);
        vm.mmap(space, &request).unwrap();
        (0..8).for_each(|page| assert_eq!(read(&vm, space, page), page + 1));
        assert_sound(&vm);
    }
    for_each_scheme!(test);
}

#[test]
fn pages_of_all_processes_go() {
    fn test<S: Scheme>() {
        let machine = Model::new(512);
        let vm = vm_with_swap::<S, _>(&machine, 200);
        let spaces = [(); 3].map(|()| {
            let space = space_with_heap(&vm, PAGES);
            // Two areas, so that a walk goes from one to the next.
            vm.munmap(space, PageRange { start: HEAP.plus(9), pages: 1 }).unwrap();
            (0..20).filter(|page| *page != 9).for_each(|page| _ = write(&vm, space, page, page));
            space
        });
        assert_eq!(vm.reclaim(30), 30);
        vm.exit(spaces[1]);
        assert_sound(&vm);
        vm.reclaim(1000);
        for space in [spaces[0], spaces[2]] {
            assert_eq!(in_memory(&vm, space), [], "{}", S::ID);
            for page in (0..20).filter(|page| *page != 9) {
                assert_eq!(read(&vm, space, page), page);
            }
        }
        assert_sound(&vm);
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

/// A page that came back for one relative and is still in another's swap entry, whom its reader has
/// left.
#[test]
fn pages_that_only_the_swap_cache_holds_go_as_well() {
    fn test<S: Scheme>() {
        let machine = Model::new(512);
        let vm = vm_with_swap::<S, _>(&machine, 8);
        let parent = space_with_heap(&vm, 1);
        write(&vm, parent, 0, 7);
        let child = vm.fork(parent).unwrap().child;
        let frame = vm.frame_at(parent, HEAP).unwrap();
        vm.unmap_frame(frame, WhenIncomplete::Scan).outcome.unwrap();
        read(&vm, parent, 0);
        vm.exit(parent);
        assert_sound(&vm);
        assert_eq!(vm.reclaim(1000), 1, "{}", S::ID);
        assert_eq!(read(&vm, child, 0), 7);
        assert_sound(&vm);
    }
    for_each_scheme!(test);
}

#[test]
fn a_reverse_map_leads_from_each_frame_to_its_users_and_without_one_tables_are_walked() {
    let machine = Model::new(512);
    let by_frame = vm_with_swap::<PteNext, _>(&machine, 100);
    filled(&by_frame);
    by_frame.reclaim(20);
    assert_eq!(by_frame.counters().freed.get(), 20, "each frame was evicted by itself");
    let machine = Model::new(512);
    let by_table = vm_with_swap::<Scan, _>(&machine, 100);
    filled(&by_table);
    by_table.reclaim(20);
    assert_eq!(by_table.counters().freed.get(), 0);
    // One walk finds that all have been used, the next that they had been, and the third takes them.
    assert_eq!(by_table.counters().probes.get(), 2 * PAGES + 20);
}

#[test]
fn an_illegal_access_frees_nothing_however_tight_memory_is() {
    let machine = machine();
    let vm = vm_with_swap::<PteNext, _>(&machine, 100);
    let space = space_with_heap(&vm, 250);
    let mut written = 0;
    while vm.free_frames() > 2 {
        write(&vm, space, written, written);
        written += 1;
    }
    let refused = try_touch(&vm, space, 300, Access::Write, 1);
    assert_eq!(refused, Err(FaultRefused::Segfault));
    assert_eq!(vm.counters().reclaimed.get(), 0);
    assert_sound(&vm);
}

#[test]
fn a_process_may_use_more_than_there_is_memory() {
    const MANY: u64 = times(200, 80);
    fn test<S: Scheme>() {
        // The device, of which one page in four has no copy, lies in memory too.
        let machine = Model::new(MANY as u32 + 56);
        let vm = vm_with_swap::<S, _>(&machine, MANY as u32 * 3 / 4);
        let space = space_with_heap(&vm, MANY);
        for page in 0..MANY {
            let written = try_touch(&vm, space, page, Access::Write, page + 1);
            assert!(written.is_ok(), "{}: page {page}: {written:?}", S::ID);
        }
        assert!(vm.counters().reclaimed.get() > 0);
        (0..MANY).for_each(|page| assert_eq!(read(&vm, space, page), page + 1));
        assert_sound(&vm);
        // Forks make room as well.
        let child = vm.fork(space).expect("reclaim makes room").child;
        assert_eq!(read(&vm, child, MANY / 2), MANY / 2 + 1);
        assert_sound(&vm);
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn a_fork_makes_room_for_its_tables() {
    fn test<S: Scheme>() {
        let machine = machine();
        let vm = vm_with_swap::<S, _>(&machine, 100);
        let space = space_with_heap(&vm, 250);
        let mut written = 0;
        while vm.free_frames() > 2 {
            write(&vm, space, written, written + 1);
            written += 1;
        }
        let child = vm.fork(space).expect("reclaim makes room").child;
        assert!(vm.counters().reclaimed.get() > 0, "{}", S::ID);
        (0..written).for_each(|page| assert_eq!(read(&vm, child, page), page + 1));
        assert_sound(&vm);
    }
    for_each_scheme!(test);
}

#[test]
fn where_nothing_can_go_memory_runs_out() {
    fn test<S: Scheme>() {
        let machine = Model::new(128);
        let vm = vm_with_swap::<S, _>(&machine, 8);
        let space = space_with_heap(&vm, 200);
        let mut page = 0;
        let refused = loop {
            match try_touch(&vm, space, page, Access::Write, page + 1) {
                Ok(_) => page += 1,
                Err(refused) => break refused,
            }
        };
        assert_eq!(refused, FaultRefused::OutOfMemory, "{}", S::ID);
        assert!((60..130).contains(&page), "{page} pages fitted");
        assert_eq!(vm.free_swap_slots(), 0);
        assert_sound(&vm);
    }
    for_each_scheme!(test);
}

#[test]
fn memory_that_is_plentiful_is_not_reclaimed() {
    let machine = Model::new(512);
    let vm = vm_with_swap::<PteNext, _>(&machine, 100);
    let space = filled(&vm);
    machine.fail_allocation(Some(0));
    assert!(vm.fork(space).is_err(), "only a test says that memory ran out");
    machine.fail_allocation(Some(0));
    let at = VirtualAddress::of_page(PageIndex(HEAP.0 + PAGES));
    vm.mmap(space, &MapRequest::private(Placement::Vacant(at.page()), 1)).unwrap_err();
    assert_eq!(vm.counters().reclaimed.get(), 0);
    assert_eq!(in_memory(&vm, space).len() as u64, PAGES);
}
