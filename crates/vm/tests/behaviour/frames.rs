//! Operations on a given frame, beyond finding and evicting it.

use model::Model;
use rmap::{Coverage, Frame, HintExclusive, PteNext, Scan, Scheme, SpaceId};
use vm::{Access, FaultKind, FaultRefused, PageRange, Refused, Vm, WhenIncomplete};

use crate::support::{
    HEAP, assert_sound, heap, machine, read, space_with_heap, try_touch, vm, vm_with_swap, write,
};

/// A process with one page that holds 7.
fn with_page<S: Scheme>(vm: &Vm<'_, S, Model>) -> (SpaceId, Frame) {
    let space = space_with_heap(vm, 2);
    write(vm, space, 0, 7);
    (space, vm.frame_at(space, HEAP).expect("it was written to"))
}

#[test]
fn a_page_that_was_used_is_found_used_once() {
    fn test<S: Scheme>() {
        let machine = Model::new(256);
        let vm = vm::<S, _>(&machine);
        let (parent, frame) = with_page(&vm);
        let child = vm.fork(parent).unwrap().child;
        let age = || {
            let aged = vm.age_frame(frame, WhenIncomplete::Scan);
            (aged.outcome, aged.mappings)
        };
        // The parent's write is remembered; the child has not used it yet.
        assert_eq!(age(), (Ok(()), 1), "{}", S::ID);
        assert_eq!(age(), (Ok(()), 0));
        read(&vm, parent, 0);
        read(&vm, child, 0);
        assert_eq!(age(), (Ok(()), 2));
        assert_eq!(read(&vm, child, 0), 7);
        assert_eq!(age(), (Ok(()), 1));
        assert_sound(&vm);
    }
    for_each_scheme!(test);
}

#[test]
fn what_is_done_to_some_mappings_only_is_not_done() {
    let machine = Model::new(256);
    let vm = vm_with_swap::<HintExclusive, _>(&machine, 4);
    let (parent, frame) = with_page(&vm);
    vm.fork(parent).unwrap();
    let refuse = WhenIncomplete::Refuse;
    for (nth, operated) in [
        vm.age_frame(frame, refuse),
        vm.write_protect_frame(frame, refuse),
        vm.poison_frame(frame, refuse),
        vm.unmap_frame(frame, refuse),
        vm.migrate_frame(frame, refuse),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(operated.outcome, Err(Refused::Incomplete), "operation {nth}");
        assert_eq!(operated.mappings, 0);
    }
    assert_eq!(vm.counters().refused.get(), 5);
    assert_eq!(vm.free_swap_slots(), 4);
    assert_eq!(read(&vm, parent, 0), 7);
    assert_sound(&vm);
}

#[test]
fn a_search_is_counted_by_what_came_of_it() {
    let machine = Model::new(256);
    let vm = vm::<HintExclusive, _>(&machine);
    let (parent, frame) = with_page(&vm);
    let found = || {
        let counters = vm.counters();
        (counters.find_exact.get(), counters.find_unknown.get(), counters.scans.get())
    };
    vm.find(frame, WhenIncomplete::Refuse);
    assert_eq!(found(), (1, 0, 0));
    vm.fork(parent).unwrap();
    vm.find(frame, WhenIncomplete::Refuse);
    assert_eq!(found(), (1, 1, 0));
    let probes = vm.counters().probes.get();
    let scanned = vm.find(frame, WhenIncomplete::Scan);
    assert_eq!(found(), (2, 1, 1));
    assert_eq!((scanned.coverage, scanned.mappings), (Coverage::Exact, 2));
    assert_eq!(vm.counters().probes.get(), probes + scanned.probes);
    // Two slots of the parent's heap, one of the child's.
    assert_eq!(scanned.probes, 3);
}

#[test]
fn a_write_protected_page_is_written_to_after_one_fault() {
    fn test<S: Scheme>() {
        let machine = Model::new(256);
        let vm = vm::<S, _>(&machine);
        let (space, frame) = with_page(&vm);
        let protect = || {
            let protected = vm.write_protect_frame(frame, WhenIncomplete::Scan);
            (protected.outcome, protected.mappings)
        };
        assert_eq!(protect(), (Ok(()), 1));
        assert!(!vm.pte_at(space, HEAP).is_writable());
        assert_eq!(protect(), (Ok(()), 0), "there is nothing left to take away");
        assert_sound(&vm);
        assert_eq!(write(&vm, space, 0, 8), Some(FaultKind::Reuse));
        assert_eq!(read(&vm, space, 0), 8);
        assert_sound(&vm);
    }
    for_each_scheme!(test);
}

