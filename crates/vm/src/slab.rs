//! Small objects cut from the machine's own frames, so that their cost includes its rounding.

use core::marker::PhantomData;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, OutOfMemory, PoolHead, Words};

use crate::counters::{Counters, Gauge};
use crate::frame_table::{FrameKind, FrameTable};
use crate::lock::lock;
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
    head: PoolHead,
    frames: Gauge,
    objects: PhantomData<fn() -> T>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { head: PoolHead::default(), frames: Gauge::default(), objects: PhantomData }
    }
}

impl<T: InArena> Slab<T> {
    /// Takes a zeroed object.
    ///
    /// # Errors
    /// No frame is left to cut it from.
    pub fn allocate<F: Words>(
        &self,
        table: &FrameTable<'_, F>,
        counters: &Counters,
    ) -> Result<SlabId, OutOfMemory> {
        self.cut(table, counters).allocate()
    }

    /// Gives an object back.
    pub fn free<F: Words>(&self, table: &FrameTable<'_, F>, id: SlabId, counters: &Counters) {
        self.cut(table, counters).free(id);
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

    /// No more objects than this were in use at once.
    pub fn peak_at_most(&self) -> u64 {
        let per_frame = FRAME_BYTES / (size_of::<T>().div_ceil(GRANULE) * GRANULE);
        self.frames.peak() * per_frame as u64
    }

    fn cut<'a, 'm, F: Words>(
        &'a self,
        table: &'a FrameTable<'m, F>,
        counters: &'a Counters,
    ) -> Cut<'a, 'm, F> {
        let kind = FrameKind::Slab;
        Cut { head: &self.head, size: size_of::<T>(), kind, frames: &self.frames, table, counters }
    }
}

/// Frames cut into objects of one size.
pub(crate) struct Cut<'a, 'm, F: Words> {
    /// Its list is of frames with a free object, linked by their list links; a frame's free objects
    /// are linked by their first words, from its first overlay word on. Its mapcount is that of its
    /// objects in use, its second overlay word their size in bytes.
    pub head: &'a PoolHead,
    /// Bytes of an object, at least 4.
    pub size: usize,
    /// What the frames are.
    pub kind: FrameKind,
    /// How many there are.
    pub frames: &'a Gauge,
    /// Where they come from.
    pub table: &'a FrameTable<'m, F>,
    /// For lock waits and allocations.
    pub counters: &'a Counters,
}

impl<F: Words> Cut<'_, '_, F> {
    const fn stride(&self) -> u32 {
        self.size.div_ceil(GRANULE) as u32
    }

    /// Takes a zeroed object.
    ///
    /// # Errors
    /// No frame is left to cut it from.
    #[expect(clippy::inline_always, reason = "the size is known where it is called")]
    #[inline(always)]
    pub fn allocate(&self) -> Result<SlabId, OutOfMemory> {
        let _guard = lock(&self.head.lock, &self.counters.lock_waits);
        if self.head.partial.load(Relaxed) == 0 {
            self.grow()?;
        }
        let frame = Frame(self.head.partial.load(Relaxed));
        let info = self.table.info(frame);
        let id = SlabId(info.overlay()[0].load(Relaxed) as u32);
        let next_free = self.link(id).load(Relaxed);
        info.overlay()[0].store(u64::from(next_free), Relaxed);
        info.mapcount().store(info.mapcount().load(Relaxed) + 1, Relaxed);
        if next_free == 0 {
            self.unlink(frame);
        }
        for word in self.table.arena().objects::<AtomicU32>(id.offset(), self.size / 4) {
            word.store(0, Relaxed);
        }
        Ok(id)
    }

    /// Gives an object back.
    #[expect(clippy::inline_always, reason = "the size is known where it is called")]
    #[inline(always)]
    pub fn free(&self, id: SlabId) {
        let _guard = lock(&self.head.lock, &self.counters.lock_waits);
        let frame = id.frame();
        let info = self.table.info(frame);
        let next_free = info.overlay()[0].load(Relaxed) as u32;
        self.link(id).store(next_free, Relaxed);
        info.overlay()[0].store(u64::from(id.0), Relaxed);
        let in_use = info.mapcount().load(Relaxed) - 1;
        info.mapcount().store(in_use, Relaxed);
        if next_free == 0 {
            self.push(frame);
        }
        if in_use == 0 {
            self.unlink(frame);
            self.frames.lower();
            self.table.free(frame, self.counters);
        }
    }

    fn grow(&self) -> Result<(), OutOfMemory> {
        let frame = self.table.allocate(self.kind, self.counters)?;
        self.frames.raise();
        let stride = self.stride();
        let first = frame.0 * GRANULES_PER_FRAME;
        let last = first + (GRANULES_PER_FRAME / stride - 1) * stride;
        for id in (first..=last).step_by(stride as usize) {
            let next = if id == last { 0 } else { id + stride };
            self.link(SlabId(id)).store(next, Relaxed);
        }
        let [free, size] = self.table.info(frame).overlay();
        free.store(u64::from(first), Relaxed);
        size.store(self.size as u64, Relaxed);
        self.push(frame);
        Ok(())
    }

    /// The word of a free object that names the next one.
    fn link(&self, id: SlabId) -> &AtomicU32 {
        self.table.arena().object(id.offset())
    }

    fn push(&self, frame: Frame) {
        let old = self.head.partial.load(Relaxed);
        let (next, previous) = self.table.info(frame).links();
        next.store(old, Relaxed);
        previous.store(0, Relaxed);
        if old != 0 {
            self.table.info(Frame(old)).links().1.store(frame.0, Relaxed);
        }
        self.head.partial.store(frame.0, Relaxed);
    }

    fn unlink(&self, frame: Frame) {
        let (next, previous) = self.table.info(frame).links();
        let (after, before) = (next.swap(0, Relaxed), previous.swap(0, Relaxed));
        if after != 0 {
            self.table.info(Frame(after)).links().1.store(before, Relaxed);
        }
        if before == 0 {
            self.head.partial.store(after, Relaxed);
        } else {
            self.table.info(Frame(before)).links().0.store(after, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
