//! How a cost grows with a parameter: constant, with its logarithm, linearly or quadratically.
//!
//! Each law is fitted by least squares of the *relative* error, so that a sweep's small values count as
//! its large ones do. Its error is what it gets wrong about points that it was not fitted to: each is
//! left out in turn and predicted (root of the mean square). The simplest law is taken that comes near
//! the best one: within twice its error, or within 2 %.

use super::least_squares::{MOST, fit};
use super::ratio;

/// The fewest points that tell a law from another.
pub const LEAST_POINTS: usize = 4;

/// What a simpler law may get wrong, as a multiple of the best law's error and in any case.
const TIMES_THE_BEST: f64 = 2.0;
const NEGLIGIBLE: f64 = 0.02;

/// How a cost depends on x.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// a
    Constant,
    /// a + b log₂ x
    Log,
    /// a + b x
    Linear,
    /// a + b x + c x², with c above 0
    Quadratic,
}

/// A law with its coefficients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// The law.
    pub law: Law,
    /// a, b and c; 0 where the law has none.
    pub coefficients: [f64; MOST],
    /// The relative error of a prediction.
    pub error: f64,
    /// Whether each coefficient contributes more than 2 % anywhere.
    matters: [bool; MOST],
}

/// The law behind `points`, each of x and its cost; `None` with fewer than [`LEAST_POINTS`] values of x,
/// or where something costs nothing.
pub fn growth(points: &[(u64, u64)]) -> Option<Growth> {
    let mut places: Vec<u64> = points.iter().map(|&(x, _)| x).collect();
    places.sort_unstable();
    places.dedup();
    if places.len() < LEAST_POINTS || points.iter().any(|&(_, cost)| cost == 0) {
        return None;
    }
    let points: Vec<(f64, f64)> =
        points.iter().map(|&(x, cost)| (ratio(x.into(), 1), ratio(cost.into(), 1))).collect();
    let fits: Vec<Growth> = Law::ALL.iter().filter_map(|law| law.fitted(&points)).collect();
    let best = fits.iter().map(|fit| fit.error).min_by(f64::total_cmp)?;
    fits.into_iter().find(|fit| fit.error <= (TIMES_THE_BEST * best).max(NEGLIGIBLE))
}

impl Law {
    /// The simplest first.
    const ALL: [Self; 4] = [Self::Constant, Self::Log, Self::Linear, Self::Quadratic];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Log => "log",
            Self::Linear => "linear",
            Self::Quadratic => "quadratic",
        }
    }

    fn unknowns(self) -> usize {
        match self {
            Self::Constant => 1,
            Self::Log | Self::Linear => 2,
            Self::Quadratic => 3,
        }
    }

    /// What the coefficients are multiplied with.
    fn terms(self, x: f64) -> [f64; MOST] {
        match self {
            Self::Constant => [1.0, 0.0, 0.0],
            Self::Log => [1.0, x.log2(), 0.0],
            Self::Linear => [1.0, x, 0.0],
            Self::Quadratic => [1.0, x, x * x],
        }
    }

    /// The law with its best coefficients, if it can describe `points`.
    fn fitted(self, points: &[(f64, f64)]) -> Option<Growth> {
        if self == Self::Log && points.iter().any(|&(x, _)| x < 1.0) {
            return None;
        }
        let coefficients = self.coefficients(points)?;
        if self == Self::Quadratic && coefficients[2] <= 0.0 {
            return None;
        }
        let squares = (0..points.len()).map(|left_out| {
            let mut others = points.to_vec();
            let (x, cost) = others.remove(left_out);
            let predicted = dot(self.coefficients(&others)?, self.terms(x));
            Some((predicted / cost - 1.0).powi(2))
        });
        let sum: f64 = squares.sum::<Option<f64>>()?;
        let error = (sum / ratio(points.len() as u128, 1)).sqrt();
        let contributes = |term: usize| {
            points.iter().any(|&(x, cost)| {
                (coefficients[term] * self.terms(x)[term] / cost).abs() > NEGLIGIBLE
            })
        };
        let matters = [0, 1, 2].map(contributes);
        Some(Growth { law: self, coefficients, error, matters })
    }

    fn coefficients(self, points: &[(f64, f64)]) -> Option<[f64; MOST]> {
        let row = |&(x, cost): &(f64, f64)| self.terms(x).map(|term| term / cost);
        fit(&points.iter().map(row).collect::<Vec<_>>(), self.unknowns())
    }
}

