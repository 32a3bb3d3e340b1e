//! Timed operations as bytes: groups of a run or a pack, each behind a header in LEB128, which is
//! twice its number of samples, and one more for a pack.
//!
//! * A *run* is one number in LEB128: exact machines measure long runs of the same count.
//! * A *pack* is the least of its samples in LEB128, a width in bits in one byte, and as many codes of
//!   that width: how far each sample lies above the least. A code of all ones stands for "so much or
//!   more"; by how much more follows behind the codes in LEB128, for one such code after another. So a
//!   sample on hardware takes as many bits as the noise has, and the few that an interrupt fell into
//!   do not widen the others.

mod bits;
mod decode;
mod encode;
mod leb128;
#[cfg(test)]
mod tests;

pub use decode::{Samples, decode};
pub use encode::encode;

use core::fmt;

/// The most samples in a pack: as many as a header of one byte can say.
const PACK: usize = 63;

/// The most samples in a run, so that a few hostile bytes do not decode without end.
const MAX_RUN: usize = 1 << 16;

/// Bytes that are no samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSamples;

impl fmt::Display for NotSamples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the samples are cut short or out of range")
    }
}

impl core::error::Error for NotSamples {}
