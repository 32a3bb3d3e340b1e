use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::counters::Counters;
use crate::frame_table::{FrameKind, HUGE_ORDER, block_frames, huge_frames};
use crate::machine::PhysicalAddress;
use crate::memory::OwnedArena;

/// Under Miri, which takes a thousand times as long, one block is enough, and a few steps are.
const FRAMES: u32 = if cfg!(miri) { 1030 } else { 3000 };
/// Frames that one step takes at most.
const MOST: u16 = if cfg!(miri) { 40 } else { 900 };
/// Steps of one case at most.
const STEPS: usize = if cfg!(miri) { 4 } else { 40 };

const HUGE_FRAMES: u32 = 1 << HUGE_ORDER;

/// An allocator and what it should hold.
struct World<'a> {
    table: FrameTable<'a, ()>,
    counters: Counters,
    free: BTreeSet<u32>,
    singles: Vec<Frame>,
    blocks: Vec<Frame>,
}

impl<'a> World<'a> {
    fn new(arena: &'a OwnedArena) -> Self {
        let table = FrameTable::new(arena.arena(), 0, None).unwrap();
        let all =
            (0..table.count()).filter(|frame| table.is(Frame(*frame), FrameKind::Free)).collect();
        let counters = Counters::default();
        Self { table, counters, free: all, singles: Vec::new(), blocks: Vec::new() }
    }

    fn take_one(&mut self) {
        match self.table.allocate(FrameKind::Anonymous, &self.counters) {
            Ok(frame) => {
                assert!(self.free.remove(&frame.0), "{frame} was handed out twice");
                self.singles.push(frame);
            }
            Err(OutOfMemory) => assert!(self.free.is_empty(), "free frames were not found"),
        }
    }

    fn take_huge(&mut self) {
        if let Ok(head) = self.table.allocate_huge(&self.counters) {
            assert!(head.0.is_multiple_of(HUGE_FRAMES), "{head} is misaligned");
            for frame in huge_frames(head) {
                assert!(self.free.remove(&frame.0), "{frame} was handed out twice");
            }
            self.blocks.push(head);
            return;
        }
        let whole = |head: u32| (head..head + HUGE_FRAMES).all(|frame| self.free.contains(&frame));
        let heads = (0..FRAMES / HUGE_FRAMES).map(|nth| nth * HUGE_FRAMES);
        assert_eq!(heads.filter(|head| whole(*head)).count(), 0, "a free block was not found");
    }

    /// Takes what is free of a block and gives it back, in one piece if that is all of it.
    fn isolate(&mut self, order: u32, block: prop::sample::Index) {
        let start = Frame((block.index((FRAMES >> order) as usize) as u32) << order);
        let expected = self.free.range(start.0..start.0 + (1 << order)).count() as u32;
        assert_eq!(self.table.isolate(start, 1 << order, &self.counters), expected);
        for frame in block_frames(start, order) {
            let isolated = self.table.is(frame, FrameKind::Isolated);
            assert_eq!(isolated, self.free.contains(&frame.0));
            if isolated && expected < 1 << order {
                self.table.free(frame, &self.counters);
            }
        }
        if expected == 1 << order {
            self.table.free_block(start, order, &self.counters);
        }
    }

    fn give_back(&mut self, index: prop::sample::Index) {
        if !self.singles.is_empty() {
            let frame = self.singles.swap_remove(index.index(self.singles.len()));
            self.table.free(frame, &self.counters);
            self.free.insert(frame.0);
        }
    }

