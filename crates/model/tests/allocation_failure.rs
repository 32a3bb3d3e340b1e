//! Any one allocation can be made to fail, and the places that allocate are known by name.

use core::panic::Location;

use model::Model;
use vm::Machine;

#[track_caller]
fn allocate(machine: &Model) -> bool {
    machine.may_allocate(Location::caller())
}

fn first_place(machine: &Model) -> bool {
    allocate(machine)
}

/// One place, however many types it is compiled for.
fn generic_place<T>(machine: &Model, _kind: T) -> bool {
    allocate(machine)
}

#[test]
fn no_allocation_fails_unasked() {
    let machine = Model::new(1);
    assert!((0..100).all(|_| allocate(&machine)));
}

#[test]
fn exactly_the_nth_allocation_fails() {
    for nth in 0..5 {
        let machine = Model::new(1);
        allocate(&machine);
        machine.fail_allocation(Some(nth));
        let failed: Vec<u64> = (0..5).filter(|_| !allocate(&machine)).collect();
        assert_eq!(failed, [nth]);
    }
}

#[test]
fn a_sweep_knows_when_it_has_failed_every_allocation() {
    let machine = Model::new(1);
    let three_allocations = || (0..3).all(|_| allocate(&machine));
    let mut nth = 0;
    loop {
        machine.fail_allocation(Some(nth));
        let succeeded = three_allocations();
        machine.fail_allocation(None);
        assert_eq!(succeeded, machine.allocations_since_armed() <= nth);
        if succeeded {
            break;
        }
        nth += 1;
    }
    assert_eq!(nth, 3);
}

#[test]
fn a_failure_that_was_called_off_does_not_come() {
    let machine = Model::new(1);
    machine.fail_allocation(Some(1));
    assert!(allocate(&machine));
    machine.fail_allocation(None);
    assert!((0..5).all(|_| allocate(&machine)));
    assert_eq!(machine.allocations_since_armed(), 1);
}

#[test]
fn arming_again_counts_from_0() {
    let machine = Model::new(1);
    machine.fail_allocation(Some(2));
    assert!(allocate(&machine) && allocate(&machine));
    machine.fail_allocation(Some(1));
    assert_eq!(machine.allocations_since_armed(), 0);
    assert!(allocate(&machine) && !allocate(&machine) && allocate(&machine));
}

#[test]
fn points_are_places_in_the_source_with_what_happened_there() {
    let machine = Model::new(1);
    machine.record_allocations();
    generic_place(&machine, 0_u8);
    generic_place(&machine, 0_u64);
    machine.fail_allocation(Some(1));
    first_place(&machine);
    first_place(&machine);
    machine.fail_allocation(None);
    first_place(&machine);
    let tallies: Vec<_> =
        machine.points().iter().map(|point| (point.reached, point.failed)).collect();
    assert_eq!(tallies, [(3, 1), (2, 0)]);
    let [first, generic] = machine.points()[..] else { panic!("two places") };
    assert_eq!(first.location.file(), file!());
    assert!(first.location.line() < generic.location.line());
}

#[test]
fn nothing_is_collected_while_nobody_watches() {
    let machine = Model::new(1);
    allocate(&machine);
    machine.fail_allocation(Some(9));
    machine.fail_allocation(None);
    allocate(&machine);
    assert_eq!(machine.points(), []);
}

#[test]
fn two_places_on_one_line_are_two_points() {
    let machine = Model::new(1);
    machine.record_allocations();
    let _ = (allocate(&machine), allocate(&machine));
    assert_eq!(machine.points().len(), 2);
}
