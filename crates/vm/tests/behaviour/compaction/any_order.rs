//! Free blocks made by moving pages: what must hold of them, and what must not change.

use model::Model;
use proptest::prelude::*;
use rmap::{Frame, HintExclusive, PteNext, Scan, Scheme, SpaceId};
use vm::{Compacted, Refused, Vm, WhenIncomplete};

use crate::support::{HEAP, assert_sound, heap, read, space_with_heap, times, vm, write};

/// Under Miri, enough to empty three blocks of four, one after the other.
const PAGES: u64 = times(200, 72);
/// Room for them, for a copy, and for the tables of three processes.
const FRAMES: u32 = times(1024, 256) as u32;

/// A process with a fragmented heap that its children share, as far as they did not write to it.
struct Fragmented<'v, 'm, S: Scheme> {
    vm: &'v Vm<'m, S, Model>,
    family: Vec<SpaceId>,
    /// The pages that are left.
    kept: Vec<u64>,
}

impl<'v, 'm, S: Scheme> Fragmented<'v, 'm, S> {
    /// `keeps` says of each page whether it stays, and whether the first child has a copy.
    fn new(vm: &'v Vm<'m, S, Model>, children: usize, keeps: &[(bool, bool)]) -> Self {
        let parent = space_with_heap(vm, PAGES);
        (0..PAGES).for_each(|page| _ = write(vm, parent, page, page));
        let pages = || (0..PAGES).zip(keeps);
        for (page, _) in pages().filter(|(_, (keep, _))| !keep) {
            let range = vm::PageRange { start: HEAP.plus(page), pages: 1 };
            vm.munmap(parent, range).unwrap();
        }
        let kept = pages().filter(|(_, (keep, _))| *keep).map(|(page, _)| page).collect();
        let mut family = vec![parent];
        family.extend((0..children).map(|_| vm.fork(parent).unwrap().child));
        for (page, _) in pages().filter(|(_, (keep, copy))| *keep && *copy && children > 0) {
            write(vm, family[1], page, page);
        }
        Self { vm, family, kept }
    }

    fn compact(&self, order: u32, policy: WhenIncomplete) -> Compacted {
        self.vm.compact_block(order, policy)
    }

    fn frames(&self) -> impl Iterator<Item = Frame> {
        let all =
            self.family.iter().flat_map(|space| self.kept.iter().map(move |page| (space, page)));
        all.filter_map(|(space, page)| self.vm.frame_at(*space, HEAP.plus(*page)))
    }

    fn assert_contents(&self) {
        for space in &self.family {
            for page in &self.kept {
                assert_eq!(read(self.vm, *space, *page), *page, "{}", S::ID);
            }
        }
    }
}

/// Compacts once and checks all that must hold.
fn one_more_block<S: Scheme>(
    children: usize,
    keeps: &[(bool, bool)],
    order: u32,
    policy: WhenIncomplete,
) {
    let machine = Model::new(FRAMES);
    let vm = vm::<S, _>(&machine);
    let world = Fragmented::new(&vm, children, keeps);
    vm.hand_out_blocks(order);
    let free = vm.free_frames();
    let compacted = world.compact(order, policy);
    assert_eq!(vm.free_frames(), free, "{}: frames were lost or found", S::ID);
    assert_sound(&vm);
    match compacted.outcome {
        Ok(block) => {
            assert!(block.0.is_multiple_of(1 << order), "{block} is misaligned");
            let inside = block.0..block.0 + (1 << order);
            assert!(world.frames().all(|frame| !inside.contains(&frame.0)), "{block} is in use");
            assert!((1..=1 << order).contains(&compacted.moved));
            assert_eq!(vm.hand_out_blocks(order), 1, "{}: one block came free", S::ID);
        }
        Err(Refused::Incomplete) => assert_eq!(policy, WhenIncomplete::Refuse),
        Err(why) => assert!(matches!(why, Refused::NoBlock | Refused::OutOfMemory), "{why}"),
    }
    assert_eq!(vm.counters().migrated.get(), u64::from(compacted.moved));
    world.assert_contents();
    vm.tear_down().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(times(64, 1) as u32))]
    #[test]
    fn a_block_that_was_made_is_free_and_aligned_and_nobody_sees_a_difference(
        keeps in prop::collection::vec(any::<(bool, bool)>(), PAGES as usize),
        children in 0..3_usize,
        order in 1..=6_u32,
        scan in any::<bool>(),
    ) {
        let policy = if scan { WhenIncomplete::Scan } else { WhenIncomplete::Refuse };
        one_more_block::<Scan>(children, &keeps, order, policy);
        one_more_block::<PteNext>(children, &keeps, order, policy);
        one_more_block::<HintExclusive>(children, &keeps, order, policy);
    }
}