#[test]
fn a_page_that_a_device_holds_stays_where_it_is() {
    fn test<S: Scheme>() {
        let machine = Model::new(256);
        let vm = vm_with_swap::<S, _>(&machine, 4);
        let (space, frame) = with_page(&vm);
        assert_eq!(vm.unpin(frame), Err(Refused::NotAPage), "nobody holds it");
        vm.pin(frame).unwrap();
        vm.pin(frame).unwrap();
        let scan = WhenIncomplete::Scan;
        for _ in 0..2 {
            let refused = Err(Refused::Pinned);
            assert_eq!(vm.unmap_frame(frame, scan).outcome, refused);
            assert_eq!(vm.migrate_frame(frame, scan).outcome, refused);
            assert_eq!(vm.poison_frame(frame, scan).outcome, refused);
            assert_eq!(vm.write_protect_frame(frame, scan).outcome, refused);
            vm.unpin(frame).unwrap();
        }
        assert_eq!(vm.unpin(frame), Err(Refused::NotAPage));
        assert_eq!(vm.migrate_frame(frame, scan).outcome, Ok(()));
        assert_eq!(vm.counters().migrated.get(), 1);
        assert_eq!(read(&vm, space, 0), 7);
        assert_sound(&vm);
    }
    for_each_scheme!(test);
}

#[test]
fn a_migration_is_not_a_device() {
    let machine = Model::new(256);
    let vm = vm_with_swap::<PteNext, _>(&machine, 4);
    let (space, frame) = with_page(&vm);
    let (migration, _) = vm.begin_migration(frame, WhenIncomplete::Refuse).unwrap();
    assert_eq!(vm.unpin(frame), Err(Refused::NotAPage), "nobody but the migration holds it");
    assert_eq!(vm.pin(frame), Err(Refused::Migrating));
    for operated in [
        vm.unmap_frame(frame, WhenIncomplete::Scan),
        vm.migrate_frame(frame, WhenIncomplete::Scan),
        vm.write_protect_frame(frame, WhenIncomplete::Scan),
        vm.poison_frame(frame, WhenIncomplete::Scan),
    ] {
        assert_eq!(operated.outcome, Err(Refused::Migrating));
    }
    let aged = vm.age_frame(frame, WhenIncomplete::Scan);
    assert_eq!((aged.outcome, aged.mappings), (Ok(()), 0), "no entry maps it at present");
    vm.finish_migration(migration);
    assert_eq!(read(&vm, space, 0), 7);
    assert_sound(&vm);
}

#[test]
fn a_migration_counts_the_probes_of_both_halves() {
    let machine = Model::new(256);
    let vm = vm::<PteNext, _>(&machine);
    let (parent, frame) = with_page(&vm);
    vm.fork(parent).unwrap();
    let migrated = vm.migrate_frame(frame, WhenIncomplete::Refuse);
    assert_eq!((migrated.outcome, migrated.mappings, migrated.probes), (Ok(()), 2, 4));
}

