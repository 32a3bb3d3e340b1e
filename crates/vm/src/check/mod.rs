//! The oracle: a walk of all tables by brute force, compared with what everybody else believes.

mod accounts;
mod frames;
mod inconsistency;
mod tally;

use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, Scheme};

pub use inconsistency::Inconsistency;

use crate::frame_table::FrameKind;
use crate::machine::Machine;
use crate::vm::Vm;

/// Probes that the oracle may still make. A search is never cut short; what it takes too much is paid off
/// by the pages that follow, which the scheme is not asked about.
#[derive(Debug)]
struct Patience(i64);

impl Patience {
    /// Enough for every page of a small machine, whatever the scheme.
    const FIRST: i64 = 1 << 26;
    /// What every page adds.
    const PER_PAGE: i64 = 256;

    /// Whether the scheme is asked about the next page.
    fn is_left(&mut self) -> bool {
        self.0 += Self::PER_PAGE;
        self.0 > 0
    }

    fn spend(&mut self, probes: u64) {
        self.0 -= probes.cast_signed();
    }
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Compares counts, rights, caches, accounts and the scheme's answers with the tables. Linear in
    /// frames and PTEs: where searches are long walks, as without a reverse map in a large machine, the
    /// scheme is asked about frames evenly spread over all instead of about each. Nobody else is at work.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), Inconsistency> {
        self.clear_tally();
        self.check_spaces()?;
        self.tally_tables()?;
        self.tally_objects();
        let mut patience = Patience(Patience::FIRST);
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
            if self.is_page(frame) && self.frames.info(frame).pins().swap(0, Relaxed) > 0 {
                self.free_if_unused(frame);
            }
        }
        let kept = [FrameKind::Reserved, FrameKind::ZeroPage, FrameKind::Poisoned]
            .map(|kind| self.frames.count_of(kind));
        let frames = self.frames.count() - kept.iter().sum::<u32>() - self.free_frames();
        let slots = self.swap.count() - self.swap.free_slots();
        match (frames, slots) {
            (0, 0) => Ok(()),
            (frames, slots) => Err(Inconsistency::Lost { frames, slots }),
        }
    }

    /// Whether `frame` holds a page that address spaces or objects use.
    fn is_page(&self, frame: Frame) -> bool {
        matches!(self.frames.kind(frame), FrameKind::Anonymous | FrameKind::ObjectPage)
    }
}

#[cfg(test)]
mod tests {
    use super::Patience;

    #[test]
    fn cheap_searches_are_all_made_and_dear_ones_spread_evenly() {
        let asked = |probes: u64| {
            let mut patience = Patience(Patience::FIRST);
            let pages = (0..1 << 20).filter(|_| {
                let asked = patience.is_left();
                if asked {
                    patience.spend(probes);
                }
                asked
            });
            pages.collect::<Vec<u32>>()
        };
        assert_eq!(asked(256).len(), 1 << 20);
        let dear = asked(1 << 19);
        assert!((600..700).contains(&dear.len()), "{}", dear.len());
        assert!(dear[200..].windows(2).all(|pair| pair[1] - pair[0] == 2048));
    }
}
