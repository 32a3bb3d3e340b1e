//! Compaction: a 2 MiB block comes free by moving the pages in it elsewhere.

use std::collections::BTreeMap;

use model::Model;
use rmap::{Frame, HintExclusive, PteNext, Scheme, SpaceId};
use vm::{PageRange, Refused, Vm, WhenIncomplete};

use crate::support::{HEAP, assert_sound, read, space_with_heap, vm, write};

const BLOCK: u32 = 512;
const PAGES: u64 = 2300;

/// A process whose pages fill three whole blocks at least.
struct World<'m, S: Scheme> {
    vm: Vm<'m, S, Model>,
    space: SpaceId,
}

impl<'m, S: Scheme> World<'m, S> {
    fn new(machine: &'m Model) -> Self {
        let vm = vm::<S, _>(machine);
        let space = space_with_heap(&vm, PAGES);
        // All tables first, so that they lie together.
        for page in (0..PAGES).step_by(512).chain([PAGES - 1]).chain(0..PAGES) {
            write(&vm, space, page, page);
        }
        Self { vm, space }
    }

    fn frame(&self, page: u64) -> Option<Frame> {
        self.vm.frame_at(self.space, HEAP.plus(page))
    }

    /// Pages of the heap by the block that they lie in.
    fn blocks(&self) -> BTreeMap<u32, Vec<u64>> {
        let mut blocks = BTreeMap::<_, Vec<u64>>::new();
        for page in 0..PAGES {
            if let Some(frame) = self.frame(page) {
                blocks.entry(frame.0 / BLOCK).or_default().push(page);
            }
        }
        blocks
    }

    /// Of the blocks that are full of the heap's pages, `N`.
    fn full_blocks<const N: usize>(&self) -> [u32; N] {
        let full = self.blocks().into_iter().filter(|(_, pages)| pages.len() == BLOCK as usize);
        let full: Vec<u32> = full.map(|(block, _)| block).take(N).collect();
        full.try_into().expect("enough pages to fill blocks")
    }

    /// Unmaps all but `kept` of the pages in a block.
    fn thin_out(&self, block: u32, kept: usize) {
        for page in self.blocks().remove(&block).unwrap().into_iter().skip(kept) {
            let range = PageRange { start: HEAP.plus(page), pages: 1 };
            self.vm.munmap(self.space, range).unwrap();
        }
    }

    fn pages_in(&self, block: u32) -> Vec<u64> {
        self.blocks().remove(&block).unwrap_or_default()
    }

    fn keeps_its_contents(&self) {
        let there: Vec<u64> = (0..PAGES).filter(|page| self.frame(*page).is_some()).collect();
        for page in there {
            assert_eq!(read(&self.vm, self.space, page), page);
        }
        assert_sound(&self.vm);
    }
}

#[test]
#[cfg_attr(miri, ignore = "clears and moves megabytes word by word")]
fn the_block_with_the_fewest_pages_is_emptied() {
    fn test<S: Scheme>() {
        let machine = Model::new(4096);
        let world = World::<S>::new(&machine);
        let [first, second, third] = world.full_blocks();
        for (block, kept) in [(first, 9), (second, 3), (third, 5)] {
            world.thin_out(block, kept);
        }
        let free = world.vm.free_frames();
        for block in [second, third] {
            // What leaves the one may have gone to the other.
            let pages = world.pages_in(block).len() as u32;
            let compacted = world.vm.compact_block(BLOCK.ilog2(), WhenIncomplete::Scan);
            let emptied = (Ok(Frame(block * BLOCK)), pages);
            assert_eq!((compacted.outcome, compacted.moved), emptied, "{}", S::ID);
            assert!(compacted.probes >= u64::from(pages));
            assert_eq!(world.pages_in(block), []);
            assert_eq!(world.vm.free_frames(), free);
            world.keeps_its_contents();
        }
        assert!(world.pages_in(first).len() >= 9);
        world.vm.tear_down().unwrap();
    }
    for_each_scheme!(test);
}

#[test]
#[cfg_attr(miri, ignore = "clears and moves megabytes word by word")]
fn a_block_with_a_page_that_a_device_holds_is_passed_over() {
    let machine = Model::new(4096);
    let world = World::<PteNext>::new(&machine);
    let [first, second] = world.full_blocks();
    world.thin_out(first, 2);
    world.thin_out(second, 4);
    let page = world.pages_in(first)[1];
    let held = world.frame(page).unwrap();
    world.vm.pin(held).unwrap();
    let compacted = world.vm.compact_block(BLOCK.ilog2(), WhenIncomplete::Refuse);
    assert_eq!((compacted.outcome, compacted.moved), (Ok(Frame(second * BLOCK)), 4));
    assert_eq!((world.frame(page), world.pages_in(second).len()), (Some(held), 0));
    world.vm.unpin(held).unwrap();
    world.keeps_its_contents();
}

#[test]
#[cfg_attr(miri, ignore = "clears and moves megabytes word by word")]
fn a_block_whose_pages_are_not_fully_known_stays() {
    let machine = Model::new(4096);
    let world = World::<HintExclusive>::new(&machine);
    let [block] = world.full_blocks();
    world.thin_out(block, 3);
    world.vm.fork(world.space).unwrap();
    // One page is known, and moves; the next one stays, and so does the block.
    let first = world.pages_in(block)[0];
    write(&world.vm, world.space, first, first);
    let free = world.vm.free_frames();
    let refused = world.vm.counters().refused.get();
    let compacted = world.vm.compact_block(BLOCK.ilog2(), WhenIncomplete::Refuse);
    assert_eq!(compacted.outcome, Err(Refused::Incomplete));
    assert_eq!(world.vm.counters().refused.get(), refused + 1);
    assert_eq!(world.vm.free_frames(), free, "what was held back is free again");
    world.keeps_its_contents();
    let compacted = world.vm.compact_block(BLOCK.ilog2(), WhenIncomplete::Scan);
    assert!(compacted.outcome.is_ok());
    world.keeps_its_contents();
}

#[test]
fn where_no_block_holds_movable_pages_alone_nothing_is_done() {
    let machine = Model::new(1024);
    let vm = vm::<PteNext, _>(&machine);
    let space = space_with_heap(&vm, 4);
    write(&vm, space, 0, 1);
    let before = vm.frame_at(space, HEAP);
    let compacted = vm.compact_block(BLOCK.ilog2(), WhenIncomplete::Scan);
    assert_eq!((compacted.outcome, compacted.moved), (Err(Refused::NoBlock), 0));
    assert_eq!(vm.counters().refused.get(), 1);
    assert_eq!(vm.frame_at(space, HEAP), before);
    assert_sound(&vm);
}
