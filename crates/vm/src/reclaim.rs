//! Memory pressure: frames are freed by evicting pages that have not been used lately.
//!
//! With a reverse map a hand goes round the frames, asks for each whether it has been used, and evicts
//! it if not (the second-chance clock). Without one, and where the scheme knows too little, the hand
//! goes round the address spaces as in Linux 2.1.76 (`swap_out`): it moves the accessed bit of each
//! PTE to its frame and comes again later; an unused page is forgotten by one table at a time, and
//! freed when only the swap cache holds it.

use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

use rmap::{
    Frame, Mapping, OutOfMemory, PageIndex, PtePosition, ReclaimBy, Scheme, SpaceId, VmaId,
};

use crate::frame_table::{FrameKind, FrameMark};
use crate::machine::{FaultRefused, Machine};
use crate::outcome::WhenIncomplete;
use crate::page_table::Stretch;
use crate::pte::Pte;
use crate::space::{PageRange, space_at};
use crate::vm::Vm;
use crate::vma::Traits;

/// Frames that are reclaimed at once when memory ran out (Linux' `SWAP_CLUSTER_MAX`).
const BATCH: u32 = 32;

/// How often an operation that ran out of memory is tried again, each time after reclaiming twice as
/// much.
const RETRIES: u32 = 8;

/// Rounds of a hand: one takes the accessed bits, the next evicts; a third for pages that came back
/// in between.
const ROUNDS: u32 = 3;

/// Where the hands stand.
#[derive(Debug, Default)]
pub(crate) struct ClockHands {
    frame: AtomicU32,
    space: AtomicU32,
}

impl ClockHands {
    /// A space is about to go; the hand goes on to the `next`.
    pub fn forget(&self, space: SpaceId, next: Option<SpaceId>) {
        if self.space.load(Relaxed) == space.0 {
            self.space.store(next.map_or(0, |next| next.0), Relaxed);
        }
    }
}

/// Tells that memory ran out.
pub(crate) trait RanOut {
    fn ran_out(&self) -> bool;
}

impl RanOut for OutOfMemory {
    fn ran_out(&self) -> bool {
        true
    }
}

impl RanOut for FaultRefused {
    fn ran_out(&self) -> bool {
        *self == Self::OutOfMemory
    }
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Runs `operation`, which leaves no trace when memory runs out, and again after reclaiming some
    /// if that is why. The caller holds no lock.
    pub(crate) fn with_reclaim<R, E: RanOut>(
        &self,
        mut operation: impl FnMut() -> Result<R, E>,
    ) -> Result<R, E> {
        let mut batch = BATCH;
        for _ in 0..RETRIES {
            match operation() {
                Err(error) if error.ran_out() && self.is_tight() => {
                    if self.reclaim(batch) == 0 {
                        return Err(error);
                    }
                }
                outcome => return outcome,
            }
            batch *= 2;
        }
        operation()
    }

    /// Whether reclaiming could help an operation that ran out of memory. Memory that is plentiful runs
    /// out only because a test says so.
    pub(crate) fn is_tight(&self) -> bool {
        self.free_frames() < BATCH
    }

    /// Tries to free `wanted` frames; returns how many came free.
    pub fn reclaim(&self, wanted: u32) -> u32 {
        let goal = self.free_frames().saturating_add(wanted);
        let before = self.free_frames();
        if S::RECLAIM == ReclaimBy::Frame {
            self.reclaim_by_frame(goal);
        }
        if self.free_frames() < goal {
            self.reclaim_by_table(goal);
        }
        let freed = self.free_frames().saturating_sub(before);
        self.counters().reclaimed.add(u64::from(freed));
        freed
    }

    /// The hand goes round the frames.
    fn reclaim_by_frame(&self, goal: u32) {
        let count = self.frames.count();
        for _ in 0..u64::from(count) * u64::from(ROUNDS) {
            if self.free_frames() >= goal {
                return;
            }
            let frame = Frame(self.hands.frame.load(Relaxed) % count);
            self.hands.frame.store(frame.0 + 1, Relaxed);
            if self.is_reclaimable(frame) {
                self.reclaim_frame(frame);
            }
        }
    }

    fn is_reclaimable(&self, frame: Frame) -> bool {
        matches!(self.frames.kind(frame), FrameKind::Anonymous | FrameKind::ObjectPage)
            && !self.is_migrating(frame)
            && self.frames.info(frame).pins().load(Relaxed) == 0
    }

    fn reclaim_frame(&self, frame: Frame) {
        let aged = self.age_frame(frame, WhenIncomplete::Refuse);
        if aged.outcome.is_ok() && aged.mappings == 0 {
            // What cannot be evicted stays, and the hand goes on.
            let _ = self.unmap_frame(frame, WhenIncomplete::Refuse);
        }
    }

