//! What is promised of `anon-vma-chain` beyond exact answers: whom it looks at, and what it keeps.

use model::Model;
use rmap::{AnonVmaChain, Coverage, PageIndex, SpaceId};
use vm::{FRAME_BYTES, MapRequest, PageRange, Placement, Protection, Remap, Vm, WhenIncomplete};

use crate::support::{HEAP, assert_sound, heap, space_with_heap, times, vm, vm_with_swap, write};

const FRAMES: u32 = times(4096, 600) as u32;
const GENERATIONS: u32 = times(2000, 20) as u32;

type Chained<'m> = Vm<'m, AnonVmaChain, Model>;

/// A space whose heap of `pages` pages is written to.
fn written(vm: &Chained<'_>, pages: u64) -> SpaceId {
    let space = space_with_heap(vm, pages);
    (0..pages).for_each(|page| _ = write(vm, space, page, page));
    space
}

fn fork(vm: &Chained<'_>, parent: SpaceId) -> SpaceId {
    vm.fork(parent).expect("memory for a child").child
}

/// Probes and mappings of a search for the frame behind a page.
fn search(vm: &Chained<'_>, space: SpaceId, page: u64) -> (u64, u32) {
    let frame = vm.frame_at(space, HEAP.plus(page)).expect("a mapped page");
    let found = vm.find(frame, WhenIncomplete::Refuse);
    assert_eq!(found.coverage, Coverage::Exact);
    (found.probes, found.mappings)
}

#[test]
fn a_page_written_after_the_fork_is_looked_for_in_one_vma() {
    let machine = Model::new(FRAMES);
    let vm: Chained<'_> = vm(&machine);
    let parent = written(&vm, 4);
    let children: Vec<_> = (0..20).map(|_| fork(&vm, parent)).collect();
    write(&vm, children[7], 1, 99);
    assert_eq!(search(&vm, children[7], 1), (1, 1));
    assert_eq!(search(&vm, parent, 0), (21, 21));
    assert_sound(&vm);
}

#[test]
fn a_page_from_before_the_fork_is_looked_for_in_every_descendant() {
    let machine = Model::new(FRAMES);
    let vm: Chained<'_> = vm(&machine);
    let parent = written(&vm, 1);
    let children: Vec<_> = (0..20).map(|_| fork(&vm, parent)).collect();
    children[1..].iter().for_each(|child| _ = write(&vm, *child, 0, 1));
    write(&vm, parent, 0, 2);
    // Only the first child still has it; the mapcount ends the search there at the earliest.
    let (probes, mappings) = search(&vm, children[0], 0);
    assert_eq!(mappings, 1);
    assert!((1..=21).contains(&probes), "{probes} probes");
    assert_sound(&vm);
}

#[test]
fn a_family_whose_every_generation_forks_and_exits_stays_small() {
    let machine = Model::new(FRAMES);
    let vm: Chained<'_> = vm(&machine);
    let mut daemon = written(&vm, 1);
    for generation in 0..GENERATIONS {
        let child = fork(&vm, daemon);
        vm.exit(daemon);
        vm.activate(child);
        write(&vm, child, 0, u64::from(generation));
        daemon = child;
    }
    assert_eq!(search(&vm, daemon, 0), (1, 1));
    assert_eq!(vm.footprint().metadata_peak, 2 * FRAME_BYTES as u64, "a frame for each object");
    assert_sound(&vm);
    vm.tear_down().unwrap();
}

#[test]
fn an_anon_vma_is_used_again_by_one_child_only() {
    // Commit 2555283eb40d: counted wrongly, a second child got it as well, and a merge then put pages
    // where their own chain did not lead.
    let machine = Model::new(FRAMES);
    let vm: Chained<'_> = vm(&machine);
    let first = written(&vm, 3);
    let second = fork(&vm, first);
    let third = fork(&vm, second);
    vm.exit(second);
    let twins = [fork(&vm, third), fork(&vm, third)];
    for (nth, twin) in (1..).zip(twins) {
        (0..3).for_each(|page| _ = write(&vm, twin, page, nth));
        assert_eq!(search(&vm, twin, 1), (1, 1), "no stranger is on its own pages' way");
        assert_sound(&vm);
    }
    vm.exit(third);
    vm.exit(first);
    assert_sound(&vm);
}

