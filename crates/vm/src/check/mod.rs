//! The oracle: a walk of all tables by brute force, compared with what everybody else believes.

mod accounts;
mod frames;
mod inconsistency;
mod patience;
mod tally;
#[cfg(test)]
mod tests;

use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, Scheme};

pub use inconsistency::Inconsistency;

use patience::Patience;

use crate::frame_table::FrameKind;
use crate::machine::Machine;
use crate::vm::Vm;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Compares counts, rights, caches, accounts and the scheme's answers with the tables. Linear in
    /// frames and PTEs: where searches are long walks, as without a reverse map in a large machine, the
    /// scheme is asked to find some frames, evenly spread, instead of each. Nobody else is at work.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), Inconsistency> {
        self.clear_tally();
        self.check_spaces()?;
        self.tally_tables()?;
        self.tally_objects();
        let mut patience = Patience::default();
        for frame in (0..self.frames.count()).map(Frame) {
            if self.is_page(frame) {
                self.check_page(frame, &mut patience)?;
            }
        }
        self.check_slots()?;
        self.check_accounts()
    }

    /// Ends every address space, lets devices let go of what they hold, and makes sure that not one
    /// frame or swap slot is missing. Objects have been removed and migrations finished.
    ///
    /// # Errors
    /// [`Inconsistency::Lost`]
    pub fn tear_down(&self) -> Result<(), Inconsistency> {
        while let Some(space) = self.all_spaces().next() {
            self.exit(space);
        }
        for frame in (0..self.frames.count()).map(Frame) {
            if self.frames.is(frame, FrameKind::Device) {
                self.frames.free(frame, self.counters());
            } else if self.is_page(frame) && self.frames.info(frame).pins().swap(0, Relaxed) > 0 {
                self.free_if_unused(frame);
            }
        }
        let census = self.frames.census();
        let kept = [FrameKind::Reserved, FrameKind::ZeroPage, FrameKind::Poisoned]
            .map(|kind| census.of(kind));
        let frames = self.frames.count() - kept.iter().sum::<u32>() - self.free_frames();
        let slots = self.swap.count() - self.swap.free_slots();
        match (frames, slots) {
            (0, 0) => Ok(()),
            (frames, slots) => Err(Inconsistency::Lost { frames, slots }),
        }
    }

    /// Whether `frame` holds a page that address spaces or objects use.
    pub fn is_page(&self, frame: Frame) -> bool {
        matches!(self.frames.kind(frame), FrameKind::Anonymous | FrameKind::ObjectPage)
    }
}
