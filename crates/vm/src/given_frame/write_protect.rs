//! Write protection, so that a frame holds still while it is cleaned.

use rmap::{Frame, Scheme};

use super::{Done, nothing_done};
use crate::frame_table::FrameKind;
use crate::machine::Machine;
use crate::outcome::{Operated, WhenIncomplete};
use crate::vm::Vm;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Takes the right to write to `frame` from every PTE that maps it; the next write faults and gets
    /// it back. A page of an object that nobody can write to any more is written to its device.
    pub fn write_protect_frame(&self, frame: Frame, policy: WhenIncomplete) -> Operated {
        if let Err(why) = self.check_free_to_change(frame) {
            return self.counted(nothing_done(why));
        }
        let mut operated = self.operate(frame, policy, |candidate| {
            if !candidate.pte.is_writable() {
                return Ok(Done::Nothing);
            }
            candidate.slot.write_protect();
            self.counters().pte_writes.add(1);
            self.flush_position(candidate.position);
            Ok(Done::Kept)
        });
        if operated.outcome.is_ok() && self.frames.is(frame, FrameKind::ObjectPage) {
            operated.outcome = self.clean(frame);
        }
        self.counted(operated)
    }
}
