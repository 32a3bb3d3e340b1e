//! What was timed, in memory that was sized beforehand.

use core::num::NonZeroU64;

use histogram::{BUCKETS, bucket};
use vm::{MemoryInUse, Survey};

use crate::{Op, Outcome, Phase};

/// The most surveys of one cell; later ones are not taken.
pub const MOST_SURVEYS: usize = 64;

/// Words that count the values of every op by their buckets.
pub const COUNTS: usize = Op::COUNT * BUCKETS;

/// One timed operation: 8 bits of op, 56 bits of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample(u64);

impl Sample {
    const TIME_BITS: u32 = 56;

    fn new(op: Op, time: u64) -> Self {
        let most = (1 << Self::TIME_BITS) - 1;
        Self((op as u64) << Self::TIME_BITS | time.min(most))
    }

    /// What was timed.
    #[must_use]
    pub fn op(self) -> Op {
        Op::ALL[(self.0 >> Self::TIME_BITS) as usize]
    }

    /// How long it took, in the recorder's unit.
    #[must_use]
    pub const fn time(self) -> u64 {
        self.0 & ((1 << Self::TIME_BITS) - 1)
    }
}

/// All operations of one kind together, in the recorder's unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timed {
    /// How many.
    pub count: u64,
    /// Their sum.
    pub total: u64,
    /// The least; meaningless if there was none.
    pub min: u64,
    /// The most.
    pub max: u64,
}

impl Timed {
    const NOTHING: Self = Self { count: 0, total: 0, min: u64::MAX, max: 0 };

    const fn add(&mut self, time: u64) {
        self.count += 1;
        self.total = self.total.wrapping_add(time);
        if time < self.min {
            self.min = time;
        }
        if time > self.max {
            self.max = time;
        }
    }
}

/// A part of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhaseTotals {
    /// How many operations were timed.
    pub operations: u64,
    /// Their sum, in the recorder's unit.
    pub total: u64,
    /// Memory at its end.
    pub memory: MemoryInUse,
}

/// Memory of a recorder.
#[derive(Debug)]
pub struct RecorderMemory<'a> {
    /// Room for raw samples; those for which there is none are only counted.
    pub samples: &'a mut [Sample],
    /// [`COUNTS`] words.
    pub counts: &'a mut [u32],
}

/// Takes down what was timed, between timed regions.
#[derive(Debug)]
pub struct Recorder<'a> {
    ticks_per_unit: NonZeroU64,
    samples: &'a mut [Sample],
    used: usize,
    counts: &'a mut [u32],
    timed: [Timed; Op::COUNT],
    work: [u64; Op::COUNT],
    phase: Phase,
    phases: [Option<PhaseTotals>; Phase::COUNT],
    outcomes: [Option<u64>; Outcome::COUNT],
    surveys: [Survey; MOST_SURVEYS],
    surveys_taken: usize,
}

impl<'a> Recorder<'a> {
    /// Writes to `memory`, in units of so many ticks of the machine's clock.
    ///
    /// # Panics
    /// If there are not [`COUNTS`] words for counts.
    pub fn new(memory: RecorderMemory<'a>, ticks_per_unit: NonZeroU64) -> Self {
        let RecorderMemory { samples, counts } = memory;
        assert_eq!(counts.len(), COUNTS, "a word for each bucket of each op");
        counts.fill(0);
        Self {
            ticks_per_unit,
            samples,
            used: 0,
            counts,
            timed: [Timed::NOTHING; Op::COUNT],
            work: [0; Op::COUNT],
            phase: Phase::SetUp,
            phases: [None; Phase::COUNT],
            outcomes: [None; Outcome::COUNT],
            surveys: [Survey::default(); MOST_SURVEYS],
            surveys_taken: 0,
        }
    }

    /// Takes one operation down.
    #[inline]
    pub fn record(&mut self, op: Op, ticks: u64) {
        let time = ticks / self.ticks_per_unit;
        self.timed[op as usize].add(time);
        let count = &mut self.counts[op as usize * BUCKETS + bucket(time)];
        *count = count.saturating_add(1);
        let phase = self.phases[self.phase as usize].get_or_insert_default();
        phase.operations += 1;
        phase.total = phase.total.wrapping_add(time);
        if let Some(place) = self.samples.get_mut(self.used) {
            *place = Sample::new(op, time);
            self.used += 1;
        }
    }

    /// The phase that operations belong to at present.
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Ends a phase, with that much memory in use, and begins the next one.
    pub fn end_phase(&mut self, memory: MemoryInUse, next: Phase) {
        self.phases[self.phase as usize].get_or_insert_default().memory = memory;
        self.phase = next;
    }

