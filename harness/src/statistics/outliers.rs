//! Which samples stand apart: the modified z-score of Iglewicz and Hoaglin.
//!
//! A sample is marked if it lies above the median by more than 3.5 standard deviations, where the
//! deviation is estimated by the MAD (divided by 0.6745), which outliers cannot move; where more than
//! half of the samples are equal, and the MAD 0, by the mean absolute deviation from the median (times
//! 1.253314). Only samples above are marked: nothing makes an operation faster than it is. A mark says
//! *look here*, not *wrong*; nothing is dropped.
//! (B. Iglewicz, D. Hoaglin: "How to Detect and Handle Outliers", ASQC, 1993.)

use super::Sorted;

/// 3.5 / 0.6745 in thousandths.
const MADS: u128 = 5189;

/// 3.5 * 1.253314 in thousandths.
const MEAN_DEVIATIONS: u128 = 4387;

impl Sorted {
    /// The greatest value that is no outlier.
    pub fn fence(&self) -> u64 {
        let median = self.median();
        let above = match self.mad() {
            0 => {
                let deviations = self.samples().iter().map(|sample| sample.abs_diff(median));
                let sum: u128 = deviations.map(u128::from).sum();
                sum * MEAN_DEVIATIONS / (1000 * u128::from(self.count()))
            }
            mad => u128::from(mad) * MADS / 1000,
        };
        median.saturating_add(u64::try_from(above).unwrap_or(u64::MAX))
    }

    /// How many samples lie beyond the fence.
    pub fn outliers(&self) -> u64 {
        let fence = self.fence();
        self.count() - self.samples().partition_point(|&sample| sample <= fence) as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::statistics::Sorted;

    fn sorted(samples: impl IntoIterator<Item = u64>) -> Sorted {
        Sorted::new(samples.into_iter().collect()).expect("not empty")
    }

    #[test]
    fn the_fence_is_three_and_a_half_robust_deviations_above_the_median() {
        // Median 1000, MAD 10: a deviation of 14.83, and 3.5 of them are 51.89.
        let samples = sorted([980, 990, 1000, 1010, 1052]);
        assert_eq!((samples.mad(), samples.fence(), samples.outliers()), (10, 1051, 1));
    }

    #[test]
    fn among_equal_samples_the_one_that_waited_is_marked() {
        let samples = sorted([100; 99].into_iter().chain([5000]));
        assert_eq!((samples.mad(), samples.outliers()), (0, 1));
    }

    #[test]
    fn equal_samples_and_fast_ones_are_not_marked() {
        assert_eq!(sorted([7; 50]).outliers(), 0);
        assert_eq!(sorted([1, 99, 100, 101, 102]).outliers(), 0);
    }

    #[test]
    fn outliers_do_not_hide_each_other() {
        let samples = sorted((95..=105).chain([10_000; 4]));
        assert_eq!(samples.outliers(), 4);
    }

    proptest! {
        #[test]
        fn less_than_half_are_marked(samples in prop::collection::vec(any::<u64>(), 1..80)) {
            let samples = sorted(samples);
            prop_assert!(2 * samples.outliers() <= samples.count());
        }
    }
}
