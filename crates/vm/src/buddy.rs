//! The frame allocator: a binary buddy system with a list of hot single frames in front of it, as Linux
//! has one for each CPU. The links lie in the frame table.
//!
//! ```text
//!   one frame  ⇄  hot list, freed last first  ⇄ in batches ⇄  free blocks by order, joined with their buddies
//!   2^order    ⇄  free blocks
//! ```

use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, OutOfMemory, Words};

use crate::counters::Counter;
use crate::frame_table::FrameTable;
use crate::lock::SpinLock;

/// The largest block: 2^10 frames, 4 MiB, as Linux has it.
pub const MAX_ORDER: u32 = 10;

/// Order of the block that refills the hot list: consecutive frames for consecutive allocations.
const REFILL_ORDER: u32 = 5;

/// The most hot frames: a leaf table's worth, so that a child's pages are recycled without a join.
const HOT_MOST: u32 = 512;

/// Free blocks by order. A list starts with the block freed last; frame 0, which is never free, ends it.
#[derive(Debug, Default)]
pub struct Buddy {
    lock: SpinLock,
    heads: [AtomicU32; MAX_ORDER as usize + 1],
    /// Single frames, linked by their first link. They are heads of no block.
    hot: AtomicU32,
    hot_frames: AtomicU32,
    /// Frames in free blocks.
    block_frames: AtomicU32,
}

impl Buddy {
    /// Adds the frames from `start` up to `end`; later the lowest of the largest blocks comes first.
    pub fn add_range<F: Words>(&self, table: &FrameTable<'_, F>, start: Frame, end: Frame) {
        let mut upper = end.0;
        while upper > start.0 {
            let aligned =
                if upper == 0 { MAX_ORDER } else { upper.trailing_zeros().min(MAX_ORDER) };
            let fits = (upper - start.0).ilog2();
            let order = aligned.min(fits);
            upper -= 1 << order;
            self.insert(table, Frame(upper), order);
        }
    }

    /// Takes a block of 2^`order` frames, aligned to its size.
    ///
    /// # Errors
    /// There is no block of that size or larger.
    pub fn allocate<F: Words>(
        &self,
        table: &FrameTable<'_, F>,
        order: u32,
        waits: &Counter,
    ) -> Result<Frame, OutOfMemory> {
        let _guard = self.lock.lock(waits);
        if order == 0 {
            return self.take_hot(table);
        }
        self.take_block(table, order).or_else(|_| {
            self.settle(table);
            self.take_block(table, order)
        })
    }

    /// Takes the frame that was freed last.
    #[inline]
    fn take_hot<F: Words>(&self, table: &FrameTable<'_, F>) -> Result<Frame, OutOfMemory> {
        if self.hot.load(Relaxed) == 0 {
            self.refill(table)?;
        }
        let frame = Frame(self.hot.load(Relaxed));
        let link = table.info(frame).links().0;
        self.hot.store(link.load(Relaxed), Relaxed);
        link.store(0, Relaxed);
        self.hot_frames.store(self.hot_frames.load(Relaxed) - 1, Relaxed);
        Ok(frame)
    }

    /// Breaks a block up, lowest frame first.
    #[cold]
    fn refill<F: Words>(&self, table: &FrameTable<'_, F>) -> Result<(), OutOfMemory> {
        let order = (0..=REFILL_ORDER)
            .rev()
            .find(|order| self.has_block(*order..=MAX_ORDER))
            .ok_or(OutOfMemory)?;
        let block = self.take_block(table, order)?;
        for frame in (block.0..block.0 + (1 << order)).rev() {
            self.push_hot(table, Frame(frame));
        }
        Ok(())
    }

    fn has_block(&self, mut orders: core::ops::RangeInclusive<u32>) -> bool {
        orders.any(|order| self.heads[order as usize].load(Relaxed) != 0)
    }

    #[inline]
    fn push_hot<F: Words>(&self, table: &FrameTable<'_, F>, frame: Frame) {
        table.info(frame).links().0.store(self.hot.load(Relaxed), Relaxed);
        self.hot.store(frame.0, Relaxed);
        self.hot_frames.store(self.hot_frames.load(Relaxed) + 1, Relaxed);
    }

    /// Joins hot frames until `left` are left.
    #[cold]
    fn cool<F: Words>(&self, table: &FrameTable<'_, F>, left: u32) {
        while self.hot_frames.load(Relaxed) > left {
            let frame = Frame(self.hot.load(Relaxed));
            self.hot.store(table.info(frame).links().0.load(Relaxed), Relaxed);
            self.hot_frames.store(self.hot_frames.load(Relaxed) - 1, Relaxed);
            self.join(table, frame, 0);
        }
    }

    fn settle<F: Words>(&self, table: &FrameTable<'_, F>) {
        self.cool(table, 0);
    }

