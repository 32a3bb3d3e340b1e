//! Eviction: the contents of a frame go to the swap device, or stay with its object's; every mapping
//! is cut; the frame is freed.

use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, Scheme, SwapSlot};

use super::{Candidate, Done, nothing_done};
use crate::frame_table::{FrameKind, FrameMark};
use crate::machine::Machine;
use crate::object::Contents;
use crate::outcome::{Operated, Refused, WhenIncomplete};
use crate::pte::Pte;
use crate::vm::Vm;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Takes every mapping of `frame` away, flushing each, and frees it. What the scheme does not
    /// name stays mapped, and the frame with it; mappings that were taken away by then come back by
    /// the swap cache.
    pub fn unmap_frame(&self, frame: Frame, policy: WhenIncomplete) -> Operated {
        let operated = match self.make_small(frame) {
            Err(why) => nothing_done(why),
            Ok(()) if self.frames.is(frame, FrameKind::Anonymous) => {
                self.evict_anonymous(frame, policy)
            }
            Ok(()) => self.evict_object_page(frame, policy),
        };
        if operated.outcome.is_ok() {
            self.counters().freed.add(1);
        }
        self.counted(operated)
    }

    fn evict_anonymous(&self, frame: Frame, policy: WhenIncomplete) -> Operated {
        let info = self.frames.info(frame);
        let slot = match self.slot_for(frame) {
            Ok(slot) => slot,
            Err(why) => return nothing_done(why),
        };
        let mut operated = self.operate(frame, policy, |candidate| self.swap_out(candidate, slot));
        if info.mapcount().load(Relaxed) == 0 {
            self.write_out(frame);
            operated.outcome = Ok(());
        } else {
            self.drop_unnamed_slot(frame, slot);
            operated.outcome = Err(operated.outcome.err().unwrap_or(Refused::Incomplete));
        }
        operated
    }

    /// The slot of an anonymous page, taken if it has none.
    pub(crate) fn slot_for(&self, frame: Frame) -> Result<SwapSlot, Refused> {
        if let Some(slot) = self.frames.info(frame).slot() {
            return Ok(slot);
        }
        let slot = self.allocate_slot()?;
        self.enter_swap_cache(frame, slot);
        Ok(slot)
    }

    /// Gives the slot of `frame` back if no swap entry came to name it.
    pub(crate) fn drop_unnamed_slot(&self, frame: Frame, slot: SwapSlot) {
        if self.swap.entries(slot) == 0 {
            self.leave_swap_cache(frame);
            self.free_slot(slot);
        }
    }

    /// Puts a swap entry in place of one mapping.
    fn swap_out(&self, candidate: &Candidate<'_>, slot: SwapSlot) -> Result<Done, Refused> {
        if self.is_locked(candidate.position) {
            return Err(Refused::Locked);
        }
        candidate.slot.replace(Pte::swap(slot));
        self.counters().pte_writes.add(1);
        self.swap.add_entry(slot);
        self.flush_position(candidate.position);
        Ok(Done::Cleared)
    }

    fn evict_object_page(&self, frame: Frame, policy: WhenIncomplete) -> Operated {
        let mut operated = self.operate(frame, policy, |candidate| {
            if self.is_locked(candidate.position) {
                return Err(Refused::Locked);
            }
            candidate.slot.replace(Pte::EMPTY);
            self.counters().pte_writes.add(1);
            self.flush_position(candidate.position);
            Ok(Done::Cleared)
        });
        if operated.outcome.is_ok() {
            operated.outcome = self.store_object_page(frame);
        }
        operated
    }

    /// Takes an object's page that nobody maps out of memory.
    pub(crate) fn store_object_page(&self, frame: Frame) -> Result<(), Refused> {
        let (id, number) = self.object_page(frame).ok_or(Refused::NotAPage)?;
        self.clean(frame)?;
        let object = self.object(id);
        let _guard = object.lock.lock(&self.counters().lock_waits);
        let info = self.frames.info(frame);
        let contents = info.slot().map_or(Contents::Zero, Contents::Stored);
        self.set_contents(object, number, contents).expect("the page has an entry already");
        info.set_slot(None);
        self.frames.free(frame, self.counters());
        Ok(())
    }

    /// Writes an object's page to the device if it differs from what is there.
    pub(super) fn clean(&self, frame: Frame) -> Result<(), Refused> {
        let info = self.frames.info(frame);
        if !info.is_marked(FrameMark::Dirty) {
            return Ok(());
        }
        let slot = self.allocate_slot()?;
        self.swap.add_entry(slot);
        self.machine.copy_frame(frame, self.swap.data(slot));
        info.set_slot(Some(slot));
        info.unmark(FrameMark::Dirty);
        Ok(())
    }
}
