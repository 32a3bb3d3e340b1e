//! What goes wrong on a line.

use std::time::Duration;

use super::direction::{Harm, Wire};

/// How a line misbehaves from its first byte on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// Not at all.
    None,
    /// One byte in a hundred is dropped, flipped or doubled, both ways.
    Bytes,
    /// In five frames of a hundred, 20 to 60 bytes become garbage.
    Bursts,
    /// Zeros and firmware's text stand before one frame in twenty.
    Strays,
    /// Before one frame in twenty, up to 700 bytes come once more.
    Repeats,
    /// The line stands still for three seconds, twice.
    Stalls,
    /// Nothing passes either way for ten seconds.
    Cut,
    /// The way back is dead after a while, then some frames are lost, and then all.
    Death,
    /// 115200 baud and a USB adapter, nothing else.
    Pace,
}

/// Bytes of the stream that pass before something happens once: the plan is there by then.
const ONCE: u64 = 3000;

impl Disturbance {
    /// What it is called in a test's output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Bytes => "one byte in a hundred is harmed",
            Self::Bursts => "five frames in a hundred are hit by a burst",
            Self::Strays => "zeros and text stray in",
            Self::Repeats => "stretches are repeated",
            Self::Stalls => "the line stalls",
            Self::Cut => "the line is cut for ten seconds",
            Self::Death => "the line dies",
            Self::Pace => "115200 baud",
        }
    }

    /// What it does from the guest to the host, and back.
    pub(super) fn wires(self, seed: u64) -> (Wire, Wire) {
        let (out, back) = match self {
            Self::None | Self::Pace => (Harm::None, Harm::None),
            Self::Bytes => (Harm::Bytes { one_in: 100 }, Harm::Bytes { one_in: 100 }),
            Self::Bursts => (Harm::Bursts { per_cent: 5 }, Harm::None),
            Self::Strays => (Harm::Strays { per_cent: 5 }, Harm::None),
            Self::Repeats => (Harm::Repeats { per_cent: 5 }, Harm::None),
            Self::Stalls => {
                (Harm::Stalls { times: 2, every: ONCE, each: Duration::from_secs(3) }, Harm::None)
            }
            Self::Cut => (Harm::Cut { after: ONCE, time: Duration::from_secs(10) }, Harm::None),
            Self::Death => (Harm::Death { after: ONCE, frames: 2, dead: 2 * ONCE }, Harm::None),
        };
        (Wire::new(out, seed), Wire::new(back, seed + 1))
    }
}