/// Every second page of a heap that `children` share.
fn every_second<'v, 'm, S: Scheme>(
    vm: &'v Vm<'m, S, Model>,
    children: usize,
) -> Fragmented<'v, 'm, S> {
    let keeps: Vec<_> = (0..PAGES).map(|page| (page % 2 == 0, false)).collect();
    Fragmented::new(vm, children, &keeps)
}

#[test]
fn what_the_scheme_does_not_know_leaves_everything_as_it_was() {
    let machine = Model::new(FRAMES);
    let vm = vm::<HintExclusive, _>(&machine);
    let world = every_second(&vm, 1);
    let before: Vec<_> = world.frames().collect();
    let compacted = world.compact(2, WhenIncomplete::Refuse);
    assert_eq!((compacted.outcome, compacted.moved), (Err(Refused::Incomplete), 0));
    assert_eq!(world.frames().collect::<Vec<_>>(), before);
    assert_eq!(vm.counters().scans.get(), 0, "where nothing was done, nothing is undone");
    assert_sound(&vm);
    world.assert_contents();
    // Where all may be walked, the same block can be emptied.
    assert!(world.compact(2, WhenIncomplete::Scan).outcome.is_ok());
    world.assert_contents();
}

#[test]
fn a_block_that_could_not_be_emptied_is_not_tried_again_at_once() {
    let machine = Model::new(FRAMES);
    let vm = vm::<PteNext, _>(&machine);
    let world = every_second(&vm, 0);
    vm.hand_out_blocks(2);
    let blocks: Vec<_> = (0..times(20, 3))
        .map(|_| world.compact(2, WhenIncomplete::Refuse).outcome.unwrap())
        .collect();
    assert!(blocks.windows(2).all(|pair| pair[0] < pair[1]), "{blocks:?}");
}

#[test]
fn pinned_pages_keep_their_block_from_being_tried() {
    let machine = Model::new(FRAMES);
    let vm = vm::<PteNext, _>(&machine);
    let world = every_second(&vm, 0);
    world.frames().for_each(|frame| vm.pin(frame).unwrap());
    assert_eq!(world.compact(3, WhenIncomplete::Scan).outcome, Err(Refused::NoBlock));
    assert_eq!(vm.counters().migrated.get(), 0);
}

#[test]
fn there_is_no_block_of_one_page_or_of_more_than_2_mib() {
    let machine = Model::new(4096);
    let vm = vm::<PteNext, _>(&machine);
    let world = every_second(&vm, 0);
    for order in [0, 10, 31, 32, u32::MAX] {
        let refused = world.compact(order, WhenIncomplete::Scan);
        assert_eq!(refused.outcome, Err(Refused::NoBlock));
    }
}

#[test]
#[cfg_attr(miri, ignore = "clears and moves megabytes word by word")]
fn a_block_of_2_mib_is_made_in_the_midst_of_a_heap() {
    fn test<S: Scheme>() {
        const LARGE: u64 = 1600;
        let machine = Model::new(4096);
        let vm = vm::<S, _>(&machine);
        let parent = space_with_heap(&vm, LARGE);
        // The tables come first and lie together, so that some block holds pages only.
        (0..LARGE).step_by(512).for_each(|page| _ = write(&vm, parent, page, page));
        (0..LARGE).for_each(|page| _ = write(&vm, parent, page, page));
        vm.hand_out_blocks(9);
        vm.munmap(parent, heap(600)).unwrap();
        let compacted = vm.compact_block(9, WhenIncomplete::Scan);
        let block = compacted.outcome.expect("there is a block and room elsewhere");
        assert!(block.0.is_multiple_of(512));
        assert!(compacted.moved > 0);
        assert_sound(&vm);
        (600..LARGE).for_each(|page| assert_eq!(read(&vm, parent, page), page));
        vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
fn what_a_device_holds_is_free_again_at_the_end() {
    let machine = Model::new(FRAMES);
    let vm = vm::<Scan, _>(&machine);
    let free = vm.free_frames();
    let blocks = vm.hand_out_blocks(3);
    assert!(vm.free_frames() < 8 * 8, "small pieces are left");
    assert_eq!(u64::from(free - vm.free_frames()), 8 * blocks);
    assert_sound(&vm);
    vm.tear_down().unwrap();
    assert_eq!(vm.free_frames(), free);
}
