//! Broken memory: every user of a frame is found and told.

use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, Scheme};

use super::{Done, nothing_done};
use crate::frame_table::{FrameKind, FrameMark};
use crate::machine::Machine;
use crate::object::Contents;
use crate::outcome::{Operated, Refused, WhenIncomplete};
use crate::pte::Pte;
use crate::vm::Vm;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Puts a poison entry in place of every PTE that maps `frame`, whose memory is broken, and never
    /// uses the frame again. Whoever has a claim to the page and does not map it learns of it when it
    /// asks for the page. Users that the scheme does not name go on unwarned.
    pub fn poison_frame(&self, frame: Frame, policy: WhenIncomplete) -> Operated {
        if let Err(why) = self.make_small(frame) {
            return self.counted(nothing_done(why));
        }
        let mut operated = self.operate(frame, policy, |candidate| {
            candidate.slot.replace(Pte::POISON);
            self.counters().pte_writes.add(1);
            self.flush_position(candidate.position);
            Ok(Done::Cleared)
        });
        if self.frames.info(frame).mapcount().load(Relaxed) == 0 {
            operated.outcome = Ok(());
            self.retire(frame);
        } else if operated.outcome.is_ok() {
            operated.outcome = Err(Refused::Incomplete);
        }
        self.counted(operated)
    }

    /// Takes a broken frame that nobody maps out of use for good.
    fn retire(&self, frame: Frame) {
        let info = self.frames.info(frame);
        let slot = info.slot();
        info.set_slot(None);
        match (self.frames.kind(frame), slot) {
            (FrameKind::ObjectPage, slot) => {
                if let Some(slot) = slot {
                    self.free_slot(slot);
                }
                if let Some((id, number)) = self.object_page(frame) {
                    let object = self.object(id);
                    let _guard = object.lock.lock(&self.counters().lock_waits);
                    self.set_contents(object, number, Contents::Poisoned)
                        .expect("the page has an entry already");
                }
            }
            (_, Some(slot)) => {
                // What the device holds of it, if anything, may have been read from broken memory.
                self.scheme.swapped_out(self, frame, slot);
                self.swap.poison(slot);
            }
            (_, None) => {}
        }
        for mark in [FrameMark::Dirty, FrameMark::Stored, FrameMark::Referenced] {
            info.unmark(mark);
        }
        info.overlay().iter().for_each(|word| word.store(0, Relaxed));
        self.frames.set_kind(frame, FrameKind::Poisoned);
    }
}
