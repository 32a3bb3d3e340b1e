//! Samples in memory that was sized beforehand.

use vm::Survey;

use crate::{Op, Outcome};

/// The most surveys of one cell; later ones are not taken.
pub const MOST_SURVEYS: usize = 64;

/// One timed operation: 8 bits of op, 56 bits of ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample(u64);

impl Sample {
    const TICK_BITS: u32 = 56;

    fn new(op: Op, ticks: u64) -> Self {
        let most = (1 << Self::TICK_BITS) - 1;
        Self((op as u64) << Self::TICK_BITS | ticks.min(most))
    }

    /// What was timed.
    #[must_use]
    pub fn op(self) -> Op {
        Op::ALL[(self.0 >> Self::TICK_BITS) as usize]
    }

    /// How long it took.
    #[must_use]
    pub const fn ticks(self) -> u64 {
        self.0 & ((1 << Self::TICK_BITS) - 1)
    }
}

/// Takes samples down, between timed regions.
#[derive(Debug)]
pub struct Recorder<'a> {
    samples: &'a mut [Sample],
    used: usize,
    overflow: u64,
    work: [u64; Op::COUNT],
    outcomes: [Option<u64>; Outcome::COUNT],
    surveys: [Survey; MOST_SURVEYS],
    surveys_taken: usize,
}

impl<'a> Recorder<'a> {
    /// Writes to `samples` until they are full.
    pub fn new(samples: &'a mut [Sample]) -> Self {
        Self {
            samples,
            used: 0,
            overflow: 0,
            work: [0; Op::COUNT],
            outcomes: [None; Outcome::COUNT],
            surveys: [Survey::default(); MOST_SURVEYS],
            surveys_taken: 0,
        }
    }

    /// Takes one operation down.
    #[inline]
    pub fn record(&mut self, op: Op, ticks: u64) {
        match self.samples.get_mut(self.used) {
            Some(place) => {
                *place = Sample::new(op, ticks);
                self.used += 1;
            }
            None => self.overflow += 1,
        }
    }

    /// Adds to the work that all operations of a kind did, in the op's unit.
    #[inline]
    pub fn add_work(&mut self, op: Op, amount: u64) {
        self.work[op as usize] += amount;
    }

    /// Counts an outcome `times` times; 0 says that it could have happened.
    pub fn count(&mut self, outcome: Outcome, times: u64) {
        *self.outcomes[outcome as usize].get_or_insert(0) += times;
    }

    /// The outcomes that were counted, by name.
    pub fn outcomes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counted = Outcome::ALL.into_iter().zip(self.outcomes);
        counted.filter_map(|(outcome, count)| Some((outcome.name(), count?)))
    }

    /// Whether one more survey can be kept.
    pub const fn has_room_for_survey(&self) -> bool {
        self.surveys_taken < MOST_SURVEYS
    }

    /// Keeps a survey, if there is room.
    pub fn add_survey(&mut self, survey: Survey) {
        if let Some(place) = self.surveys.get_mut(self.surveys_taken) {
            *place = survey;
            self.surveys_taken += 1;
        }
    }

    /// The surveys, in order.
    pub fn surveys(&self) -> &[Survey] {
        &self.surveys[..self.surveys_taken]
    }

    /// The samples so far, in order.
    pub fn samples(&self) -> &[Sample] {
        &self.samples[..self.used]
    }

    /// Operations for which there was no room.
    pub const fn overflow(&self) -> u64 {
        self.overflow
    }

    /// The work of an op.
    pub const fn work(&self, op: Op) -> u64 {
        self.work[op as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_told_if_it_could_have_happened() {
        let mut recorder = Recorder::new(&mut []);
        assert_eq!(recorder.outcomes().count(), 0);
        recorder.count(Outcome::BlocksRefused, 0);
        recorder.count(Outcome::AgingPicks, 3);
        recorder.count(Outcome::AgingPicks, 4);
        let told: Vec<_> = recorder.outcomes().collect();
        assert_eq!(told, [("blocks_refused", 0), ("aging_picks", 7)]);
    }

    #[test]
    fn the_first_surveys_are_kept() {
        let mut recorder = Recorder::new(&mut []);
        for exact in 0..70 {
            assert_eq!(recorder.has_room_for_survey(), exact < 64);
            recorder.add_survey(Survey { exact, ..Survey::default() });
        }
        let kept: Vec<_> = recorder.surveys().iter().map(|survey| survey.exact).collect();
        assert_eq!(kept, (0..64).collect::<Vec<_>>());
    }

    #[test]
    fn a_full_recorder_counts_what_it_drops() {
        let mut samples = [Sample::default(); 2];
        let mut recorder = Recorder::new(&mut samples);
        for ticks in [5, u64::MAX, 7] {
            recorder.record(Op::PteCopyFloor, ticks);
        }
        assert_eq!(recorder.overflow(), 1);
        let kept: Vec<_> = recorder.samples().iter().map(|s| (s.op(), s.ticks())).collect();
        assert_eq!(kept, [(Op::PteCopyFloor, 5), (Op::PteCopyFloor, (1 << 56) - 1)]);
    }
}
