//! What page faults, fork and exit do to contents, rights and counts, under every scheme.

use model::Model;
use rmap::Scheme;
use vm::{
    Access, FaultKind, FaultRefused, Locking, MapError, MapRequest, PageRange, Placement, Vm,
    VmConfig,
};

use crate::support::{
    HEAP, assert_sound, heap, machine, read, space_with_heap, try_touch, vm, vm_with_swap, write,
};

#[test]
fn a_first_touch_finds_zeroes() {
    fn test<S: Scheme>() {
        let machine = machine();
        let vm = vm::<S, _>(&machine);
        let space = space_with_heap(&vm, 4);
        assert_eq!(try_touch(&vm, space, 0, Access::Read, 0), Ok((0, Some(FaultKind::SharedZero))));
        assert_eq!(write(&vm, space, 0, 5), Some(FaultKind::ZeroFill));
        assert_eq!(write(&vm, space, 1, 7), Some(FaultKind::ZeroFill));
        assert_eq!(write(&vm, space, 1, 8), None);
        assert_eq!(read(&vm, space, 1), 8);
        assert_sound(&vm);
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn a_write_after_fork_copies_and_the_last_writer_reuses() {
    fn test<S: Scheme>() {
        let machine = machine();
        let vm = vm::<S, _>(&machine);
        let parent = space_with_heap(&vm, 4);
        write(&vm, parent, 0, 11);
        let forked = vm.fork(parent).unwrap();
        assert_eq!(forked.ptes, 1);
        assert_sound(&vm);
        assert_eq!(write(&vm, forked.child, 0, 22), Some(FaultKind::CopyOnWrite));
        assert_sound(&vm);
        assert_eq!(read(&vm, parent, 0), 11);
        assert_eq!(write(&vm, parent, 0, 33), Some(FaultKind::Reuse));
        assert_eq!((read(&vm, parent, 0), read(&vm, forked.child, 0)), (33, 22));
        assert_sound(&vm);
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn the_parent_may_exit_before_its_children() {
    fn test<S: Scheme>() {
        let machine = machine();
        let vm = vm::<S, _>(&machine);
        let parent = space_with_heap(&vm, 20);
        (0..20).for_each(|page| _ = write(&vm, parent, page, page));
        let child = vm.fork(parent).unwrap().child;
        let grandchild = vm.fork(child).unwrap().child;
        assert_eq!(vm.exit(parent), 20);
        assert_sound(&vm);
        assert_eq!(vm.exit(child), 20);
        assert_sound(&vm);
        for page in 0..20 {
            assert_eq!(read(&vm, grandchild, page), page);
            assert_eq!(write(&vm, grandchild, page, page + 1), Some(FaultKind::Reuse));
        }
        assert_sound(&vm);
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn what_no_vma_covers_is_a_segfault() {
    fn test<S: Scheme>() {
        let machine = machine();
        let vm = vm::<S, _>(&machine);
        let space = space_with_heap(&vm, 4);
        assert_eq!(try_touch(&vm, space, 4, Access::Read, 0), Err(FaultRefused::Segfault));
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn ranges_that_cannot_be_mapped_are_refused() {
    let machine = machine();
    let vm = vm::<rmap::Scan, _>(&machine);
    let space = space_with_heap(&vm, 4);
    let ranges = [
        (HEAP, 1, MapError::Occupied),
        (HEAP.plus(3), 9, MapError::Occupied),
        (HEAP.plus(9), 0, MapError::BadRange),
        (rmap::PageIndex(0), 1, MapError::BadRange),
        (rmap::PageIndex((1 << 35) - 1), 2, MapError::BadRange),
        (HEAP.plus(9), u64::MAX, MapError::BadRange),
    ];
    for (start, pages, why) in ranges {
        let request = MapRequest::private(Placement::Vacant(start), pages);
        assert_eq!(vm.mmap(space, &request), Err(why), "{start:?}");
    }
}

#[test]
fn running_out_of_memory_leaves_no_trace() {
    fn test<S: Scheme>() {
        let machine = Model::new(64);
        let vm = vm::<S, _>(&machine);
        let parent = space_with_heap(&vm, 64);
        let mut written = 0;
        while try_touch(&vm, parent, written, Access::Write, written).is_ok() {
            written += 1;
        }
        assert!((20..64).contains(&written), "{written} pages fitted");
        assert_sound(&vm);
        assert!(vm.fork(parent).is_err());
        assert_sound(&vm);
        for page in 0..written {
            assert_eq!(read(&vm, parent, page), page);
        }
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn a_fork_that_fails_half_way_leaves_no_child() {
    fn test<S: Scheme>() {
        let machine = Model::new(64);
        let vm = vm::<S, _>(&machine);
        let parent = space_with_heap(&vm, 64);
        let mut written = 0;
        // Leave room for the child's root and VMA, not for all of its tables.
        while vm.free_frames() > 4 {
            write(&vm, parent, written, written);
            written += 1;
        }
        let before = vm.free_frames();
        assert!(vm.fork(parent).is_err());
        assert_eq!(vm.free_frames(), before);
        assert_sound(&vm);
        for page in 0..written {
            assert_eq!(read(&vm, parent, page), page);
            write(&vm, parent, page, page + 1);
        }
        assert_sound(&vm);
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

/// The page that a write is about to copy must not be what makes room for the copy, or it comes back
/// into that room, and so on.
#[test]
fn a_copy_for_which_there_is_no_room_is_refused_and_not_tried_for_ever() {
    fn test<S: Scheme>() {
        let machine = Model::new(64);
        let vm = vm_with_swap::<S, _>(&machine, 4);
        let parent = space_with_heap(&vm, 100);
        write(&vm, parent, 0, 7);
        let child = vm.fork(parent).expect("memory for a child").child;
        let rest = PageRange { start: heap(1).end(), pages: 99 };
        let filled = vm.mlock(parent, rest, Locking::Lock);
        assert_eq!(filled, Err(MapError::OutOfMemory), "{}", S::ID);
        // Room to bring the page in, not to copy it.
        vm.munmap(parent, PageRange { pages: 1, ..rest }).expect("a legal range");
        let refused = try_touch(&vm, child, 0, Access::Write, 8);
        assert_eq!(refused, Err(FaultRefused::OutOfMemory), "{}", S::ID);
        assert_eq!(read(&vm, child, 0), 7, "{}", S::ID);
        assert_sound(&vm);
    }
    for_each_scheme!(test);
}

#[test]
fn a_part_of_the_arena_is_a_machine_of_that_size() {
    let machine = machine();
    let config = VmConfig { memory: Some(40), swap_slots: 0 };
    let vm = Vm::<rmap::PteNext, _>::new(&machine, &config).expect("it is large enough");
    assert_eq!(vm.free_frames(), 40 - 2, "one frame holds the table, one is the page of zeroes");
    let space = space_with_heap(&vm, 64);
    let fits = |page: &u64| try_touch(&vm, space, *page, Access::Write, *page).is_ok();
    let written = (0..64).take_while(fits).count() as u64;
    assert!((20..38).contains(&written), "{written} pages fitted");
    assert_sound(&vm);
    vm.tear_down().unwrap();
}
