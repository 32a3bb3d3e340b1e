//! Stacks grow down to where they are touched.

use model::Model;
use rmap::{PageIndex, Scan, SpaceId};
use vm::{
    Access, FaultKind, FaultRefused, Growth, MapRequest, Placement, STACK_WINDOW, VirtualAddress,
    Vm,
};

use crate::support::{assert_sound, vm};

const TOP: PageIndex = PageIndex(0x7_0000);

type Machine<'m> = Vm<'m, Scan, Model>;

fn with_stack(vm: &Machine<'_>, at: PageIndex) -> SpaceId {
    let space = vm.create_space().unwrap();
    let request =
        MapRequest { growth: Growth::Down, ..MapRequest::private(Placement::Vacant(at), 1) };
    vm.mmap(space, &request).unwrap();
    vm.activate(space);
    space
}

fn write(vm: &Machine<'_>, page: u64) -> Result<Option<FaultKind>, FaultRefused> {
    let touched = vm.touch(VirtualAddress::of_page(PageIndex(page)), Access::Write, 1);
    touched.map(|touched| touched.fault)
}

#[test]
fn a_stack_grows_within_its_window_and_no_further() {
    let machine = Model::new(512);
    let vm = vm(&machine);
    with_stack(&vm, TOP);
    assert_eq!(write(&vm, TOP.0 - STACK_WINDOW - 1), Err(FaultRefused::Segfault));
    assert_eq!(write(&vm, TOP.0 - STACK_WINDOW), Ok(Some(FaultKind::Stack)));
    // What it grew over is part of it, and the window begins anew.
    assert_eq!(write(&vm, TOP.0 - 1), Ok(Some(FaultKind::ZeroFill)));
    assert_eq!(write(&vm, TOP.0 - 2 * STACK_WINDOW), Ok(Some(FaultKind::Stack)));
    assert_sound(&vm);
}

#[test]
fn a_page_stays_free_between_a_stack_and_what_is_below() {
    let machine = Model::new(512);
    let vm = vm(&machine);
    let space = with_stack(&vm, TOP);
    let below = PageIndex(TOP.0 - 5);
    vm.mmap(space, &MapRequest::private(Placement::Vacant(below), 1)).unwrap();
    assert_eq!(write(&vm, TOP.0 - 4), Err(FaultRefused::Segfault));
    assert_eq!(write(&vm, TOP.0 - 3), Ok(Some(FaultKind::Stack)));
    assert_sound(&vm);
}

#[test]
fn a_stack_never_reaches_the_first_pages() {
    let machine = Model::new(512);
    let vm = vm(&machine);
    with_stack(&vm, PageIndex(4));
    for page in [0, 1] {
        assert_eq!(write(&vm, page), Err(FaultRefused::Segfault));
    }
    assert_eq!(write(&vm, 2), Ok(Some(FaultKind::Stack)));
    assert_eq!(write(&vm, 1), Err(FaultRefused::Segfault));
    assert_sound(&vm);
}

#[test]
fn only_stacks_grow() {
    let machine = Model::new(512);
    let vm = vm(&machine);
    let space = with_stack(&vm, TOP);
    let heap = TOP.plus(100);
    vm.mmap(space, &MapRequest::private(Placement::Vacant(heap), 1)).unwrap();
    assert_eq!(write(&vm, heap.0 - 1), Err(FaultRefused::Segfault));
    // Nor does a stack grow up.
    assert_eq!(write(&vm, TOP.0 + 1), Err(FaultRefused::Segfault));
    assert_sound(&vm);
}

#[test]
fn a_stack_that_cannot_be_filled_is_as_it_was() {
    let machine = Model::new(512);
    let vm = vm(&machine);
    let space = with_stack(&vm, TOP);
    machine.fail_allocation(Some(0));
    assert_eq!(write(&vm, TOP.0 - 5), Err(FaultRefused::OutOfMemory));
    let below = Placement::Vacant(PageIndex(TOP.0 - 5));
    assert!(vm.mmap(space, &MapRequest::private(below, 5)).is_ok());
    assert_sound(&vm);
}