fn dot(a: [f64; MOST], b: [f64; MOST]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Growth {
    /// The cost at `x`.
    pub fn at(&self, x: u64) -> f64 {
        dot(self.coefficients, self.law.terms(ratio(x.into(), 1)))
    }

    /// One line: `fork ~ 105 per page (linear, error 0.4 %)`, where x counts `unit`s. Terms that
    /// contribute 2 % nowhere are left out.
    pub fn line(&self, op: &str, unit: &str) -> String {
        let per = match self.law {
            Law::Log => [String::new(), " per doubling".to_owned(), String::new()],
            _ => [String::new(), format!(" per {unit}"), format!(" per {unit}²")],
        };
        let terms = self.coefficients.iter().zip(per).zip(self.matters);
        let mut said = String::new();
        for ((coefficient, per), _) in terms.filter(|(_, matters)| *matters) {
            said += match (said.is_empty(), *coefficient < 0.0) {
                (true, false) => "",
                (true, true) => "-",
                (false, false) => " + ",
                (false, true) => " - ",
            };
            said = said + &short(coefficient.abs()) + &per;
        }
        format!("{op} ~ {said} ({}, error {:.1} %)", self.law.name(), self.error * 100.0)
    }
}

/// Three digits that count.
fn short(number: f64) -> String {
    match number {
        100.0.. => format!("{number:.0}"),
        10.0.. => format!("{number:.1}"),
        0.1.. => format!("{number:.2}"),
        _ => format!("{number:.1e}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Law, growth};

    const SWEEP: [u64; 7] = [16, 64, 256, 1024, 4096, 16384, 65536];

    fn law(cost: impl Fn(u64) -> u64) -> Option<Law> {
        Some(growth(&SWEEP.map(|x| (x, cost(x))))?.law)
    }

    fn line(cost: impl Fn(u64) -> u64) -> String {
        growth(&SWEEP.map(|x| (x, cost(x)))).expect("a law").line("fork", "page")
    }

    #[test]
    fn each_law_is_recognised_by_what_it_predicts() {
        assert_eq!(law(|_| 500), Some(Law::Constant));
        assert_eq!(law(|x| 300 + 70 * u64::from(x.ilog2())), Some(Law::Log));
        assert_eq!(law(|x| 2000 + 105 * x), Some(Law::Linear));
        assert_eq!(law(|x| 50 + 3 * x * x), Some(Law::Quadratic));
    }

    #[test]
    fn a_law_reads_as_a_sentence_of_what_matters() {
        assert_eq!(line(|x| 105 * x), "fork ~ 105 per page (linear, error 0.0 %)");
        assert_eq!(line(|x| 2000 + 105 * x), "fork ~ 2000 + 105 per page (linear, error 0.0 %)");
        assert_eq!(line(|_| 7), "fork ~ 7.00 (constant, error 0.0 %)");
        assert_eq!(
            line(|x| 300 + 70 * u64::from(x.ilog2())),
            "fork ~ 300 + 70.0 per doubling (log, error 0.0 %)"
        );
        assert_eq!(line(|x| 3 * x * x), "fork ~ 3.00 per page² (quadratic, error 0.0 %)");
    }

    #[test]
    fn a_bend_that_no_reader_would_see_is_no_law() {
        assert_eq!(law(|x| 100_000 + x % 7 * 100), Some(Law::Constant));
        assert_eq!(law(|x| 1_000_000 + 105 * x * 1000 + x / 512 * 90), Some(Law::Linear));
    }

    #[test]
    fn a_list_that_is_walked_for_every_member_is_quadratic_although_it_begins_linearly() {
        assert_eq!(law(|x| 400 + 200 * x + x * x / 10), Some(Law::Quadratic));
    }

    #[test]
    fn three_points_tell_no_law() {
        assert_eq!(growth(&[(1, 1), (2, 2), (3, 3), (3, 3)]), None);
        assert_eq!(growth(&[]), None);
        assert_eq!(growth(&[(1, 0), (2, 2), (3, 3), (4, 4)]), None);
    }

    #[test]
    fn a_sweep_that_begins_at_nothing_is_no_logarithm() {
        let law = growth(&[0, 1, 2, 3, 4, 5].map(|x| (x, 100 + 7 * x))).map(|growth| growth.law);
        assert_eq!(law, Some(Law::Linear));
    }

    proptest! {
        #[test]
        fn noise_of_one_percent_hides_no_law(
            noise in prop::array::uniform7(990..=1010_u64),
            a in 100..10_000_u64,
            b in 1..1000_u64,
        ) {
            let noisy = |cost: fn(u64, u64, u64) -> u64| {
                let points = SWEEP.iter().zip(noise);
                let points: Vec<_> =
                    points.map(|(&x, noise)| (x, cost(a, b, x) * 1000 * noise / 1000)).collect();
                growth(&points).map(|growth| growth.law)
            };
            prop_assert_eq!(noisy(|a, _, _| a), Some(Law::Constant));
            prop_assert_eq!(noisy(|a, b, x| a / 100 + (b + 1) * x), Some(Law::Linear));
            prop_assert_eq!(noisy(|a, b, x| a + b * x * x), Some(Law::Quadratic));
        }

        #[test]
        fn predictions_are_as_good_as_they_say(costs in prop::array::uniform7(1..1_000_000_u64)) {
            let points: Vec<_> = SWEEP.into_iter().zip(costs).collect();
            let growth = growth(&points).expect("seven points");
            prop_assert!(growth.error.is_finite());
            prop_assert!(SWEEP.iter().all(|&x| growth.at(x).is_finite()));
        }
    }
}
