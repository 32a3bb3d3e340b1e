//! How sure a median is: the 95 % percentile-bootstrap interval.
//!
//! Whole rounds are drawn with replacement, not single samples: samples of one round share its
//! luck (where frames lie, what else the host did), so drawing them singly would claim too much.

use super::Sorted;

/// How often rounds are drawn anew.
const DRAWS: usize = 2000;

/// The interval of the pooled median; `None` with fewer than two rounds, which say nothing of how
/// rounds differ.
pub fn median_interval(rounds: &[Sorted], seed: u64) -> Option<[u64; 2]> {
    if rounds.len() < 2 {
        return None;
    }
    let pooled = Sorted::new(rounds.iter().flat_map(Sorted::samples).copied().collect())?;
    let mut random = fastrand::Rng::with_seed(seed);
    let medians = (0..DRAWS).map(|_| {
        let drawn: Vec<&Sorted> =
            (0..rounds.len()).map(|_| &rounds[random.usize(..rounds.len())]).collect();
        median_of(&drawn, &pooled)
    });
    let medians = Sorted::new(medians.collect())?;
    Some([medians.quantile(25), medians.quantile(975)])
}

/// The median of all samples of `rounds` together, found among `candidates` without merging them.
fn median_of(rounds: &[&Sorted], candidates: &Sorted) -> u64 {
    let count: usize = rounds.iter().map(|round| round.samples().len()).sum();
    let rank = count.div_ceil(2);
    let up_to = |value: u64| -> usize {
        rounds.iter().map(|round| round.samples().partition_point(|&sample| sample <= value)).sum()
    };
    let place = candidates.samples().partition_point(|&value| up_to(value) < rank);
    candidates.samples()[place]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{median_interval, median_of};
    use crate::statistics::Sorted;

    fn sorted(samples: &[u64]) -> Sorted {
        Sorted::new(samples.to_vec()).expect("not empty")
    }

    #[test]
    fn one_round_says_nothing_of_how_rounds_differ() {
        assert_eq!(median_interval(&[sorted(&[1, 2, 3])], 7), None);
    }

    #[test]
    fn equal_rounds_leave_no_doubt() {
        assert_eq!(median_interval(&vec![sorted(&[5, 6, 7]); 4], 7), Some([6, 6]));
    }

    #[test]
    fn the_interval_spans_rounds_that_differ() {
        let rounds = [sorted(&[10; 50]), sorted(&[20; 50]), sorted(&[30; 50])];
        assert_eq!(median_interval(&rounds, 7), Some([10, 30]));
    }

    #[test]
    fn the_seed_decides() {
        let rounds: Vec<Sorted> =
            (0..9).map(|round| sorted(&[round * 100, round * 101, round * 103])).collect();
        assert_eq!(median_interval(&rounds, 7), median_interval(&rounds, 7));
    }

    proptest! {
        #[test]
        fn the_median_of_many_rounds_is_that_of_all_samples(
            rounds in prop::collection::vec(prop::collection::vec(0..50_u64, 1..20), 1..5),
        ) {
            let pooled = sorted(&rounds.concat());
            let rounds: Vec<Sorted> = rounds.iter().map(|round| sorted(round)).collect();
            prop_assert_eq!(median_of(&rounds.iter().collect::<Vec<_>>(), &pooled), pooled.median());
        }
    }
}
