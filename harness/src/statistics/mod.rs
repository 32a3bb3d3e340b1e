//! What samples allow to say: order statistics, how sure they are, and verdicts. Pure functions; equal
//! samples give equal answers.

#[cfg(test)]
mod candidates;
mod growth;
mod least_squares;
mod median_interval;
mod noise;
mod outliers;
mod paired;
mod sorted;
mod verdict;

pub use growth::{Growth, LEAST_POINTS, Law, growth};
pub use median_interval::median_interval;
pub use noise::Noise;
pub use paired::{LEAST_ROUNDS, Ratio, paired};
pub use sorted::{Sorted, ratio};
pub use verdict::Verdict;
