//! Timed operations as bytes. A sample is an LEB128 number of which the lowest bit says whether a
//! second one follows: how often the sample repeats. Exact machines measure long runs of the same
//! count, hardware rarely twice the same; a sample below 8192 takes two bytes, below 2^20 three.

use core::fmt;

/// The largest sample that can be told; larger ones are cut to it. At 3 GHz it lasts 97 years.
pub const MAX_SAMPLE: u64 = u64::MAX >> 1;

/// The most repetitions in one run, so that a few hostile bytes do not decode without end.
const MAX_REPEATS: u64 = u16::MAX as u64;

/// The longest sample with its repetitions: 64 and 16 bits in groups of seven.
const LONGEST: usize = 10 + 3;

/// Bytes that are no samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSamples;

impl fmt::Display for NotSamples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the samples are cut short or out of range")
    }
}

impl core::error::Error for NotSamples {}

/// Encodes samples from the front for as long as they fit `buffer`. Returns how many it took and
/// their bytes; what is left goes into a next record.
pub fn encode<'b, S: Copy + Into<u64>>(samples: &[S], buffer: &'b mut [u8]) -> (usize, &'b [u8]) {
    let (mut taken, mut length) = (0, 0);
    while let Some(&first) = samples.get(taken) {
        let value = first.into();
        let repeats = repeats_of(value, &samples[taken + 1..]);
        let mut run = [0; LONGEST];
        let run = encode_run(value.min(MAX_SAMPLE), repeats, &mut run);
        let Some(room) = buffer.get_mut(length..length + run.len()) else {
            break;
        };
        room.copy_from_slice(run);
        length += run.len();
        taken += 1 + repeats;
    }
    (taken, &buffer[..length])
}

fn repeats_of<S: Copy + Into<u64>>(value: u64, following: &[S]) -> usize {
    let same = |&&sample: &&S| sample.into() == value;
    following.iter().take(MAX_REPEATS as usize).take_while(same).count()
}

fn encode_run(value: u64, repeats: usize, run: &mut [u8; LONGEST]) -> &[u8] {
    let flag = u64::from(repeats > 0);
    let mut length = encode_number(value << 1 | flag, run, 0);
    if repeats > 0 {
        length = encode_number(repeats as u64, run, length);
    }
    &run[..length]
}

/// Writes an LEB128 number at `length` and returns where it ends.
fn encode_number(mut number: u64, to: &mut [u8; LONGEST], mut length: usize) -> usize {
    while number > 0x7F {
        to[length] = number as u8 | 0x80;
        number >>= 7;
        length += 1;
    }
    to[length] = number as u8;
    length + 1
}

/// The samples of a record, in order. A hostile record may hold far more than it has bytes: take
/// as many as there is room for.
pub fn decode(bytes: &[u8]) -> Samples<'_> {
    Samples { bytes, value: 0, repeats: 0 }
}

/// Iterator over the samples of a record; ends after the first error.
#[derive(Clone, Debug)]
pub struct Samples<'a> {
    bytes: &'a [u8],
    value: u64,
    repeats: u64,
}

impl Samples<'_> {
    fn next_run(&mut self) -> Result<u64, NotSamples> {
        let head = self.number()?;
        self.value = head >> 1;
        if head & 1 == 1 {
            self.repeats = self.number()?;
        }
        if self.repeats > MAX_REPEATS {
            return Err(NotSamples);
        }
        Ok(self.value)
    }

    fn number(&mut self) -> Result<u64, NotSamples> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let (&byte, rest) = self.bytes.split_first().ok_or(NotSamples)?;
            self.bytes = rest;
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
}

impl Iterator for Samples<'_> {
    type Item = Result<u64, NotSamples>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.repeats > 0 {
            self.repeats -= 1;
            return Some(Ok(self.value));
        }
        if self.bytes.is_empty() {
            return None;
        }
        let run = self.next_run();
        if run.is_err() {
            *self = decode(&[]);
        }
        Some(run)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MAX_SAMPLE, decode, encode};

    fn through(samples: &[u64], room: usize) -> Vec<u64> {
        let mut buffer = vec![0; room];
        let (mut rest, mut out) = (samples, Vec::new());
        while !rest.is_empty() {
            let (taken, bytes) = encode(rest, &mut buffer);
            assert!(taken > 0, "a buffer of {room} bytes takes at least one sample");
            out.extend(decode(bytes).map(|sample| sample.expect("what we wrote")));
            rest = &rest[taken..];
        }
        out
    }

    #[test]
    fn a_typical_sample_takes_two_bytes_and_a_dear_one_three() {
        let cheap: Vec<u64> = (1000..2000).collect();
        let dear: Vec<u64> = (500_000..501_000).collect();
        assert_eq!(encode(&cheap, &mut [0; 4000]).1.len(), 2000);
        assert_eq!(encode(&dear, &mut [0; 4000]).1.len(), 3000);
    }

    #[test]
    fn a_hundred_thousand_equal_samples_take_a_handful_of_bytes() {
        let mut buffer = [0; 20];
        let (taken, bytes) = encode(&vec![125_u32; 100_000], &mut buffer);
        assert_eq!((taken, bytes.len()), (100_000, 10));
        assert_eq!(decode(bytes).count(), 100_000);
    }

    #[test]
    fn a_buffer_too_small_for_a_sample_takes_none() {
        assert_eq!(encode(&[u64::MAX], &mut [0; 9]), (0, &[][..]));
    }

    #[test]
    fn decoding_ends_after_an_error() {
        let mut samples = decode(&[2, 0x80]);
        assert_eq!(samples.next(), Some(Ok(1)));
        assert!(matches!(samples.next(), Some(Err(_))));
        assert_eq!(samples.next(), None);
    }

    proptest! {
        #[test]
        fn samples_survive(
            samples in prop::collection::vec(prop_oneof![0..4_u64, any::<u64>()], 0..300),
            room in 13..200_usize,
        ) {
            let told: Vec<u64> = samples.iter().map(|&sample| sample.min(MAX_SAMPLE)).collect();
            prop_assert_eq!(through(&samples, room), told);
        }

        #[test]
        fn hostile_bytes_neither_panic_nor_run_on(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let most = bytes.len() * (usize::from(u16::MAX) + 1);
            prop_assert!(decode(&bytes).count() <= most);
        }
    }
}