    /// Ends the last phase.
    pub fn finish(&mut self, memory: MemoryInUse) {
        self.end_phase(memory, self.phase);
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

    /// The samples for which there was room, in order.
    pub fn samples(&self) -> &[Sample] {
        &self.samples[..self.used]
    }

    /// All operations of a kind, if there was any.
    pub fn timed(&self, op: Op) -> Option<Timed> {
        Some(self.timed[op as usize]).filter(|timed| timed.count > 0)
    }

    /// The bucket of every operation of a kind, ascending.
    pub fn buckets(&self, op: Op) -> impl Iterator<Item = u64> {
        let counts = &self.counts[op as usize * BUCKETS..][..BUCKETS];
        (0..).zip(counts).flat_map(|(bucket, &count)| core::iter::repeat_n(bucket, count as usize))
    }

    /// The phases that there were.
    pub fn phases(&self) -> impl Iterator<Item = (&'static str, PhaseTotals)> {
        let phases = Phase::ALL.into_iter().zip(self.phases);
        phases.filter_map(|(phase, totals)| Some((phase.name(), totals?)))
    }

    /// The work of an op.
    pub const fn work(&self, op: Op) -> u64 {
        self.work[op as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn with_recorder(room: usize, ticks_per_unit: u64, test: impl FnOnce(&mut Recorder<'_>)) {
        let mut samples = std::vec![Sample::default(); room];
        let mut counts = std::vec![7; COUNTS];
        let memory = RecorderMemory { samples: &mut samples, counts: &mut counts };
        test(&mut Recorder::new(memory, NonZeroU64::new(ticks_per_unit).unwrap()));
    }

    #[test]
    fn an_outcome_is_told_if_it_could_have_happened() {
        with_recorder(0, 1, |recorder| {
            assert_eq!(recorder.outcomes().count(), 0);
            recorder.count(Outcome::BlocksRefused, 0);
            recorder.count(Outcome::AgingPicks, 3);
            recorder.count(Outcome::AgingPicks, 4);
            let told: Vec<_> = recorder.outcomes().collect();
            assert_eq!(told, [("blocks_refused", 0), ("aging_picks", 7)]);
        });
    }

    #[test]
    fn the_first_surveys_are_kept() {
        with_recorder(0, 1, |recorder| {
            for exact in 0..70 {
                assert_eq!(recorder.has_room_for_survey(), exact < 64);
                recorder.add_survey(Survey { exact, ..Survey::default() });
            }
            let kept: Vec<_> = recorder.surveys().iter().map(|survey| survey.exact).collect();
            assert_eq!(kept, (0..64).collect::<Vec<_>>());
        });
    }

    #[test]
    fn a_sample_without_room_is_counted_all_the_same() {
        with_recorder(2, 1, |recorder| {
            for ticks in [5, 1000, 7] {
                recorder.record(Op::PteCopyFloor, ticks);
            }
            let kept: Vec<_> = recorder.samples().iter().map(|s| (s.op(), s.time())).collect();
            assert_eq!(kept, [(Op::PteCopyFloor, 5), (Op::PteCopyFloor, 1000)]);
            let timed = Timed { count: 3, total: 1012, min: 5, max: 1000 };
            assert_eq!(recorder.timed(Op::PteCopyFloor), Some(timed));
            assert_eq!(recorder.timed(Op::Fork), None);
            let buckets: Vec<_> = recorder.buckets(Op::PteCopyFloor).collect();
            assert_eq!(buckets, [5, 7, bucket(1000) as u64]);
        });
    }

    #[test]
    fn time_is_told_in_units() {
        with_recorder(1, 128, |recorder| {
            recorder.record(Op::Fork, 5 * 128);
            assert_eq!(recorder.samples()[0].time(), 5);
            assert_eq!(recorder.timed(Op::Fork).unwrap().total, 5);
        });
    }

    #[test]
    fn each_phase_has_its_own_total_and_the_memory_at_its_end() {
        let memory = |mappings| MemoryInUse { mappings, ..MemoryInUse::default() };
        with_recorder(0, 1, |recorder| {
            recorder.record(Op::FaultZero, 3);
            recorder.end_phase(memory(1), Phase::Work);
            recorder.record(Op::Fork, 5);
            recorder.record(Op::Fork, 6);
            recorder.finish(memory(2));
            let totals = |operations, total, mappings| PhaseTotals {
                operations,
                total,
                memory: memory(mappings),
            };
            let phases: Vec<_> = recorder.phases().collect();
            assert_eq!(phases, [("set_up", totals(1, 3, 1)), ("work", totals(2, 11, 2))]);
        });
    }
}
