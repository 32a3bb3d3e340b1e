//! Files and segments: contents that address spaces share, with a page cache and the VMAs that map
//! them.

use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU32, AtomicU64};

use rmap::{Frame, OutOfMemory, SLOTS_PER_TABLE, Scheme, SwapSlot};

use crate::frame_table::{FrameKind, FrameMark};
use crate::gather::Gather;
use crate::lock::SpinLock;
use crate::machine::Machine;
use crate::request::{ObjectId, ObjectKind};
use crate::slab::{Slab, SlabId};
use crate::space::PageRange;
use crate::vm::Vm;

/// One file or segment, as it lies in the arena.
#[derive(Debug)]
#[repr(C)]
pub struct Object {
    /// Guards everything below, and the index.
    pub(crate) lock: SpinLock,
    /// The root of the tree of VMAs that map it, by offset.
    pub(crate) mappers: AtomicU32,
    /// VMAs that map it, and one if it has a name.
    holders: AtomicU32,
    /// The top of the index, 0 for none: frames of 512 words, the lowest of which say where a page's
    /// contents are.
    index: AtomicU32,
    /// Levels of the index.
    height: AtomicU32,
    kind: AtomicU32,
    pages: AtomicU64,
}

/// Where the contents of an object's page are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contents {
    /// It is full of zeroes.
    Zero,
    /// In memory.
    Cached(Frame),
    /// On the swap device.
    Stored(SwapSlot),
    /// Lost with broken memory.
    Poisoned,
}

impl Contents {
    const POISONED: u64 = 3;

    fn to_word(self) -> u64 {
        match self {
            Self::Zero => 0,
            Self::Cached(frame) => u64::from(frame.0) << 2 | 1,
            Self::Stored(slot) => u64::from(slot.0) << 2 | 2,
            Self::Poisoned => Self::POISONED,
        }
    }

    fn from_word(word: u64) -> Self {
        let number = (word >> 2) as u32;
        match word & 3 {
            0 => Self::Zero,
            1 => Self::Cached(Frame(number)),
            2 => Self::Stored(SwapSlot(number)),
            _ => Self::Poisoned,
        }
    }
}

/// Pages below one entry of an index frame, `height` counted from 1 at the bottom.
const fn span(height: u32) -> u64 {
    (SLOTS_PER_TABLE as u64).pow(height - 1)
}

/// Levels of an index that reaches a page.
const fn height_for(page: u64) -> u32 {
    let mut height = 1;
    while page >= span(height + 1) {
        height += 1;
    }
    height
}

impl Object {
    pub(crate) fn pages(&self) -> u64 {
        self.pages.load(Relaxed)
    }
}

impl<'m, S: Scheme, M: Machine> Vm<'m, S, M> {
    /// Makes an object of `pages` pages of zeroes, none of them in memory.
    ///
    /// # Errors
    /// No memory for it.
    pub fn create_object(&self, kind: ObjectKind, pages: u64) -> Result<ObjectId, OutOfMemory> {
        let id = ObjectId(self.allocate_slab(&self.objects)?.0);
        let object = self.object(id);
        object.pages.store(pages, Relaxed);
        object.kind.store(u32::from(kind == ObjectKind::Segment), Relaxed);
        object.holders.store(1, Relaxed);
        Ok(id)
    }

    /// What an object is.
    pub fn object_kind(&self, id: ObjectId) -> ObjectKind {
        match self.object(id).kind.load(Relaxed) {
            0 => ObjectKind::File,
            _ => ObjectKind::Segment,
        }
    }

    /// Takes an object's name away; it lives on until no VMA maps it.
    pub fn remove_object(&self, id: ObjectId) {
        self.release_object(id);
    }

    /// Cuts an object, or extends it by zeroes. Pages that are cut off are unmapped everywhere,
    /// private copies included.
    pub fn truncate_object(&self, id: ObjectId, pages: u64) {
        let object = self.object(id);
        let cut = {
            let _guard = object.lock.lock(&self.counters().lock_waits);
            let old = object.pages.swap(pages, Relaxed);
            pages < old
        };
        if cut {
            self.unmap_object_from(id, pages);
            let _guard = object.lock.lock(&self.counters().lock_waits);
            self.drop_contents(id, pages);
        }
    }