    fn take_block<F: Words>(
        &self,
        table: &FrameTable<'_, F>,
        order: u32,
    ) -> Result<Frame, OutOfMemory> {
        let found = (order..=MAX_ORDER)
            .find(|larger| self.heads[*larger as usize].load(Relaxed) != 0)
            .ok_or(OutOfMemory)?;
        let block = Frame(self.heads[found as usize].load(Relaxed));
        self.remove(table, block, found);
        for half in (order..found).rev() {
            self.insert(table, Frame(block.0 + (1 << half)), half);
        }
        Ok(block)
    }

    /// Gives a block back and joins it with its free buddies.
    pub fn free<F: Words>(
        &self,
        table: &FrameTable<'_, F>,
        block: Frame,
        order: u32,
        waits: &Counter,
    ) {
        let _guard = self.lock.lock(waits);
        if order > 0 {
            return self.join(table, block, order);
        }
        if self.hot_frames.load(Relaxed) == HOT_MOST {
            self.cool(table, HOT_MOST / 2);
        }
        self.push_hot(table, block);
    }

    /// Inserts a block, joined with its free buddies.
    fn join<F: Words>(&self, table: &FrameTable<'_, F>, block: Frame, order: u32) {
        let (mut block, mut order) = (block, order);
        while order < MAX_ORDER {
            let buddy = Frame(block.0 ^ (1 << order));
            let joins = buddy.0 < table.count()
                && table.info(buddy).free_order().load(Relaxed) == order + 1;
            if !joins {
                break;
            }
            self.remove(table, buddy, order);
            block = Frame(block.0.min(buddy.0));
            order += 1;
        }
        self.insert(table, block, order);
    }

    /// Takes every free frame among the `frames` from `start` on, an aligned block, and reports each.
    pub fn take_range<F: Words>(
        &self,
        table: &FrameTable<'_, F>,
        start: Frame,
        frames: u32,
        waits: &Counter,
        mut each: impl FnMut(Frame),
    ) {
        let _guard = self.lock.lock(waits);
        self.settle(table);
        let end = (start.0 + frames).min(table.count());
        let mut frame = start.0;
        while frame < end {
            match Self::free_block_around(table, Frame(frame)) {
                None => frame += 1,
                Some((block, order)) => {
                    self.remove(table, block, order);
                    self.put_back_outside(table, block, order, start.0..end);
                    let block_end = block.0 + (1 << order);
                    (block.0.max(start.0)..block_end.min(end)).for_each(|taken| each(Frame(taken)));
                    frame = block_end;
                }
            }
        }
    }

    /// The free block that holds `frame`.
    fn free_block_around<F: Words>(
        table: &FrameTable<'_, F>,
        frame: Frame,
    ) -> Option<(Frame, u32)> {
        (0..=MAX_ORDER).find_map(|order| {
            let head = Frame(frame.0 & !((1 << order) - 1));
            let is_head = table.info(head).free_order().load(Relaxed) == order + 1;
            is_head.then_some((head, order))
        })
    }

    /// Inserts the parts of a block that was removed and that lie outside `taken`, which either
    /// encloses the block or is an aligned part of it.
    fn put_back_outside<F: Words>(
        &self,
        table: &FrameTable<'_, F>,
        block: Frame,
        order: u32,
        taken: core::ops::Range<u32>,
    ) {
        let (mut block, mut order) = (block, order);
        while block.0 < taken.start || block.0 + (1 << order) > taken.end {
            order -= 1;
            let upper = Frame(block.0 + (1 << order));
            if taken.start >= upper.0 {
                self.insert(table, block, order);
                block = upper;
            } else {
                self.insert(table, upper, order);
            }
        }
    }

    /// Frames that are free.
    #[inline]
    pub fn free_frames(&self) -> u32 {
        self.block_frames.load(Relaxed) + self.hot_frames.load(Relaxed)
    }

    fn insert<F: Words>(&self, table: &FrameTable<'_, F>, block: Frame, order: u32) {
        let head = &self.heads[order as usize];
        let old = head.load(Relaxed);
        let info = table.info(block);
        info.free_order().store(order + 1, Relaxed);
        info.links().0.store(old, Relaxed);
        info.links().1.store(0, Relaxed);
        if old != 0 {
            table.info(Frame(old)).links().1.store(block.0, Relaxed);
        }
        head.store(block.0, Relaxed);
        self.block_frames.store(self.block_frames.load(Relaxed) + (1 << order), Relaxed);
    }

    fn remove<F: Words>(&self, table: &FrameTable<'_, F>, block: Frame, order: u32) {
        let info = table.info(block);
        let (next, previous) = (info.links().0.load(Relaxed), info.links().1.load(Relaxed));
        if next != 0 {
            table.info(Frame(next)).links().1.store(previous, Relaxed);
        }
        if previous == 0 {
            self.heads[order as usize].store(next, Relaxed);
        } else {
            table.info(Frame(previous)).links().0.store(next, Relaxed);
        }
        info.free_order().store(0, Relaxed);
        info.links().0.store(0, Relaxed);
        info.links().1.store(0, Relaxed);
        self.block_frames.store(self.block_frames.load(Relaxed) - (1 << order), Relaxed);
    }
}

#[cfg(test)]
mod tests;
