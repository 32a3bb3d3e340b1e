//! How fast a serial line is.

use std::fmt;
use std::str::FromStr;

/// The rates that a 16550 makes of its usual clock, up to the fastest that adapters share.
const STANDARD: [u32; 13] =
    [300, 600, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600];

/// A standard rate, in baud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Baud(u32);

impl Baud {
    /// What guests speak unless told otherwise.
    pub const USUAL: Self = Self(115_200);

    /// The rate in bits per second.
    #[must_use]
    pub const fn per_second(self) -> u32 {
        self.0
    }
}

/// A rate that adapters and console servers need not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no standard rate; there are: {}", STANDARD.map(|rate| rate.to_string()).join(", "))]
pub struct NoStandardRate;

impl FromStr for Baud {
    type Err = NoStandardRate;

    fn from_str(text: &str) -> Result<Self, NoStandardRate> {
        let rate = text.parse().map_err(|_| NoStandardRate)?;
        STANDARD.contains(&rate).then_some(Self(rate)).ok_or(NoStandardRate)
    }
}

impl fmt::Display for Baud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Baud, STANDARD};

    #[test]
    fn standard_rates_are_taken_and_others_are_answered_with_them() {
        for rate in STANDARD {
            let baud: Baud = rate.to_string().parse().expect("a standard rate");
            assert_eq!(baud.per_second(), rate);
        }
        for wrong in ["0", "115201", "1000000", "fast", "", "-9600"] {
            let said = wrong.parse::<Baud>().expect_err("no standard rate").to_string();
            assert!(said.contains("57600, 115200, 230400"), "{said}");
        }
    }
}
