//! Schemes that give wrong answers.

use super::witness::{Distort, EXACT, PARTIAL, UNKNOWN};
use super::*;
use crate::outcome::{Refused, WhenIncomplete};

/// A process whose heap a child shares.
fn shared<const RULE: u8>(machine: &Still) -> World<'_, Witness<RULE>> {
    let world = World::new(machine);
    world.vm.fork(world.space).unwrap();
    world.is_sound();
    world
}

/// The first page that the oracle asks about which answer is bad for.
fn is_refuted<const RULE: u8>(
    world: &World<'_, Witness<RULE>>,
    coverage: Coverage,
    distort: Distort,
    wrong: impl Fn(Frame) -> Inconsistency,
) {
    world.vm.scheme.testify(coverage, distort);
    let pages: Vec<Frame> = touched().map(|page| world.frame(page)).collect();
    let refuted = world.vm.check().expect_err("nobody noticed");
    assert!(pages.iter().any(|page| wrong(*page) == refuted), "{refuted}");
}

/// Leaves every page with more than one mapping as it is, but for the first of them.
fn leave_one_out(positions: &mut Vec<PtePosition>) {
    if positions.len() > 1 {
        positions.pop();
    }
}

fn name_one_twice(positions: &mut Vec<PtePosition>) {
    positions.extend(positions.first().copied());
}

/// As many as there are, and all of them right.
fn name_one_for_another(positions: &mut Vec<PtePosition>) {
    if let [first, second, ..] = positions.as_mut_slice() {
        *second = *first;
    }
}

#[test]
fn an_exact_answer_names_every_mapping_once() {
    let machine = machine();
    let world = shared::<EXACT>(&machine);
    for distort in [leave_one_out, name_one_twice, name_one_for_another] {
        is_refuted(&world, Coverage::Exact, distort, Inconsistency::NotExact);
    }
    world.vm.scheme.testify(Coverage::Exact, |positions| positions.reverse());
    world.is_sound();
}

#[test]
fn no_answer_names_what_does_not_map_the_page() {
    let machine = machine();
    let world = shared::<EXACT>(&machine);
    // A wrong one alone, and before others that are right and do not make up for it.
    let distortions: [Distort; 2] = [
        |found| found.iter_mut().take(1).for_each(|position| position.slot ^= 1),
        |found| {
            if found.len() > 1 {
                found[0].slot ^= 1;
            }
        },
    ];
    for distort in distortions {
        for coverage in [Coverage::Exact, Coverage::Partial, Coverage::Unknown] {
            is_refuted(&world, coverage, distort, Inconsistency::Unsound);
        }
    }
}

#[test]
fn a_partial_answer_names_all_mappings_at_most() {
    let machine = machine();
    let world = shared::<PARTIAL>(&machine);
    for distort in [|_: &mut Vec<_>| (), leave_one_out, Vec::clear] {
        world.vm.scheme.testify(Coverage::Partial, distort);
        world.is_sound();
    }
    is_refuted(&world, Coverage::Partial, name_one_twice, Inconsistency::NotExact);
}

#[test]
fn who_does_not_know_names_nothing() {
    let machine = machine();
    let world = shared::<UNKNOWN>(&machine);
    is_refuted(&world, Coverage::Unknown, |_| (), Inconsistency::NotExact);
    is_refuted(&world, Coverage::Unknown, |found| found.truncate(1), Inconsistency::NotExact);
}

#[test]
fn a_scheme_knows_as_much_as_its_rules_say_and_no_more() {
    let machine = machine();
    let world = shared::<PARTIAL>(&machine);
    let claims = |claimed| move |frame| Inconsistency::Coverage { frame, claimed };
    is_refuted(&world, Coverage::Exact, |_| (), claims(Coverage::Exact));
    is_refuted(&world, Coverage::Unknown, Vec::clear, claims(Coverage::Unknown));
}

#[test]
fn of_a_page_that_nobody_maps_a_scheme_may_say_that_it_does_not_know() {
    let machine = machine();
    let world = World::<Honest>::new(&machine);
    world.vm.munmap(world.space, PageRange { start: HEAP, pages: 2 }).unwrap();
    for page in touched().filter(|page| *page >= FILE) {
        world.vm.pin(world.frame(page)).unwrap();
    }
    for start in [FILE, HUGE] {
        world.vm.munmap(world.space, PageRange { start, pages: 512 }).unwrap();
    }
    world.vm.scheme.testify(Coverage::Unknown, Vec::clear);
    world.is_sound();
}

#[test]
fn a_partial_answer_that_names_every_mapping_is_enough_to_move_a_page() {
    let machine = machine();
    let world = shared::<PARTIAL>(&machine);
    let frame = world.frame(HEAP);
    let migrated = world.vm.migrate_frame(frame, WhenIncomplete::Refuse);
    assert_eq!((migrated.outcome, migrated.mappings), (Ok(()), 2));
    world.is_sound();
    world.vm.scheme.testify(Coverage::Partial, leave_one_out);
    let migrated = world.vm.migrate_frame(world.frame(HEAP), WhenIncomplete::Refuse);
    assert_eq!(migrated.outcome, Err(Refused::Incomplete));
    world.is_sound();
}