    fn give_huge_back(&mut self) {
        if let Some(head) = self.blocks.pop() {
            self.table.free(head, &self.counters);
            self.free.extend(huge_frames(head).map(|frame| frame.0));
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Take(u16),
    Free(u16, prop::sample::Index),
    TakeHuge,
    FreeHuge,
    Isolate(u32, prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..MOST).prop_map(Step::Take),
        3 => (1..MOST, any::<prop::sample::Index>()).prop_map(|(n, index)| Step::Free(n, index)),
        2 => Just(Step::TakeHuge),
        2 => Just(Step::FreeHuge),
        2 => (0..=HUGE_ORDER, any::<prop::sample::Index>())
            .prop_map(|(order, block)| Step::Isolate(order, block)),
    ]
}

proptest! {
    #[test]
    fn no_frame_is_handed_out_twice_and_none_is_lost(steps in prop::collection::vec(step(), 1..STEPS)) {
        let arena = OwnedArena::new(FRAMES, PhysicalAddress(0x4000_0000));
        let mut world = World::new(&arena);
        for step in steps {
            match step {
                Step::Take(count) => (0..count).for_each(|_| world.take_one()),
                Step::Free(count, index) => (0..count).for_each(|_| world.give_back(index)),
                Step::TakeHuge => world.take_huge(),
                Step::FreeHuge => world.give_huge_back(),
                Step::Isolate(order, block) => world.isolate(order, block),
            }
            prop_assert_eq!(world.table.free_frames() as usize, world.free.len());
        }
        for frame in std::mem::take(&mut world.singles) {
            world.table.free(frame, &world.counters);
            world.free.insert(frame.0);
        }
        while !world.blocks.is_empty() {
            world.give_huge_back();
        }
        // Everything is whole again: as many blocks as in the beginning.
        let fresh_arena = OwnedArena::new(FRAMES, PhysicalAddress(0x4000_0000));
        let mut fresh = World::new(&fresh_arena);
        let blocks = |world: &mut World<'_>| {
            let before = world.blocks.len();
            (0..FRAMES / HUGE_FRAMES).for_each(|_| world.take_huge());
            world.blocks.len() - before
        };
        prop_assert_eq!(blocks(&mut world), blocks(&mut fresh));
    }
}

#[test]
fn consecutive_allocations_get_consecutive_frames() {
    let arena = OwnedArena::new(2 << REFILL_ORDER, PhysicalAddress(0x4000_0000));
    let world = World::new(&arena);
    let take = || world.table.allocate(FrameKind::Anonymous, &world.counters).unwrap().0;
    let batch: Vec<u32> = (0..1 << REFILL_ORDER).map(|_| take()).collect();
    assert!(batch.windows(2).all(|pair| pair[1] == pair[0] + 1), "{batch:?}");
}

#[test]
fn the_frame_that_was_freed_last_is_taken_first() {
    let arena = OwnedArena::new(FRAMES, PhysicalAddress(0x4000_0000));
    let world = World::new(&arena);
    let take = || world.table.allocate(FrameKind::Anonymous, &world.counters).unwrap();
    let taken = [(); 5].map(|()| take());
    for frame in [taken[3], taken[0], taken[2]] {
        world.table.free(frame, &world.counters);
    }
    assert_eq!([(); 3].map(|()| take()), [taken[2], taken[0], taken[3]]);
}

#[test]
#[cfg_attr(miri, ignore = "takes and frees thousands of frames")]
fn blocks_are_joined_up_to_the_largest_and_no_further() {
    // Two neighbours of the largest order, which would make one of the next.
    let frames = 4 << MAX_ORDER;
    let arena = OwnedArena::new(frames, PhysicalAddress(0x4000_0000));
    let table = FrameTable::<()>::new(arena.arena(), 0, None).unwrap();
    let counters = Counters::default();
    let free = table.free_frames();
    let take_all = || -> Vec<Frame> {
        core::iter::from_fn(|| table.allocate(FrameKind::Anonymous, &counters).ok()).collect()
    };
    let heads = |table: &FrameTable<'_, ()>| {
        let whole = |head: &u32| {
            let order = table.info(Frame(*head)).free_order();
            order.load(Relaxed) == MAX_ORDER + 1
        };
        (0..4).map(|nth| nth << MAX_ORDER).filter(whole).collect::<Vec<u32>>()
    };
    let in_the_beginning = heads(&table);
    assert_eq!(in_the_beginning.len(), 3, "the first holds the table itself");
    let taken = take_all();
    assert_eq!((taken.len() as u32, table.free_frames()), (free, 0));
    assert!(table.allocate_huge(&counters).is_err());
    for frame in taken {
        table.free(frame, &counters);
    }
    // A large block is what makes the allocator join hot frames, and it goes back again.
    let blocks: Vec<Frame> = core::iter::from_fn(|| table.allocate_huge(&counters).ok()).collect();
    assert!(blocks.len() >= 6, "{} blocks", blocks.len());
    for block in blocks {
        table.free(block, &counters);
    }
    assert_eq!(heads(&table), in_the_beginning);
    assert_eq!(table.free_frames(), free);
}
