//! Frames that nobody uses any more, held back until every TLB has been flushed of them.

use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, PageIndex, Scheme, SpaceId};

use crate::frame_table::FrameKind;
use crate::machine::Machine;
use crate::space::PageRange;
use crate::vm::Vm;

/// Up to this many pages are flushed one by one, more by dropping all translations: the ceiling that
/// Linux has on x86 (`tlb_single_page_flush_ceiling`).
const SINGLE_FLUSHES: u64 = 33;

/// A list of frames through their links.
#[derive(Debug, Default)]
#[must_use]
pub(crate) struct Gather {
    first: Option<Frame>,
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Holds `frame` back: a page without users, or a table that is no longer hung up.
    pub(crate) fn hold_back(&self, gather: &mut Gather, frame: Frame) {
        let next = gather.first.replace(frame).map_or(0, |next| next.0);
        self.frames.info(frame).links().0.store(next, Relaxed);
    }

    /// Takes one of the frames that were held back.
    pub(crate) fn take_back(&self, gather: &mut Gather) -> Option<Frame> {
        let frame = gather.first?;
        let next = self.frames.info(frame).links().0.swap(0, Relaxed);
        gather.first = (next != 0).then_some(Frame(next));
        Some(frame)
    }

    /// Frees what was held back. Every TLB has been flushed of it.
    pub(crate) fn finish(&self, gather: Gather) {
        let mut gather = gather;
        while let Some(frame) = self.take_back(&mut gather) {
            match self.frames.kind(frame) {
                FrameKind::LeafTable | FrameKind::Directory => self.free_table(frame),
                _ => self.frames.free(frame, self.counters()),
            }
        }
    }

    /// Flushes `range` of `id` on this CPU, page by page if it is short.
    pub(crate) fn flush_range(&self, id: SpaceId, range: PageRange) {
        if range.pages > SINGLE_FLUSHES {
            return self.flush_space(id);
        }
        for page in range.start.0..range.end().0 {
            self.flush_page(id, PageIndex(page));
        }
    }
}
