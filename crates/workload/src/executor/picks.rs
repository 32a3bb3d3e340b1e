//! How well memory pressure chooses. The executor knows when each page was used last, and ranks every
//! page that is evicted among all that were there when the pressure began.

use rmap::{Frame, Scheme};
use vm::{Machine, Vm};

use crate::{Outcome, Recorder};

/// When each page was used last, by its frame. Empty where nobody asks.
pub(crate) struct Picks<'s> {
    /// The number of the access; 0 where no page is.
    last_use: &'s mut [u32],
    /// Accesses so far.
    accesses: u32,
}

impl<'s> Picks<'s> {
    /// Watches the frames that there is room for.
    pub(crate) fn new(last_use: &'s mut [u32]) -> Self {
        last_use.fill(0);
        Self { last_use, accesses: 0 }
    }

    pub(super) const fn is_watching(&self) -> bool {
        !self.last_use.is_empty()
    }

    /// The page in `frame` has been used.
    pub(super) fn used(&mut self, frame: Frame) {
        self.accesses += 1;
        if let Some(last_use) = self.last_use.get_mut(frame.0 as usize) {
            *last_use = self.accesses;
        }
    }

    /// Pressure is about to begin: what was freed for other reasons is no pick.
    pub(super) fn prepare<S: Scheme, M: Machine>(&mut self, vm: &Vm<'_, S, M>) {
        for (frame, last_use) in (0..).map(Frame).zip(self.last_use.iter_mut()) {
            if *last_use != 0 && !vm.is_page(frame) {
                *last_use = 0;
            }
        }
    }

    /// Pressure is over: every page that is gone has been picked.
    pub(super) fn judge<S: Scheme, M: Machine>(
        &mut self,
        vm: &Vm<'_, S, M>,
        recorder: &mut Recorder<'_>,
    ) {
        if !self.is_watching() {
            return;
        }
        let pages = self.last_use.iter().filter(|last_use| **last_use != 0).count() as u64;
        let others = pages.saturating_sub(1);
        let (mut picks, mut sum, mut sum_lru) = (0, 0, 0);
        for frame in (0..self.last_use.len() as u32).map(Frame) {
            let last_use = self.last_use[frame.0 as usize];
            if last_use != 0 && !vm.is_page(frame) {
                let before = |it: &&u32| (1..last_use).contains(*it);
                sum += per_mille(self.last_use.iter().filter(before).count() as u64, others);
                sum_lru += per_mille(picks, others);
                picks += 1;
            }
        }
        recorder.count(Outcome::AgingPicks, picks);
        recorder.count(Outcome::AgingRankSum, sum);
        recorder.count(Outcome::AgingRankSumLru, sum_lru);
    }
}

/// The rank of a page before which `older` of the `others` were used last: 0 for the least recently
/// used, 1000 for the most recently used, rounded to the nearest.
fn per_mille(older: u64, others: u64) -> u64 {
    (older * 1000 + others / 2).checked_div(others).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_page_ranks_0_and_the_newest_1000() {
        assert_eq!([0, 1, 2, 3, 4].map(|older| per_mille(older, 4)), [0, 250, 500, 750, 1000]);
    }

    #[test]
    fn a_rank_is_rounded_to_the_nearest() {
        assert_eq!([0, 1, 2, 3].map(|older| per_mille(older, 3)), [0, 333, 667, 1000]);
    }

    #[test]
    fn a_page_that_is_alone_is_the_oldest() {
        assert_eq!(per_mille(0, 0), 0);
    }

    #[test]
    fn all_pages_together_rank_500_on_average() {
        for others in [1, 2, 7, 1023] {
            let sum: u64 = (0..=others).map(|older| per_mille(older, others)).sum();
            assert_eq!(sum, (others + 1) * 500);
        }
    }
}
