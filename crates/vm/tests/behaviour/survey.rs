//! What a survey counts, and that it leaves no trace.

use model::Model;
use rmap::{Covers, HintExclusive, Scan, Scheme};
use vm::{Backing, MapRequest, Placement, Survey};

use crate::support::{assert_sound, read, space_with_heap, times, vm, write};

const fn survey(exact: u32, partial: u32, unknown: u32) -> Survey {
    Survey { exact, partial, unknown }
}

fn every_anonymous_page_that_is_mapped_counts_once<S: Scheme>() {
    let machine = Model::new(1024);
    let vm = vm::<S, _>(&machine);
    assert_eq!(vm.survey(), Survey::default());
    let parent = space_with_heap(&vm, 20);
    (0..10).for_each(|page| _ = write(&vm, parent, page, 1));
    // The page of zeroes is nobody's, and an object's pages are found by their object.
    read(&vm, parent, 15);
    let shared = MapRequest {
        backing: Backing::Shared,
        ..MapRequest::private(Placement::Fixed(crate::support::HEAP.plus(16)), 4)
    };
    vm.mmap(parent, &shared).unwrap();
    write(&vm, parent, 16, 1);
    let told = match S::COVERS {
        Covers::ObjectPages => survey(0, 0, 10),
        Covers::EveryPage | Covers::AnonymousPages => survey(10, 0, 0),
    };
    assert_eq!(vm.survey(), told, "{}", S::ID);
    let child = vm.fork(parent).unwrap().child;
    write(&vm, child, 3, 2);
    let Survey { exact, partial, unknown } = vm.survey();
    assert_eq!(exact + partial + unknown, 11, "{}: ten pages and a copy", S::ID);
    vm.exit(child);
    vm.exit(parent);
    assert_eq!(vm.survey(), Survey::default());
}

#[test]
fn every_anonymous_page_that_is_mapped_counts_once_under_every_scheme() {
    for_each_scheme!(every_anonymous_page_that_is_mapped_counts_once);
}

#[test]
fn a_hint_that_a_fork_took_comes_back_with_a_write() {
    let machine = Model::new(1024);
    let vm = vm::<HintExclusive, _>(&machine);
    let parent = space_with_heap(&vm, 10);
    (0..10).for_each(|page| _ = write(&vm, parent, page, 1));
    let child = vm.fork(parent).unwrap().child;
    assert_eq!(vm.survey(), survey(0, 0, 10));
    vm.exit(child);
    assert_eq!(vm.survey(), survey(0, 0, 10), "alone, and nobody has noticed");
    (0..3).for_each(|page| _ = write(&vm, parent, page, 2));
    assert_eq!(vm.survey(), survey(3, 0, 7));
}

fn a_survey_leaves_no_trace<S: Scheme>() {
    let machine = Model::new(1024);
    let vm = vm::<S, _>(&machine);
    let parent = space_with_heap(&vm, 10);
    (0..10).for_each(|page| _ = write(&vm, parent, page, 1));
    vm.fork(parent).unwrap();
    write(&vm, parent, 0, 2);
    let state = || format!("{:?} {:?}", vm.counters(), vm.footprint());
    let before = state();
    let first = vm.survey();
    assert_eq!(vm.survey(), first, "{}", S::ID);
    assert_eq!(state(), before, "{}", S::ID);
    assert_sound(&vm);
}

#[test]
fn a_survey_leaves_no_trace_under_any_scheme() {
    for_each_scheme!(a_survey_leaves_no_trace);
}

#[test]
fn without_a_reverse_map_nothing_is_walked_for_a_survey() {
    const PAGES: u64 = times(1 << 14, 1 << 5);
    let machine = Model::new(4 * PAGES as u32);
    let vm = vm::<Scan, _>(&machine);
    let parent = space_with_heap(&vm, PAGES);
    (0..PAGES).for_each(|page| _ = write(&vm, parent, page, 1));
    vm.fork(parent).unwrap();
    // A walk for each page would take minutes.
    for _ in 0..times(50, 2) {
        assert_eq!(vm.survey(), survey(PAGES as u32, 0, 0));
    }
}
