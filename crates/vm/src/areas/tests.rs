use core::sync::atomic::Ordering::Relaxed;

use rmap::Scan;

use super::*;
use crate::request::{MapRequest, Placement};
use crate::still::Still;
use crate::vm::VmConfig;

const HEAP: PageIndex = PageIndex(0x1_0000);

#[test]
fn the_area_that_was_found_last_is_found_without_a_look_at_the_others() {
    let machine = Still::new(256);
    let vm = Vm::<Scan, _>::new(&machine, &VmConfig::default()).unwrap();
    let id = vm.create_space().unwrap();
    let space = vm.space(id);
    for nth in 0..3 {
        let placement = Placement::Vacant(HEAP.plus(nth * 8));
        vm.mmap(id, &MapRequest::private(placement, 4)).unwrap();
    }
    let middle = vm.find_vma(space, HEAP.plus(8)).expect("there is an area");
    // Without the tree there is nowhere else to look.
    let tree = space.vmas.swap(0, Relaxed);
    for page in 8..12 {
        assert_eq!(vm.find_vma(space, HEAP.plus(page)), Some(middle));
    }
    for page in [7, 12, 16] {
        assert_eq!(vm.find_vma(space, HEAP.plus(page)), None);
    }
    space.vmas.store(tree, Relaxed);
    // What is gone is found no more.
    vm.munmap(id, PageRange { start: HEAP.plus(8), pages: 4 }).unwrap();
    assert_eq!(vm.find_vma(space, HEAP.plus(8)), None);
    assert!(vm.find_vma(space, HEAP).is_some());
}

#[test]
fn looking_without_leaving_a_trace_leaves_none() {
    let machine = Still::new(256);
    let vm = Vm::<Scan, _>::new(&machine, &VmConfig::default()).unwrap();
    let id = vm.create_space().unwrap();
    let space = vm.space(id);
    vm.mmap(id, &MapRequest::private(Placement::Vacant(HEAP), 4)).unwrap();
    let found = vm.vma_covering(space, HEAP);
    assert!(found.is_some() && space.found_last().is_none());
    assert_eq!(vm.find_vma(space, HEAP), found);
    assert_eq!(space.found_last(), found);
}
