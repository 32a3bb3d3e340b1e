use proptest::prelude::*;

use super::{MAX_RUN, PACK, decode, encode};

fn through(samples: &[u64], room: usize) -> Vec<u64> {
    let mut buffer = vec![0xAA; room];
    let (mut rest, mut out) = (samples, Vec::new());
    while !rest.is_empty() {
        let (taken, bytes) = encode(rest, &mut buffer);
        assert!(taken > 0, "a buffer of {room} bytes takes at least one sample");
        out.extend(decode(bytes).map(|sample| sample.expect("what we wrote")));
        rest = &rest[taken..];
    }
    out
}

fn bytes_of(samples: &[u64]) -> usize {
    let mut buffer = vec![0; 11 * samples.len()];
    let (taken, bytes) = encode(samples, &mut buffer);
    assert_eq!(taken, samples.len());
    bytes.len()
}

/// As a CPU gives them: noise of so many bits above `least`, and one in a hundred hit by an interrupt.
fn noisy(least: u64, bits: u32, count: usize) -> Vec<u64> {
    let mut state = 0x1998_u64;
    let mut random = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let sample = |_| least + random() % (1 << bits) + if random() % 100 == 0 { 200_000 } else { 0 };
    (0..count).map(sample).collect()
}

#[test]
fn a_sample_takes_as_many_bits_as_the_noise_has() {
    let hundredths = |bits, least| bytes_of(&noisy(least, bits, 63_000)) as u32 / 630;
    for least in [0, 500, 400_000, 3_000_000_000] {
        for bits in [4, 9, 15, 21] {
            let (said, ideal) = (hundredths(bits, least), 100 * bits / 8);
            assert!(said < ideal + 23, "{bits} bits above {least}: {said} hundredths of a byte");
        }
    }
}

#[test]
fn a_hundred_thousand_equal_samples_take_a_handful_of_bytes() {
    let mut buffer = [0; 20];
    let (taken, bytes) = encode(&vec![125_u32; 100_000], &mut buffer);
    assert_eq!((taken, bytes.len()), (100_000, 8));
    assert_eq!(decode(bytes).count(), 100_000);
}

#[test]
fn a_run_within_other_samples_is_told_as_a_run() {
    let mut samples = noisy(1000, 6, 20);
    let without = bytes_of(&samples);
    samples.splice(10..10, vec![50_000; 10_000]);
    assert!(bytes_of(&samples) < without + 16);
    assert_eq!(through(&samples, 100), samples);
}

#[test]
fn a_buffer_too_small_for_a_sample_takes_none() {
    assert_eq!(encode(&[u64::MAX], &mut [0; 10]), (0, &[][..]));
}

#[test]
fn a_record_reads_as_the_format_says() {
    // Three times 7; then 2, 4, 3 and 2 + 3 + 300 in two bits each.
    let record = [3 << 1, 7, 4 << 1 | 1, 2, 2, 0b11_01_10_00, 0xAC, 0x02];
    let samples: Vec<_> = decode(&record).map(|sample| sample.expect("well formed")).collect();
    assert_eq!(samples, [7, 7, 7, 2, 4, 3, 305]);
}

#[test]
fn decoding_ends_after_an_error() {
    let mut samples = decode(&[1 << 1, 1, 0x80]);
    assert_eq!(samples.next(), Some(Ok(1)));
    assert!(matches!(samples.next(), Some(Err(_))));
    assert_eq!(samples.next(), None);
}

#[test]
fn a_group_out_of_range_is_refused() {
    let run = |count: usize| {
        [(count << 1) as u8 | 0x80, (count >> 6) as u8 | 0x80, (count >> 13) as u8, 9]
    };
    assert!(decode(&run(MAX_RUN)).all(|sample| sample == Ok(9)));
    let wide = [1 << 1 | 1, 0, 57, 0, 0, 0, 0, 0, 0, 0, 0];
    let huge = [&[1 << 1 | 1][..], &[0xFF; 9], &[1, 1, 1, 0]].concat();
    for bad in [&run(MAX_RUN + 1)[..], &[0], &[1, 0, 0], &wide, &huge] {
        assert!(decode(bad).next().is_some_and(|first| first.is_err()), "{bad:x?}");
    }
}

proptest! {
    #[test]
    fn samples_survive(
        runs in prop::collection::vec(
            (prop_oneof![0..4_u64, 0..100_000_u64, any::<u64>()], prop_oneof![Just(1_usize), 1..40_usize]),
            0..300,
        ),
        room in 11..400_usize,
    ) {
        let samples: Vec<u64> =
            runs.iter().flat_map(|&(value, count)| std::iter::repeat_n(value, count)).collect();
        prop_assert_eq!(through(&samples, room), samples);
    }

    #[test]
    fn hostile_bytes_neither_panic_nor_run_on(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        prop_assert!(decode(&bytes).count() <= bytes.len() * MAX_RUN.max(PACK));
    }
}
