//! Ageing: whether a frame has been used since one last looked.

use rmap::{Frame, Scheme};

use super::{Done, nothing_done};
use crate::machine::Machine;
use crate::outcome::{Operated, WhenIncomplete};
use crate::vm::Vm;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Gathers and clears the accessed bits of all PTEs that map `frame`; the mappings that had been
    /// used are counted. Each one is flushed, so that the next use sets its bit again for certain:
    /// without that, how long a translation lives in the TLB would decide.
    pub fn age_frame(&self, frame: Frame, policy: WhenIncomplete) -> Operated {
        if let Err(why) = self.check_is_page(frame) {
            return self.counted(nothing_done(why));
        }
        let operated = self.operate(frame, policy, |candidate| {
            if !candidate.pte.is_present() || !candidate.slot.take_accessed() {
                return Ok(Done::Nothing);
            }
            self.counters().pte_writes.add(1);
            self.flush_position(candidate.position);
            Ok(Done::Kept)
        });
        self.counted(operated)
    }
}
