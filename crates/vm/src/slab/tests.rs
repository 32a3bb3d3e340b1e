use std::collections::BTreeMap;

use super::*;
use crate::machine::PhysicalAddress;
use crate::memory::OwnedArena;

const FRAMES: u32 = if cfg!(miri) { 8 } else { 64 };

/// Objects of 72 bytes in places of 80, of which a frame holds 51: the last 16 bytes stay unused.
type Item = crate::vma::Vma<()>;

/// Granules from one object to the next.
const STRIDE: u32 = 5;

/// A slab, and what its objects should hold.
struct World<'a> {
    table: FrameTable<'a, ()>,
    slab: Slab<Item>,
    counters: Counters,
    held: BTreeMap<u32, u32>,
}

impl<'a> World<'a> {
    fn new(arena: &'a OwnedArena) -> Self {
        let table = FrameTable::new(arena.arena(), 0, None).unwrap();
        Self { table, slab: Slab::default(), counters: Counters::default(), held: BTreeMap::new() }
    }

    /// The words of an object.
    fn words(&self, id: u32) -> &[AtomicU32] {
        self.table.arena().objects::<AtomicU32>(SlabId(id).offset(), size_of::<Item>() / 4)
    }

    fn take(&mut self, mark: u32) -> Result<u32, OutOfMemory> {
        let id = self.slab.allocate(&self.table, &self.counters)?.0;
        assert!(self.words(id).iter().all(|word| word.load(Relaxed) == 0), "{id} is not zeroed");
        self.words(id).iter().for_each(|word| word.store(mark, Relaxed));
        assert_eq!(self.held.insert(id, mark), None, "{id} was handed out twice");
        Ok(id)
    }

    fn give_back(&mut self, id: u32) {
        let mark = self.held.remove(&id).expect("it was handed out");
        assert!(self.words(id).iter().all(|word| word.load(Relaxed) == mark), "{id} was changed");
        self.slab.free(&self.table, SlabId(id), &self.counters);
    }

    /// Frames that hold an object.
    fn frames_in_use(&self) -> usize {
        let frames = self.held.keys().map(|id| SlabId(*id).frame().0);
        frames.collect::<std::collections::BTreeSet<u32>>().len()
    }
}

/// A sequence that looks random and is always the same.
fn numbers() -> impl Iterator<Item = u32> {
    core::iter::successors(Some(1_u32), |last| {
        Some(last.wrapping_mul(1_664_525).wrapping_add(1_013_904_223))
    })
    .map(|number| number >> 8)
}

#[test]
fn a_frame_is_cut_into_as_many_objects_as_fit() {
    let arena = OwnedArena::new(FRAMES, PhysicalAddress(0x4000_0000));
    let mut world = World::new(&arena);
    let fit = (FRAME_BYTES / (STRIDE as usize * GRANULE)) as u32;
    let ids: Vec<u32> = (0..=fit).map(|nth| world.take(nth + 1).unwrap()).collect();
    assert_eq!(world.slab.frames().now(), 2);
    let frames: Vec<Frame> = ids.iter().map(|id| SlabId(*id).frame()).collect();
    assert!(frames[..fit as usize].iter().all(|frame| *frame == frames[0]));
    for pair in ids[..fit as usize].windows(2) {
        assert_eq!(pair[1] - pair[0], STRIDE);
    }
}

#[test]
fn objects_are_handed_out_once_and_frames_go_with_their_last_object() {
    let arena = OwnedArena::new(FRAMES, PhysicalAddress(0x4000_0000));
    let mut world = World::new(&arena);
    let free = world.table.free_frames();
    // Up and down between nothing and a dozen frames; under Miri, of a few.
    let (steps, tide, many) = if cfg!(miri) { (700, 300, 2) } else { (20_000, 1500, 5) };
    for (nth, number) in (1..).zip(numbers().take(steps)) {
        let growing = nth / tide % 2 == 0;
        if world.held.is_empty() || (number % 4 == 0) != growing {
            world.take(nth).unwrap();
        } else {
            let ids: Vec<u32> = world.held.keys().copied().collect();
            world.give_back(ids[(number / 4) as usize % ids.len()]);
        }
        assert_eq!(world.slab.frames().now() as usize, world.frames_in_use());
    }
    assert!(world.slab.frames().peak() > many, "{}", world.slab.frames().peak());
    while let Some(id) = world.held.keys().next().copied() {
        world.give_back(id);
    }
    assert_eq!(world.slab.frames().now(), 0);
    assert_eq!(world.table.free_frames(), free);
}

#[test]
fn where_no_frame_is_left_a_slab_cannot_grow() {
    let arena = OwnedArena::new(FRAMES, PhysicalAddress(0x4000_0000));
    let mut world = World::new(&arena);
    let frames = world.table.free_frames();
    let fit = (FRAME_BYTES / (STRIDE as usize * GRANULE)) as u32;
    for nth in 0..frames * fit {
        world.take(nth + 1).unwrap();
    }
    assert_eq!(world.take(1), Err(OutOfMemory));
    assert_eq!(world.table.free_frames(), 0);
    let id = *world.held.keys().next().unwrap();
    world.give_back(id);
    assert_eq!(world.take(1), Ok(id));
}
