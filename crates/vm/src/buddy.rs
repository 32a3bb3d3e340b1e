//! The frame allocator: a binary buddy system, whose links lie in the frame table.

use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, OutOfMemory, Words};

use crate::counters::Counter;
use crate::frame_table::FrameTable;
use crate::lock::SpinLock;

/// The largest block: 2^10 frames, 4 MiB, as Linux has it.
pub const MAX_ORDER: u32 = 10;

/// Free blocks by order. A list starts with the block freed last; frame 0, which is never free, ends it.
#[derive(Debug, Default)]
pub struct Buddy {
    lock: SpinLock,
    heads: [AtomicU32; MAX_ORDER as usize + 1],
    free_frames: AtomicU32,
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

    /// Frames in free blocks.
    pub fn free_frames(&self) -> u32 {
        self.free_frames.load(Relaxed)
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
        self.free_frames.store(self.free_frames() + (1 << order), Relaxed);
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
        self.free_frames.store(self.free_frames() - (1 << order), Relaxed);
    }
}