#[test]
fn a_migration_whose_page_everybody_left_frees_both_frames() {
    fn test<S: Scheme>() {
        let machine = Model::new(256);
        let vm = vm::<S, _>(&machine);
        let (space, frame) = with_page(&vm);
        let free = vm.free_frames();
        let (migration, _) = vm.begin_migration(frame, WhenIncomplete::Scan).unwrap();
        assert_eq!(vm.free_frames(), free - 1);
        assert_eq!(vm.munmap(space, PageRange { start: HEAP, pages: 1 }), Ok(1));
        assert_sound(&vm);
        assert_eq!(vm.finish_migration(migration), 0);
        assert_eq!(vm.counters().migrated.get(), 0);
        assert_sound(&vm);
        vm.exit(space);
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn without_a_swap_device_or_with_a_full_one_a_page_stays() {
    fn test<S: Scheme>() {
        for slots in [0, 1] {
            let machine = Model::new(256);
            let vm = vm_with_swap::<S, _>(&machine, slots);
            let space = space_with_heap(&vm, 4);
            (0..4).for_each(|page| _ = write(&vm, space, page, page));
            for page in 0..4 {
                let frame = vm.frame_at(space, HEAP.plus(page)).unwrap();
                let unmapped = vm.unmap_frame(frame, WhenIncomplete::Scan);
                let fits = page < u64::from(slots);
                assert_eq!(unmapped.outcome, if fits { Ok(()) } else { Err(Refused::NoSwap) });
            }
            assert_eq!(vm.counters().freed.get(), u64::from(slots));
            assert_eq!(vm.free_swap_slots(), 0);
            (0..4).for_each(|page| assert_eq!(read(&vm, space, page), page));
            assert_sound(&vm);
        }
    }
    for_each_scheme!(test);
}

#[test]
fn a_page_that_is_alone_when_it_comes_back_can_be_written_to_at_once() {
    fn test<S: Scheme>() {
        let machine = Model::new(256);
        let vm = vm_with_swap::<S, _>(&machine, 4);
        let (space, frame) = with_page(&vm);
        vm.unmap_frame(frame, WhenIncomplete::Scan).outcome.unwrap();
        assert_eq!(write(&vm, space, 0, 8), Some(FaultKind::SwapIn), "{}", S::ID);
        assert!(vm.pte_at(space, HEAP).is_writable() && vm.pte_at(space, HEAP).is_exclusive());
        assert_eq!((read(&vm, space, 0), vm.free_swap_slots()), (8, 4));
        assert_sound(&vm);
    }
    for_each_scheme!(test);
}

#[test]
fn broken_memory_is_told_to_all_and_never_used_again() {
    fn test<S: Scheme>() {
        let machine = machine();
        let vm = vm_with_swap::<S, _>(&machine, 4);
        let (parent, frame) = with_page(&vm);
        let child = vm.fork(parent).unwrap().child;
        let free = vm.free_frames();
        let poisoned = vm.poison_frame(frame, WhenIncomplete::Scan);
        assert_eq!((poisoned.outcome, poisoned.mappings), (Ok(()), 2));
        assert_sound(&vm);
        for space in [parent, child] {
            for access in [Access::Read, Access::Write] {
                assert_eq!(
                    try_touch(&vm, space, 0, access, 1),
                    Err(FaultRefused::Poisoned),
                    "{}",
                    S::ID
                );
            }
        }
        assert_eq!(vm.poison_frame(frame, WhenIncomplete::Scan).outcome, Err(Refused::NotAPage));
        assert_eq!(vm.free_frames(), free);
        vm.munmap(parent, heap(2)).unwrap();
        vm.munmap(child, heap(2)).unwrap();
        // Whatever is mapped from now on lies elsewhere.
        let space = space_with_heap(&vm, 200);
        for page in 0..200 {
            if try_touch(&vm, space, page, Access::Write, 1).is_err() {
                break;
            }
            assert_ne!(vm.frame_at(space, HEAP.plus(page)), Some(frame));
        }
        assert_sound(&vm);
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn a_relative_that_has_broken_memory_in_swap_is_told() {
    fn test<S: Scheme>() {
        let machine = Model::new(256);
        let vm = vm_with_swap::<S, _>(&machine, 4);
        let (parent, frame) = with_page(&vm);
        let child = vm.fork(parent).unwrap().child;
        vm.unmap_frame(frame, WhenIncomplete::Scan).outcome.unwrap();
        assert_eq!(read(&vm, parent, 0), 7);
        let back = vm.frame_at(parent, HEAP).unwrap();
        assert_eq!(vm.poison_frame(back, WhenIncomplete::Scan).outcome, Ok(()));
        assert_sound(&vm);
        for space in [parent, child] {
            let refused = try_touch(&vm, space, 0, Access::Read, 0);
            assert_eq!(refused, Err(FaultRefused::Poisoned), "{}", S::ID);
        }
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn a_search_without_a_reverse_map_ends_with_the_last_mapping() {
    let machine = Model::new(256);
    let vm = vm::<Scan, _>(&machine);
    let (space, frame) = with_page(&vm);
    // The other page of the heap, and other spaces, are not looked at.
    space_with_heap(&vm, 2);
    assert_eq!(vm.find(frame, WhenIncomplete::Refuse).probes, 1);
    write(&vm, space, 1, 1);
    let second = vm.frame_at(space, HEAP.plus(1)).unwrap();
    assert_eq!(vm.find(second, WhenIncomplete::Refuse).probes, 2);
}
