//! Log-linear buckets, the same on both ends, in integers: a bucket is never wider than 1/64 of its values, so
//! its middle is off by less than 1 %.
//!
//! Values below 128 have a bucket each. From there on each power of two is cut into 64 buckets, as in Gil
//! Tene's `HdrHistogram` with 6 bits of precision.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

use core::ops::RangeInclusive;

/// Each power of two has 2^6 buckets.
const BITS: u32 = 6;

/// Values that have a bucket of their own.
const EXACT: u64 = 2 << BITS;

/// The largest value with a bucket; larger ones are counted with it. At 3 GHz it lasts 278 days.
const LARGEST: u64 = (1 << 56) - 1;

/// How many buckets there are.
pub const BUCKETS: usize = bucket(LARGEST) + 1;

/// The bucket of `value`.
#[must_use]
pub const fn bucket(value: u64) -> usize {
    if value < EXACT {
        return value as usize;
    }
    let value = if value > LARGEST { LARGEST } else { value };
    let shift = value.ilog2() - BITS;
    ((shift as usize) << BITS) + (value >> shift) as usize
}

/// The values that belong to a bucket.
///
/// # Panics
/// If there is no such bucket.
#[must_use]
pub const fn values(bucket: usize) -> RangeInclusive<u64> {
    assert!(bucket < BUCKETS, "there is no such bucket");
    if (bucket as u64) < EXACT {
        return bucket as u64..=bucket as u64;
    }
    let shift = (bucket >> BITS) - 1;
    let lowest = ((bucket - (shift << BITS)) as u64) << shift;
    lowest..=lowest + (1 << shift) - 1
}

/// The value that stands for all in a bucket.
///
/// # Panics
/// If there is no such bucket.
#[must_use]
pub const fn middle(bucket: usize) -> u64 {
    let values = values(bucket);
    *values.start() + (*values.end() - *values.start()) / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BUCKETS, LARGEST, bucket, middle, values};

    #[test]
    fn buckets_lie_side_by_side_and_leave_nothing_out() {
        let mut next = 0;
        for number in 0..BUCKETS {
            let values = values(number);
            assert_eq!(*values.start(), next);
            assert_eq!((bucket(*values.start()), bucket(*values.end())), (number, number));
            next = values.end() + 1;
        }
        assert_eq!(next, LARGEST + 1);
    }

    #[test]
    fn what_is_too_large_for_any_bucket_is_in_the_last() {
        assert_eq!((bucket(u64::MAX), bucket(LARGEST)), (BUCKETS - 1, BUCKETS - 1));
    }

    proptest! {
        #[test]
        fn the_middle_is_off_by_less_than_one_in_a_hundred(value in 0..=LARGEST) {
            let off = middle(bucket(value)).abs_diff(value);
            prop_assert!(off * 100 <= value, "{value} is off by {off}");
        }
    }
}
