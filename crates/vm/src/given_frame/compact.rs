//! Compaction: a free 2 MiB block is made by moving the pages in it elsewhere.

use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, Scheme};

use crate::frame_table::{FrameKind, HUGE_FRAMES, huge_frames};
use crate::machine::Machine;
use crate::outcome::{Compacted, Refused, WhenIncomplete};
use crate::vm::Vm;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Makes one more 2 MiB block free: of the blocks that hold pages and nothing else, the one with
    /// the fewest. Where a page cannot be moved the block stays as it is, but for the pages moved by
    /// then.
    pub fn compact_block(&self, policy: WhenIncomplete) -> Compacted {
        let Some(block) = self.best_block() else {
            self.counters().refused.add(1);
            return Compacted { outcome: Err(Refused::NotAPage), moved: 0, probes: 0 };
        };
        let isolated = self.frames.isolate(block, HUGE_FRAMES, self.counters());
        let mut compacted = Compacted { outcome: Ok(()), moved: 0, probes: 0 };
        for frame in huge_frames(block) {
            if !self.frames.is(frame, FrameKind::Isolated) {
                self.move_out(frame, policy, &mut compacted);
            }
            if compacted.outcome.is_err() {
                break;
            }
        }
        debug_assert!(isolated + compacted.moved <= HUGE_FRAMES);
        match compacted.outcome {
            Ok(()) => self.frames.free_block(block, self.counters()),
            Err(_) => self.free_isolated(block),
        }
        compacted
    }

    /// Moves the page in `frame` elsewhere; the frame is isolated then.
    fn move_out(&self, frame: Frame, policy: WhenIncomplete, compacted: &mut Compacted) {
        let moved = self.migrate_frame(frame, policy);
        compacted.probes += moved.probes;
        compacted.outcome = moved.outcome;
        if moved.outcome.is_ok() {
            compacted.moved += 1;
            self.frames.isolate(frame, 1, self.counters());
        }
    }

    fn free_isolated(&self, block: Frame) {
        for frame in huge_frames(block) {
            if self.frames.is(frame, FrameKind::Isolated) {
                self.frames.free(frame, self.counters());
            }
        }
    }

    /// The block with the fewest movable pages, and at least one, that holds nothing else.
    fn best_block(&self) -> Option<Frame> {
        let blocks = (0..self.frames.count() / HUGE_FRAMES).map(|nth| Frame(nth * HUGE_FRAMES));
        let movable = blocks.filter_map(|block| Some((self.movable_pages(block)?, block)));
        movable.filter(|(pages, _)| *pages > 0).min().map(|(_, block)| block)
    }

    /// How many pages a block holds, if they and free frames are all it holds.
    fn movable_pages(&self, block: Frame) -> Option<u32> {
        let mut pages = 0;
        for frame in huge_frames(block) {
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
