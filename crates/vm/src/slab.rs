//! Small objects cut from the machine's own frames, so that their cost includes its rounding.

use core::marker::PhantomData;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, OutOfMemory, Words};

use crate::counters::{Counters, Gauge};
use crate::frame_table::{FrameKind, FrameTable};
use crate::lock::SpinLock;
use crate::memory::{FRAME_BYTES, InArena};

/// Ids count 16-byte granules from the start of the arena: 32 bits reach 64 GiB.
const GRANULE: usize = 16;
const GRANULES_PER_FRAME: u32 = (FRAME_BYTES / GRANULE) as u32;

/// An object's place in the arena. Small enough for a scheme to pack into its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlabId(pub u32);

impl SlabId {
    #[inline]
    fn frame(self) -> Frame {
        Frame(self.0 / GRANULES_PER_FRAME)
    }

    #[inline]
    fn offset(self) -> usize {
        self.0 as usize * GRANULE
    }
}

/// Objects of one type. A frame is given back when its last object is.
#[derive(Debug)]
pub struct Slab<T> {
    lock: SpinLock,
    /// The first frame with a free object, 0 for none. Frames are linked by their list links; a
    /// frame's free objects by their first words, from its first overlay word on.
    partial: AtomicU32,
    frames: Gauge,
    objects: PhantomData<fn() -> T>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self {
            lock: SpinLock::default(),
            partial: AtomicU32::new(0),
            frames: Gauge::default(),
            objects: PhantomData,
        }
    }
}

impl<T: InArena> Slab<T> {
    const STRIDE: u32 = size_of::<T>().div_ceil(GRANULE) as u32;

    /// Takes a zeroed object.
    ///
    /// # Errors
    /// No frame is left to cut it from.
    pub fn allocate<F: Words>(
        &self,
        table: &FrameTable<'_, F>,
        counters: &Counters,
    ) -> Result<SlabId, OutOfMemory> {
        let _guard = self.lock.lock(&counters.lock_waits);
        if self.partial.load(Relaxed) == 0 {
            self.grow(table, counters)?;
        }
        let frame = Frame(self.partial.load(Relaxed));
        let info = table.info(frame);
        let id = SlabId(info.overlay()[0].load(Relaxed) as u32);
        let next_free = Self::link(table, id).load(Relaxed);
        info.overlay()[0].store(u64::from(next_free), Relaxed);
        info.mapcount().store(info.mapcount().load(Relaxed) + 1, Relaxed);
        if next_free == 0 {
            self.unlink(table, frame);
        }
        for word in table.arena().objects::<AtomicU32>(id.offset(), size_of::<T>() / 4) {
            word.store(0, Relaxed);
        }
        Ok(id)
    }

    /// Gives an object back.
    pub fn free<F: Words>(&self, table: &FrameTable<'_, F>, id: SlabId, counters: &Counters) {
        let _guard = self.lock.lock(&counters.lock_waits);
        let frame = id.frame();
        let info = table.info(frame);
        let next_free = info.overlay()[0].load(Relaxed) as u32;
        Self::link(table, id).store(next_free, Relaxed);
        info.overlay()[0].store(u64::from(id.0), Relaxed);
        let in_use = info.mapcount().load(Relaxed) - 1;
        info.mapcount().store(in_use, Relaxed);
        if next_free == 0 {
            self.push(table, frame);
        }
        if in_use == 0 {
            self.unlink(table, frame);
            self.frames.lower();
            table.free(frame, counters);
        }
    }

    /// The object.
    #[inline]
    pub fn get<'m, F: Words>(table: &FrameTable<'m, F>, id: SlabId) -> &'m T {
        table.arena().object(id.offset())
    }

    /// Frames in use, now and at most.
    pub const fn frames(&self) -> &Gauge {
        &self.frames
    }

    fn grow<F: Words>(
        &self,
        table: &FrameTable<'_, F>,
        counters: &Counters,
    ) -> Result<(), OutOfMemory> {
        let frame = table.allocate(FrameKind::Slab, counters)?;
        self.frames.raise();
        let first = frame.0 * GRANULES_PER_FRAME;
        let last = first + (GRANULES_PER_FRAME / Self::STRIDE - 1) * Self::STRIDE;
        for id in (first..=last).step_by(Self::STRIDE as usize) {
            let next = if id == last { 0 } else { id + Self::STRIDE };
            Self::link(table, SlabId(id)).store(next, Relaxed);
        }
        table.info(frame).overlay()[0].store(u64::from(first), Relaxed);
        self.push(table, frame);
        Ok(())
    }

    /// The word of a free object that names the next one.
    fn link<'m, F: Words>(table: &FrameTable<'m, F>, id: SlabId) -> &'m AtomicU32 {
        table.arena().object(id.offset())
    }

    fn push<F: Words>(&self, table: &FrameTable<'_, F>, frame: Frame) {
        let old = self.partial.load(Relaxed);
        let (next, previous) = table.info(frame).links();
        next.store(old, Relaxed);
        previous.store(0, Relaxed);
        if old != 0 {
            table.info(Frame(old)).links().1.store(frame.0, Relaxed);
        }
        self.partial.store(frame.0, Relaxed);
    }

    fn unlink<F: Words>(&self, table: &FrameTable<'_, F>, frame: Frame) {
        let (next, previous) = table.info(frame).links();
        let (after, before) = (next.swap(0, Relaxed), previous.swap(0, Relaxed));
        if after != 0 {
            table.info(Frame(after)).links().1.store(before, Relaxed);
        }
        if before == 0 {
            self.partial.store(after, Relaxed);
        } else {
            table.info(Frame(before)).links().0.store(after, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
