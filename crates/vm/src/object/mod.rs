//! Files and segments: contents that address spaces share, with a page cache and the VMAs that map
//! them.

mod index;

use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU32, AtomicU64};

use rmap::{Frame, OutOfMemory, Scheme, Words};

pub(crate) use index::Contents;

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
pub struct Object<W> {
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
    scheme: W,
}

impl<W: Words> Object<W> {
    pub(crate) fn pages(&self) -> u64 {
        self.pages.load(Relaxed)
    }

    pub(crate) fn scheme(&self) -> &W {
        &self.scheme
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

    pub(crate) fn object(&self, id: ObjectId) -> &'m Object<S::ObjectState> {
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
