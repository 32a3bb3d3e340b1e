//! The ratio of two costs, from pairs that were measured near each other.
//!
//! Each round gives one ratio: what disturbs a whole round disturbs both of its costs. The estimate is
//! the median of the ratios, and the interval reaches from the k-th least of them to the k-th greatest.
//! The true median lies outside only if fewer than k of n rounds fall on one side of it, which is a
//! matter of tossing coins: the interval holds for whatever noise, as long as rounds are independent or
//! the order of a pair was drawn by lot. k is the largest number that keeps this below 1 %.
//! (W. R. Thompson, "On confidence ranges for the median", Annals of Mathematical Statistics 7, 1936.)

use serde::Serialize;

use super::{Verdict, ratio};

/// How often, of 100 intervals, the truth may lie outside: claims are made at 99 %.
const MISS: f64 = 0.01;

/// The fewest rounds that give an interval: with 8, all lie on one side of the truth in 2 of 2^8 cases.
pub const LEAST_ROUNDS: usize = 8;

/// How many times as much something costs as its reference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// The estimate.
    pub value: f64,
    /// Where it is with a confidence of 99 %; none with too few rounds, and none where counts are exact.
    pub interval: Option<[f64; 2]>,
    /// What may be claimed, if anything.
    pub verdict: Option<Verdict>,
}

impl Ratio {
    /// The ratio of two exact costs; `None` if the reference costs nothing.
    pub fn exact(cost: f64, reference: f64) -> Option<Self> {
        let value = quotient(cost, reference)?;
        Some(Self { value, interval: None, verdict: Some(Verdict::of_exact(cost, reference)) })
    }
}

/// The ratio of what was measured in pairs, each a cost and that of the reference in the same round.
/// `None` without any pair, or where a cost is 0, below what its clock can tell.
pub fn paired(pairs: &[(f64, f64)]) -> Option<Ratio> {
    let ratios = pairs.iter().map(|&(cost, reference)| quotient(cost, reference));
    let mut ratios = ratios.collect::<Option<Vec<f64>>>()?;
    ratios.sort_unstable_by(f64::total_cmp);
    let value = median(&ratios)?;
    let interval = rank(ratios.len()).map(|rank| [ratios[rank - 1], ratios[ratios.len() - rank]]);
    Some(Ratio { value, interval, verdict: interval.map(Verdict::of_interval) })
}

fn quotient(cost: f64, reference: f64) -> Option<f64> {
    let quotient = cost / reference;
    (quotient.is_finite() && quotient > 0.0).then_some(quotient)
}

/// Between the two in the middle the geometric mean, so that exchanging the sides inverts the ratio.
fn median(ascending: &[f64]) -> Option<f64> {
    let count = ascending.len();
    let lower = *ascending.get(count.checked_sub(1)? / 2)?;
    let upper = ascending[count / 2];
    Some(if count % 2 == 1 { lower } else { (lower * upper).sqrt() })
}

