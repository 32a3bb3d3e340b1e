//! What was timed of one op in one run of a cell.

use std::collections::BTreeMap;

use histogram::{BUCKETS, middle};
use wire::samples;

use super::run::Rejected;

/// All operations of one kind.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OpRun {
    /// All of them together, as the guest added them up.
    pub totals: Totals,
    /// How many values each bucket has.
    buckets: BTreeMap<usize, u64>,
    /// The sum of the above.
    counted: u64,
    /// The raw samples that were kept, in the order in which they were made; more than one piece only
    /// if some were lost on the way.
    pub pieces: Vec<Piece>,
    /// The unit of work and how much of it all operations did together.
    pub work: Option<(String, u64)>,
}

/// All operations of one kind together, in the run's unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many.
    pub count: u64,
    /// Their sum.
    pub total: u64,
    /// The least.
    pub min: u64,
    /// The most.
    pub max: u64,
}

/// Samples without a hole among them. They are kept in the code of [`wire::samples`], so that they take
/// no more memory than they took on the line, whatever a hostile one says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// How many samples of this op came before in the cell.
    first: u32,
    count: u64,
    records: Vec<Box<[u8]>>,
}

impl OpRun {
    /// These samples, all of them kept.
    #[cfg(test)]
    pub(super) fn of(samples: &[u64]) -> Self {
        let count = samples.len() as u64;
        Self {
            totals: Totals { count, ..Totals::default() },
            counted: count,
            pieces: vec![Piece::of(samples)],
            ..Self::default()
        }
    }

    /// Where samples belong of which `first` came before; what is here already is not taken again.
    pub(super) fn piece_at(&mut self, first: u32) -> Result<&mut Piece, Rejected> {
        let next = self.pieces.last().map_or(0, Piece::end);
        if u64::from(first) < next {
            return Err(Rejected);
        }
        if u64::from(first) > next || self.pieces.is_empty() {
            self.pieces.push(Piece { first, ..Piece::default() });
        }
        self.pieces.last_mut().ok_or(Rejected)
    }

    /// Takes numbers of buckets of which `first` came before.
    pub(super) fn take_buckets(
        &mut self,
        first: u64,
        mut buckets: impl Iterator<Item = Result<u64, Rejected>>,
    ) -> Result<(), Rejected> {
        if first != self.counted {
            return Err(Rejected);
        }
        buckets.try_for_each(|bucket| {
            let bucket = usize::try_from(bucket?).map_err(|_| Rejected)?;
            if bucket >= BUCKETS {
                return Err(Rejected);
            }
            *self.buckets.entry(bucket).or_default() += 1;
            self.counted += 1;
            Ok(())
        })
    }

    /// Every raw sample that was kept, with its number in the cell.
    pub fn samples(&self) -> impl Iterator<Item = (u64, u64)> {
        self.pieces.iter().flat_map(|piece| (u64::from(piece.first)..).zip(piece.samples()))
    }

    /// Whether every operation is counted in a bucket, and no kept sample was lost.
    pub(super) fn is_whole(&self) -> bool {
        self.counted == self.totals.count && self.pieces.iter().all(|piece| piece.first == 0)
    }

    /// The time of every operation: as it was measured, if all samples were kept, and otherwise the
    /// middle of its bucket, which is less than 1 % off.
    pub fn values(&self) -> Vec<u64> {
        let kept: u64 = self.pieces.iter().map(|piece| piece.count).sum();
        if kept == self.totals.count {
            return self.samples().map(|(_, sample)| sample).collect();
        }
        let Totals { min, max, .. } = self.totals;
        let repeated = |(&bucket, &count): (&usize, &u64)| {
            std::iter::repeat_n(middle(bucket).clamp(min, max), count as usize)
        };
        self.buckets.iter().flat_map(repeated).collect()
    }
}

impl Piece {
    /// Takes a record of `count` samples that follow.
    pub(super) fn take(&mut self, record: &[u8], count: usize) {
        self.count += count as u64;
        self.records.push(record.into());
    }

    fn samples(&self) -> impl Iterator<Item = u64> {
        self.records.iter().flat_map(|record| samples::decode(record)).flatten()
    }

    fn end(&self) -> u64 {
        u64::from(self.first) + self.count
    }

    #[cfg(test)]
    fn of(samples: &[u64]) -> Self {
        let mut room = vec![0; 11 * samples.len()];
        let (count, record) = samples::encode(samples, &mut room);
        let mut piece = Self::default();
        piece.take(record, count);
        piece
    }
}