    /// The hand goes round the address spaces, then round the pages that no table maps.
    fn reclaim_by_table(&self, goal: u32) {
        for _ in 0..ROUNDS {
            let spaces = self.all_spaces().count();
            for _ in 0..spaces {
                self.drop_unmapped(goal);
                if self.free_frames() >= goal {
                    return;
                }
                let Some(space) = self.space_under_hand() else {
                    return;
                };
                self.walk_space(space, goal);
            }
        }
        self.drop_unmapped(goal);
    }

    fn space_under_hand(&self) -> Option<SpaceId> {
        let space = space_at(&self.hands.space).or_else(|| space_at(&self.space_list.first))?;
        let next = space_at(&self.space(space).next);
        self.hands.space.store(next.map_or(0, |next| next.0), Relaxed);
        Some(space)
    }

    /// Frees pages that only the swap cache or an object holds (2.1.76's `shrink_mmap`).
    fn drop_unmapped(&self, goal: u32) {
        for frame in (0..self.frames.count()).map(Frame) {
            if self.free_frames() >= goal {
                return;
            }
            let unmapped = self.frames.info(frame).mapcount().load(Relaxed) == 0;
            if !unmapped || !self.is_reclaimable(frame) || self.is_huge(frame) {
                continue;
            }
            match self.frames.kind(frame) {
                FrameKind::Anonymous => self.write_out(frame),
                // A full device leaves a dirty page where it is.
                _ => _ = self.store_object_page(frame),
            }
        }
    }

    /// Walks a space once from where its hand stands.
    fn walk_space(&self, id: SpaceId, goal: u32) {
        let space = self.space(id);
        let _guard = self.lock_space(space);
        let start = space.hand();
        let mut page = start;
        let mut wrapped = false;
        loop {
            let Some(vma) = self.first_vma_ending_after(space, page) else {
                if wrapped {
                    break;
                }
                (wrapped, page) = (true, PageIndex(0));
                continue;
            };
            let range = self.vma(vma).range();
            let from = range.start.max(page);
            if wrapped && from >= start {
                break;
            }
            if self.walk_vma(vma, PageRange::between(from, range.end()), goal) {
                return;
            }
            page = range.end();
        }
        space.set_hand(PageIndex(0));
    }

    /// Whether the goal is reached.
    fn walk_vma(&self, vma: VmaId, range: PageRange, goal: u32) -> bool {
        let area = self.vma(vma);
        if area.is(Traits::LOCKED) {
            return false;
        }
        let space = self.space(area.space());
        for stretch in self.stretches(space.root(), range) {
            // A 2 MiB page is for the hand that goes round the frames.
            let Stretch::Table(table, part) = stretch else {
                continue;
            };
            let _guard = self.frames.lock(table, self.counters());
            for page in part.start.0..part.end().0 {
                let page = PageIndex(page);
                let position = PtePosition { table, slot: page.slot() };
                self.forget_if_unused(&Mapping { space: area.space(), vma, page, position });
                if self.free_frames() >= goal {
                    space.set_hand(page.plus(1));
                    return true;
                }
            }
        }
        false
    }

    /// One PTE under the hand: a page that was used gets away once more.
    fn forget_if_unused(&self, at: &Mapping) {
        let slot = self.slot(at.position);
        let pte = slot.read();
        if !pte.is_present() {
            return;
        }
        let frame = self.frame_of(pte);
        if !self.is_reclaimable(frame) {
            return;
        }
        self.counters().probes.add(1);
        let info = self.frames.info(frame);
        if slot.take_accessed() {
            self.counters().pte_writes.add(1);
            self.flush_page(at.space, at.page);
            info.mark(FrameMark::Referenced);
            return;
        }
        if info.unmark(FrameMark::Referenced) {
            return;
        }
        if self.frames.is(frame, FrameKind::Anonymous) {
            self.forget_anonymous(frame, at);
        } else {
            slot.replace(Pte::EMPTY);
            self.forgotten(frame, at);
        }
    }

    fn forget_anonymous(&self, frame: Frame, at: &Mapping) {
        let Ok(slot) = self.slot_for(frame) else {
            return;
        };
        self.slot(at.position).replace(Pte::swap(slot));
        self.swap.add_entry(slot);
        self.forgotten(frame, at);
        if self.frames.info(frame).mapcount().load(Relaxed) == 0 {
            self.write_out(frame);
        }
    }

    fn forgotten(&self, frame: Frame, at: &Mapping) {
        self.counters().pte_writes.add(1);
        self.flush_page(at.space, at.page);
        self.tell_unmapped(frame, at);
        self.mapped_pages.lower();
        self.lower_mapcount(frame);
    }
}