    pub(crate) fn object(&self, id: ObjectId) -> &'m Object {
        Slab::get(&self.frames, SlabId(id.0))
    }

    /// One more VMA maps it.
    pub(crate) fn hold_object(&self, id: ObjectId) {
        self.object(id).holders.fetch_add(1, Relaxed);
    }

    /// One VMA less, or the name is gone. Frees the object with the last.
    pub(crate) fn release_object(&self, id: ObjectId) {
        let object = self.object(id);
        if object.holders.fetch_sub(1, Relaxed) > 1 {
            return;
        }
        self.drop_contents(id, 0);
        let (top, height) = (object.index.load(Relaxed), object.height.load(Relaxed));
        if top != 0 {
            self.free_index(Frame(top), height);
        }
        self.objects.free(&self.frames, SlabId(id.0), self.counters());
    }

    /// Cuts every VMA's view of the pages from `first` on.
    fn unmap_object_from(&self, id: ObjectId, first: u64) {
        let object = self.object(id);
        let mut gather = Gather::default();
        let _guard = object.lock.lock(&self.counters().lock_waits);
        self.for_each_mapper(object, (first, u64::MAX), |vma_id| {
            let vma = self.vma(vma_id);
            let hidden = first.saturating_sub(vma.offset());
            let range = vma.range();
            let start = range.start.plus(hidden);
            let gone = PageRange::between(start, range.end());
            self.zap_range(vma_id, gone, &mut gather);
            self.flush_range(vma.space(), gone);
        });
        self.finish(gather);
    }

    /// Forgets the contents of the pages from `first` on, which nobody maps.
    fn drop_contents(&self, id: ObjectId, first: u64) {
        let object = self.object(id);
        let (top, height) = (object.index.load(Relaxed), object.height.load(Relaxed));
        if top != 0 {
            self.drop_below(Frame(top), height, 0, first);
        }
    }

    fn drop_below(&self, index: Frame, height: u32, base: u64, first: u64) {
        for (nth, word) in (0..).zip(self.frames.words(index)) {
            let start = base + nth * span(height);
            let value = word.load(Relaxed);
            if value == 0 || start + span(height) <= first {
                continue;
            }
            if height > 1 {
                self.drop_below(Frame(value as u32), height - 1, start, first);
                continue;
            }
            word.store(0, Relaxed);
            match Contents::from_word(value) {
                Contents::Cached(frame) => self.cut_off(frame),
                Contents::Stored(slot) => self.free_slot(slot),
                Contents::Zero | Contents::Poisoned => {}
            }
        }
    }

    /// The page cache lets go of `frame`, which nobody maps.
    fn cut_off(&self, frame: Frame) {
        let info = self.frames.info(frame);
        if let Some(slot) = info.slot() {
            info.set_slot(None);
            self.free_slot(slot);
        }
        info.overlay()[0].store(0, Relaxed);
        self.free_if_unused(frame);
    }

    fn free_index(&self, index: Frame, height: u32) {
        if height > 1 {
            for word in self.frames.words(index) {
                let below = word.load(Relaxed);
                if below != 0 {
                    self.free_index(Frame(below as u32), height - 1);
                }
            }
        }
        self.frames.free(index, self.counters());
    }

    /// Where the contents of a page are. The caller holds the object's lock.
    pub(crate) fn contents(&self, object: &Object, page: u64) -> Contents {
        let (top, height) = (object.index.load(Relaxed), object.height.load(Relaxed));
        if top == 0 || page >= span(height + 1) {
            return Contents::Zero;
        }
        let mut index = Frame(top);
        for level in (2..=height).rev() {
            match self.index_word(index, level, page).load(Relaxed) {
                0 => return Contents::Zero,
                below => index = Frame(below as u32),
            }
        }
        Contents::from_word(self.index_word(index, 1, page).load(Relaxed))
    }

    /// Notes where the contents of a page are. The caller holds the object's lock.
    ///
    /// # Errors
    /// No frame for the index; it is as it was.
    pub(crate) fn set_contents(
        &self,
        object: &Object,
        page: u64,
        contents: Contents,
    ) -> Result<(), OutOfMemory> {
        let mut spare = Gather::default();
        for _ in 0..self.missing_index_frames(object, page) {
            let Ok(frame) = self.new_index() else {
                self.finish(spare);
                return Err(OutOfMemory);
            };
            self.hold_back(&mut spare, frame);
        }
        let mut next = |height: u32| {
            let index = self.take_back(&mut spare).expect("the missing frames were counted");
            self.frames.info(index).overlay()[0].store(u64::from(height), Relaxed);
            u64::from(index.0)
        };
        if object.index.load(Relaxed) == 0 {
            let height = height_for(page);
            object.index.store(next(height) as u32, Relaxed);
            object.height.store(height, Relaxed);
        }
        while page >= span(object.height.load(Relaxed) + 1) {
            let height = object.height.fetch_add(1, Relaxed) + 1;
            let top = next(height) as u32;
            let below = object.index.swap(top, Relaxed);
            self.frames.words(Frame(top))[0].store(u64::from(below), Relaxed);
        }
        let mut index = Frame(object.index.load(Relaxed));
        for height in (2..=object.height.load(Relaxed)).rev() {
            let word = self.index_word(index, height, page);
            if word.load(Relaxed) == 0 {
                word.store(next(height - 1), Relaxed);
            }
            index = Frame(word.load(Relaxed) as u32);
        }
        self.index_word(index, 1, page).store(contents.to_word(), Relaxed);
        Ok(())
    }

    /// The word of an index frame that leads to a page.
    fn index_word(&self, index: Frame, height: u32, page: u64) -> &'m AtomicU64 {
        &self.frames.words(index)[(page / span(height)) as usize % SLOTS_PER_TABLE]
    }

    /// Frames that the index lacks to say something of a page.
    fn missing_index_frames(&self, object: &Object, page: u64) -> u32 {
        let (top, height) = (object.index.load(Relaxed), object.height.load(Relaxed));
        if top == 0 {
            return height_for(page);
        }
        if page >= span(height + 1) {
            // New tops, and a path of its own below the highest.
            let tall = height_for(page);
            return tall - height + tall - 1;
        }
        let mut index = Frame(top);
        for level in (2..=height).rev() {
            match self.index_word(index, level, page).load(Relaxed) {
                0 => return level - 1,
                below => index = Frame(below as u32),
            }
        }
        0
    }

    fn new_index(&self) -> Result<Frame, OutOfMemory> {
        let index = self.allocate_frame(FrameKind::ObjectIndex)?;
        self.machine.zero_frame(index);
        Ok(index)
    }

    /// What a frame of the lowest level of an index says; `None` for one of another level.
    pub(crate) fn indexed_contents(
        &self,
        index: Frame,
    ) -> Option<impl Iterator<Item = Contents> + use<'m, S, M>> {
        let lowest = self.frames.info(index).overlay()[0].load(Relaxed) == 1;
        let words = self.frames.words(index);
        lowest.then(|| words.iter().map(|word| Contents::from_word(word.load(Relaxed))))
    }

    /// The object and the page number of a frame of the page cache; `None` for one that was cut off.
    pub(crate) fn object_page(&self, frame: Frame) -> Option<(ObjectId, u64)> {
        let [object, page] = self.frames.info(frame).overlay();
        match object.load(Relaxed) as u32 {
            0 => None,
            id => Some((ObjectId(id), page.load(Relaxed))),
        }
    }

    /// Makes `frame` the page cache's frame of a page. The caller holds the object's lock.
    ///
    /// # Errors
    /// No frame for the index.
    pub(crate) fn enter_page_cache(
        &self,
        id: ObjectId,
        page: u64,
        frame: Frame,
    ) -> Result<(), OutOfMemory> {
        self.set_contents(self.object(id), page, Contents::Cached(frame))?;
        let words = self.frames.info(frame).overlay();
        words[0].store(u64::from(id.0), Relaxed);
        words[1].store(page, Relaxed);
        Ok(())
    }

    /// The frame of an object's page, brought in if it is not in memory. The caller holds the
    /// object's lock.
    ///
    /// # Errors
    /// No frame for it.
    pub(crate) fn bring_in(&self, id: ObjectId, page: u64) -> Result<Option<Frame>, OutOfMemory> {
        let stored = match self.contents(self.object(id), page) {
            Contents::Cached(frame) => return Ok(Some(frame)),
            Contents::Poisoned => return Ok(None),
            Contents::Zero => None,
            Contents::Stored(slot) => Some(slot),
        };
        let frame = self.allocate_frame(FrameKind::ObjectPage)?;
        if let Err(out_of_memory) = self.enter_page_cache(id, page, frame) {
            self.frames.free(frame, self.counters());
            return Err(out_of_memory);
        }
        match stored {
            None => self.machine.zero_frame(frame),
            Some(slot) => {
                // The slot stays the page's until the page is written to.
                self.machine.copy_frame(self.swap.data(slot), frame);
                self.frames.info(frame).set_slot(Some(slot));
            }
        }
        Ok(Some(frame))
    }

    /// Somebody is about to write to a page of an object: what the device holds of it is out of date.
    pub(crate) fn dirty_object_page(&self, frame: Frame) {
        let info = self.frames.info(frame);
        info.mark(FrameMark::Dirty);
        if let Some(slot) = info.slot() {
            info.set_slot(None);
            self.free_slot(slot);
        }
    }
}
