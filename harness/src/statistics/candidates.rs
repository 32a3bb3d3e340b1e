//! Why the interval of a ratio is one of order statistics: what bootstraps miss.

use super::{paired, ratio};

const ROUNDS: usize = 12;
const TRIALS: usize = 2000;
const DRAWS: usize = 400;

/// Logarithms of ratios of equal costs, in thousandths: a host that takes the CPU away for long in one
/// round of five, from either side.
fn disturbed(random: &mut fastrand::Rng) -> Vec<f64> {
    let mut cost = || {
        let burst = if random.u8(..) < 51 { -random.f64().max(1e-9).ln() * 8.0 } else { 0.0 };
        random.f64() + burst
    };
    (0..ROUNDS).map(|_| (cost() - cost()) / 100.0).collect()
}

/// Whether a 99 % percentile bootstrap of `estimate` excludes 0.
fn bootstrap_misses(
    rounds: &[f64],
    random: &mut fastrand::Rng,
    estimate: fn(&mut [f64]) -> f64,
) -> bool {
    let draw = |_| {
        let mut drawn: Vec<f64> = rounds.iter().map(|_| rounds[random.usize(..ROUNDS)]).collect();
        estimate(&mut drawn)
    };
    let mut draws: Vec<f64> = (0..DRAWS).map(draw).collect();
    draws.sort_unstable_by(f64::total_cmp);
    draws[DRAWS / 200 - 1] > 0.0 || draws[DRAWS - DRAWS / 200] < 0.0
}

fn mean(values: &mut [f64]) -> f64 {
    values.iter().sum::<f64>() / ratio(ROUNDS as u128, 1)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    f64::midpoint(values[ROUNDS / 2 - 1], values[ROUNDS / 2])
}

#[test]
fn bootstraps_of_a_dozen_rounds_miss_more_often_than_they_promise() {
    let mut random = fastrand::Rng::with_seed(1);
    let [mut means, mut medians, mut orders] = [0; 3];
    for _ in 0..TRIALS {
        let rounds = disturbed(&mut random);
        means += usize::from(bootstrap_misses(&rounds, &mut random, mean));
        medians += usize::from(bootstrap_misses(&rounds, &mut random, median));
        let pairs: Vec<_> = rounds.iter().map(|round| (round.exp(), 1.0)).collect();
        let interval = paired(&pairs).and_then(|ratio| ratio.interval).expect("enough rounds");
        orders += usize::from(interval[0] > 1.0 || interval[1] < 1.0);
    }
    println!("of {TRIALS}: means {means}, medians {medians}, order statistics {orders}");
    let promised = TRIALS / 100;
    assert!(orders <= promised, "{orders}");
    assert!(medians > promised * 3 / 2 && means > promised * 2, "{medians} {means}");
}
