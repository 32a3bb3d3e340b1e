//! Order statistics. Quantiles are by nearest rank: each is a sample that was measured.

/// A sample set in ascending order, not empty.
#[derive(Clone, Debug)]
pub struct Sorted(Vec<u64>);

impl Sorted {
    /// Sorts `samples`; `None` if there are none.
    pub fn new(mut samples: Vec<u64>) -> Option<Self> {
        samples.sort_unstable();
        (!samples.is_empty()).then_some(Self(samples))
    }

    /// The samples in ascending order.
    pub fn samples(&self) -> &[u64] {
        &self.0
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// The least sample that at least `permille` of a thousand do not exceed.
    pub fn quantile(&self, permille: u64) -> u64 {
        let rank = (self.count() * permille).div_ceil(1000).clamp(1, self.count());
        self.0[rank as usize - 1]
    }

    /// The quantile of one half.
    pub fn median(&self) -> u64 {
        self.quantile(500)
    }

    /// The median absolute deviation from the median, not scaled.
    pub fn mad(&self) -> u64 {
        let median = self.median();
        let deviations = self.0.iter().map(|sample| sample.abs_diff(median)).collect();
        Self::new(deviations).map_or(0, |deviations| deviations.median())
    }
}

/// `sum / count`, where `count` is not 0.
#[expect(clippy::cast_precision_loss, reason = "a quotient is rounded anyway")]
pub fn ratio(sum: u128, count: u64) -> f64 {
    sum as f64 / count as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Sorted;

    fn sorted(samples: &[u64]) -> Sorted {
        Sorted::new(samples.to_vec()).expect("not empty")
    }

    #[test]
    fn quantiles_are_samples_of_the_nearest_rank() {
        let hundred = sorted(&(1..=100).rev().collect::<Vec<_>>());
        assert_eq!([500, 900, 990, 999].map(|p| hundred.quantile(p)), [50, 90, 99, 100]);
        assert_eq!((hundred.quantile(0), hundred.quantile(1000)), (1, 100));
        assert_eq!(sorted(&[7]).quantile(500), 7);
    }

    #[test]
    fn an_outlier_does_not_move_the_median() {
        let samples = sorted(&[10, 10, 12, 10, 1000]);
        assert_eq!((samples.median(), samples.mad()), (10, 0));
    }

    #[test]
    fn no_samples_have_no_statistics() {
        assert!(Sorted::new(Vec::new()).is_none());
    }

    proptest! {
        #[test]
        fn quantiles_rise_within_the_range(samples in prop::collection::vec(any::<u64>(), 1..50)) {
            let sorted = sorted(&samples);
            let quantiles: Vec<u64> = (0..=1000).map(|p| sorted.quantile(p)).collect();
            prop_assert!(quantiles.is_sorted());
            prop_assert!(quantiles.iter().all(|quantile| samples.contains(quantile)));
        }
    }
}
