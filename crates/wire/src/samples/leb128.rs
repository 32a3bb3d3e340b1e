//! Numbers in groups of seven bits, the lowest first.

use super::NotSamples;

/// How many bytes `number` takes, 1 to 10.
pub(super) const fn length(number: u64) -> usize {
    let bits = u64::BITS - (number | 1).leading_zeros();
    bits.div_ceil(7) as usize
}

/// Writes `number` to the start of `room`, which must hold [`length`] bytes, and returns the rest.
pub(super) fn put(mut number: u64, room: &mut [u8]) -> &mut [u8] {
    let length = length(number);
    let (taken, rest) = room.split_at_mut(length);
    for (place, byte) in taken.iter_mut().enumerate() {
        let more = if place + 1 < length { 0x80 } else { 0 };
        *byte = number as u8 & 0x7F | more;
        number >>= 7;
    }
    rest
}

/// Takes a number off the start of `bytes`.
pub(super) fn take(bytes: &mut &[u8]) -> Result<u64, NotSamples> {
    let mut number = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(NotSamples)?;
        *bytes = rest;
        let group = u64::from(byte & 0x7F);
        let placed = group << shift;
        if placed >> shift != group {
            return Err(NotSamples);
        }
        number |= placed;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(NotSamples)
}
