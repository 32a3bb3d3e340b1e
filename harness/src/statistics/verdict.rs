//! What a ratio of two costs allows to say, in words.

use std::cmp::Ordering;
use std::fmt;

use serde::Serialize;

/// How far from 1 the whole interval must be before a difference is claimed. Less than this may be
/// where code happens to lie, and matters to nobody.
const RELEVANT: f64 = 0.01;

/// How something compares with its reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Verdict {
    /// By more than 1 %.
    #[serde(rename = "slower")]
    Slower,
    /// By more than 1 %.
    #[serde(rename = "faster")]
    Faster,
    /// They may differ by less, or noise hides it: this is not *the same*.
    #[serde(rename = "no difference resolved")]
    NoDifference,
    /// The same count, on a machine that counts exactly.
    #[serde(rename = "equal")]
    Equal,
}

impl Verdict {
    /// The verdict on a ratio that lies in `interval`.
    pub fn of_interval([low, high]: [f64; 2]) -> Self {
        if low > 1.0 + RELEVANT {
            Self::Slower
        } else if high < 1.0 - RELEVANT {
            Self::Faster
        } else {
            Self::NoDifference
        }
    }

    /// The verdict on two exact costs, where any difference is one.
    pub fn of_exact(cost: f64, reference: f64) -> Self {
        match cost.total_cmp(&reference) {
            Ordering::Greater => Self::Slower,
            Ordering::Less => Self::Faster,
            Ordering::Equal => Self::Equal,
        }
    }

    /// As it stands in results.
    pub fn words(self) -> &'static str {
        match self {
            Self::Slower => "slower",
            Self::Faster => "faster",
            Self::NoDifference => "no difference resolved",
            Self::Equal => "equal",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict;

    #[test]
    fn a_difference_is_claimed_only_if_the_whole_interval_is_beyond_one_percent() {
        assert_eq!(Verdict::of_interval([1.011, 1.3]), Verdict::Slower);
        assert_eq!(Verdict::of_interval([0.7, 0.989]), Verdict::Faster);
        for unsure in [[1.005, 1.3], [0.7, 0.995], [0.5, 2.0], [1.01, 1.3], [1.0, 1.0]] {
            assert_eq!(Verdict::of_interval(unsure), Verdict::NoDifference, "{unsure:?}");
        }
    }

    #[test]
    fn exact_costs_differ_or_are_equal() {
        assert_eq!(Verdict::of_exact(1001.0, 1000.0), Verdict::Slower);
        assert_eq!(Verdict::of_exact(999.0, 1000.0), Verdict::Faster);
        assert_eq!(Verdict::of_exact(1000.0, 1000.0), Verdict::Equal);
    }

    #[test]
    fn a_verdict_reads_in_a_file_as_on_the_screen() {
        for verdict in [Verdict::Slower, Verdict::Faster, Verdict::NoDifference, Verdict::Equal] {
            assert_eq!(serde_json::json!(verdict), verdict.words());
        }
    }
}
