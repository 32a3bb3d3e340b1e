//! Compaction: a free block is made by moving the pages in it elsewhere.

use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, Scheme};

use crate::frame_table::{FrameKind, HUGE_ORDER, block_frames};
use crate::machine::Machine;
use crate::outcome::{Compacted, Operated, Refused, WhenIncomplete};
use crate::vm::Vm;

/// Blocks that are compared before one of them is emptied.
const COMPARED: usize = 16;

/// The frame from which on blocks are looked at: behind the block that was tried last, so that one
/// that could not be emptied is not tried again at once.
#[derive(Debug, Default)]
pub(crate) struct CompactionHand(AtomicU32);

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Makes one more block of 2^`order` frames free, aligned to its size, by moving the pages out of
    /// one that holds pages and nothing else. Of the next few such blocks the one with the fewest pages
    /// is tried, and no other. Where a page cannot be moved, the block stays as it is, but for the
    /// pages moved by then.
    ///
    /// Orders are those of 8 KiB to 2 MiB, 1 to 9; there is no block of any other.
    pub fn compact_block(&self, order: u32, policy: WhenIncomplete) -> Compacted {
        let Some(block) = self.next_block(order) else {
            self.counters().refused.add(1);
            return Compacted { outcome: Err(Refused::NoBlock), moved: 0, probes: 0 };
        };
        self.frames.isolate(block, 1 << order, self.counters());
        let mut compacted = Compacted { outcome: Ok(block), moved: 0, probes: 0 };
        for frame in block_frames(block, order) {
            if self.frames.is(frame, FrameKind::Isolated) {
                continue;
            }
            let Operated { outcome, probes, .. } = self.move_out(frame, policy);
            compacted.probes += probes;
            if let Err(why) = outcome {
                compacted.outcome = Err(why);
                break;
            }
            compacted.moved += 1;
        }
        match compacted.outcome {
            Ok(block) => self.frames.free_block(block, order, self.counters()),
            Err(_) => self.free_isolated(block, order),
        }
        compacted
    }

    /// Moves the page in `frame` elsewhere; the frame is isolated then, without having been free.
    fn move_out(&self, frame: Frame, policy: WhenIncomplete) -> Operated {
        match self.begin_migration(frame, policy) {
            Ok((migration, begun)) => {
                let probes = self.vacate(migration);
                self.frames.hold_back(frame);
                Operated { probes: begun.probes + probes, ..begun }
            }
            Err(refused) => refused,
        }
    }

    fn free_isolated(&self, block: Frame, order: u32) {
        for frame in block_frames(block, order) {
            if self.frames.is(frame, FrameKind::Isolated) {
                self.frames.free(frame, self.counters());
            }
        }
    }

    /// Of the next blocks from the hand on that hold movable pages and nothing else, the one with the
    /// fewest.
    fn next_block(&self, order: u32) -> Option<Frame> {
        if !(1..=HUGE_ORDER).contains(&order) {
            return None;
        }
        let (count, hand) = (self.frames.count() >> order, &self.compaction_hand.0);
        let first = hand.load(Relaxed) >> order;
        let round = (0..count).map(|nth| Frame(((first + nth) % count) << order));
        let movable = round.filter_map(|block| Some((self.movable_pages(block, order)?, block)));
        let next = movable.filter(|(pages, _)| *pages > 0).take(COMPARED);
        let (_, block) = next.min_by_key(|(pages, _)| *pages)?;
        hand.store(block.0 + (1 << order), Relaxed);
        Some(block)
    }

    /// How many pages a block holds, if they and free frames are all it holds.
    fn movable_pages(&self, block: Frame, order: u32) -> Option<u32> {
        let mut pages = 0;
        for frame in block_frames(block, order) {
            match self.frames.kind(frame) {
                FrameKind::Free => {}
                FrameKind::Anonymous | FrameKind::ObjectPage if self.is_movable(frame) => {
                    pages += 1;
                }
                _ => return None,
            }
        }
        Some(pages)
    }

    fn is_movable(&self, frame: Frame) -> bool {
        !self.is_huge(frame) && self.frames.info(frame).pins().load(Relaxed) == 0
    }
}
