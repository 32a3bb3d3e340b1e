//! How quiet the machine was, by what it did in each round of one op.
//!
//! Rounds do the same in the same order. So a sample is compared with those that have its number in the
//! other rounds, and what differs is noise, however much the op's samples differ among each other.

use super::{Ratio, Sorted, paired, ratio};

/// Rounds that show what is usual and what is not.
const LEAST: usize = 3;

/// What a standard deviation is in terms of the MAD, for normal noise.
const DEVIATION: f64 = 1.4826;

/// The noise of one op's samples; nothing is said with too few rounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Noise {
    /// How far a sample typically lies from the median of its counterparts, divided by that.
    pub scatter: Option<f64>,
    /// How far the median of a round typically lies from that of all rounds, divided by that.
    pub disagreement: Option<f64>,
    /// The second half of the rounds by the first.
    pub drift: Option<Ratio>,
    /// Samples in which the clock must have moved: a second where less than a thousandth is usual.
    pub clock_steps: u64,
}

impl Noise {
    /// The noise of `rounds`, each in the order in which it was measured; a second has so many ticks.
    pub fn of(rounds: &[Vec<u64>], ticks_per_second: u64) -> Self {
        let usual = usual(rounds);
        let medians = rounds.iter().filter_map(|round| Some(Sorted::new(round.clone())?.median()));
        let medians: Vec<u64> = medians.collect();
        let enough = rounds.len() >= LEAST;
        Self {
            scatter: scatter(rounds, &usual).filter(|_| enough),
            disagreement: deviation(&medians).filter(|_| enough),
            drift: drift(&medians),
            clock_steps: clock_steps(rounds, &usual, ticks_per_second),
        }
    }
}

/// The median of all samples of the same number.
fn usual(rounds: &[Vec<u64>]) -> Vec<u64> {
    let most = rounds.iter().map(Vec::len).max().unwrap_or(0);
    let of_number = |number| rounds.iter().filter_map(|round| round.get(number).copied()).collect();
    (0..most).filter_map(|number| Some(Sorted::new(of_number(number))?.median())).collect()
}

fn scatter(rounds: &[Vec<u64>], usual: &[u64]) -> Option<f64> {
    let per_million = |(sample, usual): (&u64, &u64)| {
        let apart = u128::from(sample.abs_diff(*usual)) * 1_000_000;
        u64::try_from(apart / u128::from(*usual).max(1)).unwrap_or(u64::MAX)
    };
    let deviations = rounds.iter().flat_map(|round| round.iter().zip(usual).map(per_million));
    let typical = Sorted::new(deviations.collect())?.median();
    Some(DEVIATION * ratio(typical.into(), 1_000_000))
}

/// The robust standard deviation divided by the median.
fn deviation(values: &[u64]) -> Option<f64> {
    let values = Sorted::new(values.to_vec()).filter(|values| values.median() > 0)?;
    Some(DEVIATION * ratio(values.mad().into(), values.median()))
}

/// Each round of the second half by the one that stands at its place in the first.
fn drift(medians: &[u64]) -> Option<Ratio> {
    let half = medians.len() / 2;
    let (first, second) = (&medians[..half], &medians[medians.len() - half..]);
    let cost = |median: u64| ratio(median.into(), 1);
    let pairs: Vec<_> =
        second.iter().zip(first).map(|(&late, &early)| (cost(late), cost(early))).collect();
    paired(&pairs)
}

fn clock_steps(rounds: &[Vec<u64>], usual: &[u64], ticks_per_second: u64) -> u64 {
    let steps = |(sample, usual): &(&u64, &u64)| {
        **sample > ticks_per_second && **usual < ticks_per_second / 1000
    };
    rounds.iter().map(|round| round.iter().zip(usual).filter(steps).count() as u64).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Noise;
    use crate::statistics::Verdict;

    const SECOND: u64 = 1_000_000_000;

    fn noise(rounds: &[Vec<u64>]) -> Noise {
        Noise::of(rounds, SECOND)
    }

    /// Sixteen rounds of unequal samples, each times `factor` of its round in percent.
    fn rounds(factor: impl Fn(u64) -> u64) -> Vec<Vec<u64>> {
        let round = |number| (1..50).map(|sample| sample * 100 * factor(number) / 100).collect();
        (0..16).map(round).collect()
    }

    #[test]
    fn samples_that_differ_by_their_work_are_no_noise() {
        let noise = noise(&rounds(|_| 100));
        assert_eq!(
            (noise.scatter, noise.disagreement, noise.clock_steps),
            (Some(0.0), Some(0.0), 0)
        );
        assert_eq!(noise.drift.and_then(|drift| drift.verdict), Some(Verdict::NoDifference));
    }

    #[test]
    fn samples_that_differ_from_their_counterparts_scatter() {
        let mut random = fastrand::Rng::with_seed(3);
        let round = |_| (0..200).map(|_| 1000 + random.u64(..200)).collect();
        let scatter = noise(&(0..9).map(round).collect::<Vec<_>>()).scatter.expect("nine rounds");
        assert!((0.04..0.09).contains(&scatter), "{scatter}");
    }

    #[test]
    fn rounds_that_disagree_say_so() {
        let disagreement = noise(&rounds(|round| 90 + round * 7 % 20)).disagreement;
        assert!(disagreement.is_some_and(|disagreement| disagreement > 0.05), "{disagreement:?}");
    }

    #[test]
    fn a_machine_that_becomes_slower_drifts() {
        let drift = noise(&rounds(|round| 100 + round)).drift.expect("sixteen rounds");
        assert_eq!(drift.verdict, Some(Verdict::Slower));
        assert!((1.07..1.09).contains(&drift.value), "{drift:?}");
    }

    #[test]
    fn a_clock_that_is_set_forward_or_back_in_a_sample_is_noticed() {
        let mut rounds = rounds(|_| 100);
        rounds[3][7] = (1 << 56) - 1;
        rounds[5][9] = 2 * SECOND;
        assert_eq!(noise(&rounds).clock_steps, 2);
    }

    #[test]
    fn two_rounds_do_not_tell_what_is_usual() {
        let noise = noise(&[vec![100], vec![900]]);
        assert_eq!((noise.scatter, noise.disagreement), (None, None));
        assert_eq!(noise.drift.and_then(|drift| drift.verdict), None);
        assert_eq!(Noise::of(&[], SECOND), Noise::default());
    }

    proptest! {
        #[test]
        fn noise_has_no_unit(samples in prop::collection::vec(1000..2000_u64, 24..60)) {
            let rounds: Vec<Vec<u64>> = samples.chunks(3).map(<[u64]>::to_vec).collect();
            let scaled: Vec<Vec<u64>> =
                rounds.iter().map(|round| round.iter().map(|sample| sample * 10).collect()).collect();
            prop_assert_eq!(noise(&rounds), noise(&scaled));
        }
    }
}