/// The largest k for which the chance that fewer than k of `count` tosses show heads, or fewer than k
/// tails, is within [`MISS`].
fn rank(count: usize) -> Option<usize> {
    if count < LEAST_ROUNDS {
        return None;
    }
    // From the middle outwards, where no probability is too small for its type.
    let count = count as u64;
    let mut k = count.div_ceil(2);
    let central: f64 = (1..=k).map(|half| ratio((2 * half - 1).into(), 2 * half)).product();
    // The chance of fewer than k heads, and of exactly k - 1.
    let (mut fewer, mut exactly) = match count % 2 {
        0 => ((1.0 - central) / 2.0, central * ratio(k.into(), k + 1)),
        _ => (0.5, central),
    };
    while 2.0 * fewer > MISS {
        fewer -= exactly;
        k -= 1;
        exactly *= ratio(k.into(), count - k + 1);
    }
    Some(k as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LEAST_ROUNDS, Ratio, paired, rank};
    use crate::statistics::Verdict;

    fn against_100(costs: impl IntoIterator<Item = u32>) -> Option<Ratio> {
        paired(&costs.into_iter().map(|cost| (cost.into(), 100.0)).collect::<Vec<_>>())
    }

    /// Ratios of two equal costs under a host that now and then takes the CPU away for long.
    fn disturbed(rounds: usize, random: &mut fastrand::Rng) -> Vec<(f64, f64)> {
        let mut cost = || {
            let burst = if random.u8(..) < 50 { random.f64() * 400.0 } else { 0.0 };
            100.0 + random.f64() * 5.0 + burst
        };
        (0..rounds).map(|_| (cost(), cost())).collect()
    }

    #[test]
    fn the_estimate_is_the_median_of_the_rounds() {
        let ratio = against_100([110, 130, 120]).expect("three rounds");
        assert_eq!((ratio.value, ratio.interval, ratio.verdict), (1.2, None, None));
    }

    #[test]
    fn what_disturbs_both_costs_of_a_round_changes_nothing() {
        let calm: Vec<_> = (0..9).map(|_| (105.0, 100.0)).collect();
        let slow_in_places: Vec<_> =
            (1..10_u8).map(|times| (105.0 * f64::from(times), 100.0 * f64::from(times))).collect();
        assert_eq!(paired(&calm), paired(&slow_in_places));
    }

    #[test]
    fn seven_rounds_give_no_interval_and_eight_the_whole_range() {
        assert_eq!(against_100(101..108).expect("rounds").interval, None);
        assert_eq!(against_100(101..109).expect("rounds").interval, Some([1.01, 1.08]));
        assert_eq!(LEAST_ROUNDS, 8);
    }

    #[test]
    fn one_round_in_which_all_went_wrong_does_not_move_the_verdict_of_twelve() {
        let ratio = against_100([105, 106, 105, 107, 105, 104, 105, 106, 105, 105, 106, 20]);
        assert_eq!(ratio.expect("rounds").verdict, Some(Verdict::Slower));
    }

    #[test]
    fn ranks_are_those_of_the_sign_test_s_tables() {
        let ranks = [8, 11, 12, 15, 20, 25, 30, 50, 100].map(rank);
        assert_eq!(ranks, [1, 1, 2, 3, 4, 6, 8, 16, 37].map(Some));
        assert_eq!(rank(7), None);
        assert!(rank(65535).is_some_and(|rank| (32400..32500).contains(&rank)));
    }

    #[test]
    fn what_costs_nothing_has_no_ratio() {
        assert_eq!(paired(&[]), None);
        assert_eq!(paired(&[(1.0, 0.0); 9]), None);
        assert_eq!(paired(&[(0.0, 1.0); 9]), None);
        assert_eq!(Ratio::exact(1.0, 0.0), None);
    }

    #[test]
    fn exact_costs_need_no_rounds() {
        let ratio = Ratio::exact(102.0, 100.0).expect("it costs something");
        assert_eq!((ratio.value, ratio.interval), (1.02, None));
        assert_eq!(ratio.verdict, Some(Verdict::Slower));
    }

    #[test]
    fn the_truth_lies_within_99_of_100_intervals_however_the_host_disturbs() {
        let mut random = fastrand::Rng::with_seed(1);
        for rounds in [8, 12, 16, 30, 61] {
            let missed = (0..10_000)
                .filter(|_| {
                    let ratio = paired(&disturbed(rounds, &mut random)).expect("rounds");
                    ratio.interval.is_none_or(|[low, high]| low > 1.0 || high < 1.0)
                })
                .count();
            // Of 10 000, 100 and three deviations of 10.
            assert!(missed <= 130, "{missed} of 10000 with {rounds} rounds");
        }
    }

    proptest! {
        #[test]
        fn exchanging_the_sides_inverts_the_ratio(
            pairs in prop::collection::vec((1.0..1e6_f64, 1.0..1e6_f64), 1..40),
        ) {
            let exchanged: Vec<_> = pairs.iter().map(|&(a, b)| (b, a)).collect();
            let (there, back) = (paired(&pairs).expect("rounds"), paired(&exchanged).expect("rounds"));
            prop_assert!((there.value * back.value - 1.0).abs() < 1e-9);
            prop_assert_eq!(there.interval.is_some(), back.interval.is_some());
            if let (Some([low, high]), Some([below, above])) = (there.interval, back.interval) {
                prop_assert!((low * above - 1.0).abs() < 1e-9 && (high * below - 1.0).abs() < 1e-9);
            }
        }

        #[test]
        fn the_order_of_rounds_says_nothing(
            pairs in prop::collection::vec((1.0..1e6_f64, 1.0..1e6_f64), 1..40),
        ) {
            let backwards: Vec<_> = pairs.iter().rev().copied().collect();
            prop_assert_eq!(paired(&pairs), paired(&backwards));
        }

        #[test]
        fn the_estimate_lies_in_its_interval(
            pairs in prop::collection::vec((1.0..1e6_f64, 1.0..1e6_f64), 8..60),
        ) {
            let ratio = paired(&pairs).expect("rounds");
            let [low, high] = ratio.interval.expect("enough rounds");
            prop_assert!(low <= ratio.value && ratio.value <= high);
        }
    }
}
