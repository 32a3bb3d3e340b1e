//! A median from buckets that come in ascending order, in no memory to speak of.

use core::ops::RangeInclusive;

use histogram::{BUCKETS, middle};

/// Waits for the bucket with the value of the middle rank.
#[derive(Clone, Debug)]
pub(super) struct Median {
    /// How many values come before the one that is looked for.
    before: u64,
    /// The least and the greatest value.
    values: RangeInclusive<u64>,
}

impl Median {
    /// The median of `count` values, by nearest rank.
    pub(super) const fn new(count: u64, values: RangeInclusive<u64>) -> Self {
        Self { before: count.saturating_sub(1) / 2, values }
    }

    /// Takes the next buckets of a histogram record. Returns the median when it comes by: the middle of its
    /// bucket, which is less than 1 % off, and the value itself where all are the same.
    pub(super) fn take(&mut self, buckets: &[u8]) -> Option<u64> {
        for bucket in wire::samples::decode(buckets) {
            let bucket = usize::try_from(bucket.ok()?).ok().filter(|&bucket| bucket < BUCKETS)?;
            let Some(before) = self.before.checked_sub(1) else {
                // What follows of the histogram is not looked at again.
                self.before = u64::MAX;
                let (least, most) = (*self.values.start(), *self.values.end());
                return Some(middle(bucket).max(least).min(most));
            };
            self.before = before;
        }
        None
    }
}
