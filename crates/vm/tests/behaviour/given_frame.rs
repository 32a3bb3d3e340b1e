//! What each scheme can say of a given frame, and what it takes to say it.

use model::Model;
use rmap::{Coverage, Frame, HintExclusive, PageIndex, PteNext, Scan, Scheme, SpaceId};
use vm::{FaultKind, Refused, Vm, WhenIncomplete};

use crate::support::{
    FRAMES, HEAP, assert_sound, machine, read, space_with_heap, vm, vm_with_swap, write,
};

/// A parent with `pages` written pages, and `children` forked from it.
fn family<S: Scheme>(vm: &Vm<'_, S, Model>, pages: u64, children: usize) -> Vec<SpaceId> {
    let parent = space_with_heap(vm, pages);
    (0..pages).for_each(|page| _ = write(vm, parent, page, page + 100));
    let children = (0..children).map(|_| vm.fork(parent).unwrap().child);
    std::iter::once(parent).chain(children).collect()
}

fn frame_of<S: Scheme>(vm: &Vm<'_, S, Model>, space: SpaceId, page: u64) -> Frame {
    vm.frame_at(space, HEAP.plus(page)).expect("the page is mapped")
}

#[test]
fn pte_next_takes_one_probe_per_sharer() {
    let machine = machine();
    let vm = vm::<PteNext, _>(&machine);
    let family = family(&vm, 40, 6);
    for page in [0, 15, 16, 39] {
        let found = vm.find(frame_of(&vm, family[0], page), WhenIncomplete::Refuse);
        assert_eq!((found.coverage, found.probes, found.mappings), (Coverage::Exact, 7, 7));
    }
    assert_sound(&vm);
}

#[test]
fn scan_walks_every_table_up_to_the_last_sharer() {
    let machine = machine();
    let vm = vm::<Scan, _>(&machine);
    let family = family(&vm, 40, 6);
    // The heap straddles two tables; seven spaces of 40 slots are walked in order of age.
    for page in [0, 15, 16, 39] {
        let found = vm.find(frame_of(&vm, family[0], page), WhenIncomplete::Refuse);
        assert_eq!(
            (found.coverage, found.probes, found.mappings),
            (Coverage::Exact, 6 * 40 + page + 1, 7)
        );
    }
}

#[test]
fn hint_exclusive_knows_unshared_pages_only() {
    let machine = machine();
    let vm = vm::<HintExclusive, _>(&machine);
    let family = family(&vm, 4, 1);
    let find = |space, page| {
        let found = vm.find(frame_of(&vm, space, page), WhenIncomplete::Refuse);
        (found.coverage, found.probes, found.mappings)
    };
    assert_eq!(find(family[0], 0), (Coverage::Unknown, 0, 0));
    // A copy is exclusive from birth; what was copied is alone now but has lost its hint ...
    assert_eq!(write(&vm, family[1], 0, 1), Some(FaultKind::CopyOnWrite));
    assert_eq!(find(family[1], 0), (Coverage::Exact, 1, 1));
    assert_eq!(find(family[0], 0), (Coverage::Unknown, 0, 0));
    // ... until a write fault finds it exclusive.
    assert_eq!(write(&vm, family[0], 0, 2), Some(FaultKind::Reuse));
    assert_eq!(find(family[0], 0), (Coverage::Exact, 1, 1));
    // An exit does not bring hints back.
    vm.exit(family[1]);
    assert_eq!(find(family[0], 1), (Coverage::Unknown, 0, 0));
    assert_sound(&vm);
}

#[test]
fn where_the_plan_says_scan_every_scheme_is_exact() {
    fn test<S: Scheme>() {
        let machine = machine();
        let vm = vm::<S, _>(&machine);
        let family = family(&vm, 4, 3);
        let found = vm.find(frame_of(&vm, family[0], 2), WhenIncomplete::Scan);
        assert_eq!((found.coverage, found.mappings), (Coverage::Exact, 4));
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn an_unmapped_frame_is_gone_for_all_and_comes_back_from_swap() {
    fn test<S: Scheme>() {
        let machine = machine();
        let vm = vm_with_swap::<S, _>(&machine, 8);
        let family = family(&vm, 4, 3);
        for space in &family {
            assert_eq!(read(&vm, *space, 2), 102);
        }
        let frame = frame_of(&vm, family[0], 2);
        assert_eq!(vm.unmap_frame(frame, WhenIncomplete::Scan).outcome, Ok(()));
        assert_sound(&vm);
        assert!(family.iter().all(|space| vm.frame_at(*space, HEAP.plus(2)).is_none()));
        for space in &family {
            assert_eq!(read(&vm, *space, 2), 102);
        }
        assert_sound(&vm);
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn a_frame_that_is_not_fully_known_is_left_alone() {
    let machine = machine();
    let vm = vm_with_swap::<HintExclusive, _>(&machine, 8);
    let family = family(&vm, 4, 1);
    let frame = frame_of(&vm, family[0], 0);
    assert_eq!(vm.unmap_frame(frame, WhenIncomplete::Refuse).outcome, Err(Refused::Incomplete));
    assert_eq!(read(&vm, family[0], 0), 100);
    assert_eq!(vm.counters().refused.get(), 1);
    assert_sound(&vm);
}

#[test]
fn a_frame_that_is_no_page_is_refused() {
    let machine = machine();
    let vm = vm::<PteNext, _>(&machine);
    for frame in [Frame(0), Frame(FRAMES - 1)] {
        let unmapped = vm.unmap_frame(frame, WhenIncomplete::Scan);
        assert_eq!(unmapped.outcome, Err(Refused::NotAPage));
    }
    assert_eq!(vm.frame_at(space_with_heap(&vm, 1), PageIndex(1)), None);
}