#[test]
fn pieces_of_a_split_area_become_one_again_with_all_their_links() {
    let machine = Model::new(FRAMES);
    let vm: Chained<'_> = vm(&machine);
    let parent = written(&vm, 200);
    let child = fork(&vm, parent);
    for page in (1..199).step_by(2) {
        let range = PageRange { start: HEAP.plus(page), pages: 1 };
        vm.mprotect(child, range, Protection::ReadOnly).unwrap();
    }
    assert_sound(&vm);
    assert_eq!(search(&vm, parent, 100), (2, 2), "the pieces that do not cover it are passed by");
    vm.mprotect(child, heap(200), Protection::ReadWrite).unwrap();
    assert_sound(&vm);
    vm.mremap(child, heap(200), 200, Remap::To(PageIndex(0x8_0000))).expect("one area again");
    assert_eq!(search(&vm, parent, 100), (2, 2), "a moved page keeps its number");
    assert_sound(&vm);
}

#[test]
fn an_area_that_a_fork_gave_a_longer_chain_stays_apart_from_a_fresh_neighbour() {
    let machine = Model::new(FRAMES);
    let vm: Chained<'_> = vm(&machine);
    let parent = written(&vm, 2);
    let child = fork(&vm, parent);
    let beside = MapRequest::private(Placement::Vacant(HEAP.plus(2)), 2);
    for space in [parent, child] {
        vm.mmap(space, &beside).unwrap();
    }
    let far = Remap::To(PageIndex(0x8_0000));
    assert!(vm.mremap(child, heap(4), 4, far).is_err(), "two areas");
    assert!(vm.mremap(parent, heap(4), 4, far).is_ok(), "one area, since its chain has one link");
    assert_sound(&vm);
}

#[test]
fn a_fresh_neighbour_takes_over_the_anon_vma_it_will_merge_with() {
    let machine = Model::new(FRAMES);
    let vm: Chained<'_> = vm(&machine);
    let space = space_with_heap(&vm, 8);
    let upper = PageRange { start: HEAP.plus(4), pages: 4 };
    vm.mprotect(space, upper, Protection::ReadOnly).unwrap();
    write(&vm, space, 0, 1);
    vm.mprotect(space, upper, Protection::ReadWrite).unwrap();
    write(&vm, space, 6, 1);
    vm.mremap(space, heap(8), 8, Remap::To(PageIndex(0x8_0000))).expect("one area again");
    assert_sound(&vm);
}

#[test]
fn a_page_that_relatives_left_on_the_device_is_found_by_the_whole_family() {
    let machine = Model::new(FRAMES);
    let vm: Chained<'_> = vm_with_swap(&machine, 16);
    let parent = written(&vm, 1);
    let child = fork(&vm, parent);
    let grandchild = fork(&vm, child);
    let frame = vm.frame_at(parent, HEAP).unwrap();
    assert_eq!(vm.unmap_frame(frame, WhenIncomplete::Refuse).outcome, Ok(()));
    vm.exit(parent);
    for (nth, space) in (1..).zip([grandchild, child]) {
        vm.activate(space);
        crate::support::read(&vm, space, 0);
        assert_eq!(search(&vm, space, 0).1, nth);
        assert_sound(&vm);
    }
}

#[test]
fn the_first_write_to_an_area_is_what_costs_memory() {
    let machine = Model::new(FRAMES);
    let vm: Chained<'_> = vm(&machine);
    let space = space_with_heap(&vm, 4);
    let child = fork(&vm, space);
    crate::support::read(&vm, space, 0);
    assert_eq!(vm.footprint().metadata_peak, 0);
    write(&vm, space, 0, 1);
    assert_eq!(vm.footprint().metadata_peak, 2 * FRAME_BYTES as u64);
    vm.exit(child);
    vm.exit(space);
    vm.tear_down().unwrap();
}
