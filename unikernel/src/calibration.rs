//! A frequency from several measurements against a second clock.

/// The TSC's frequency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calibration {
    /// Median frequency in Hz.
    pub hz: u64,
    /// Distance between the highest and the lowest measurement, in millionths of the median.
    pub spread_ppm: u64,
}

impl Calibration {
    /// Sums up measurements in Hz, which it sorts; `None` if there are none.
    pub fn of(measurements: &mut [u64]) -> Option<Self> {
        measurements.sort_unstable();
        let hz = *measurements.get(measurements.len() / 2)?;
        let spread = measurements.last()? - measurements.first()?;
        let ppm = u128::from(spread) * 1_000_000 / u128::from(hz.max(1));
        Some(Self { hz, spread_ppm: u64::try_from(ppm).unwrap_or(u64::MAX) })
    }
}

/// The frequency, in Hz, of a clock that made `ticks` while another of `other_hz` made
/// `other_ticks`.
pub fn frequency(ticks: u64, other_ticks: u64, other_hz: u64) -> u64 {
    let hz = u128::from(ticks) * u128::from(other_hz) / u128::from(other_ticks.max(1));
    u64::try_from(hz).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outlier_shows_in_the_spread_and_not_in_the_median() {
        let calibration = Calibration::of(&mut [3_000, 2_999, 6_000, 3_001, 3_000]);
        assert_eq!(calibration, Some(Calibration { hz: 3_000, spread_ppm: 1_000_333 }));
    }

    #[test]
    fn no_measurement_is_no_calibration() {
        assert_eq!(Calibration::of(&mut []), None);
    }

    #[test]
    fn a_hundredth_of_a_second_of_a_3_ghz_clock() {
        assert_eq!(frequency(30_000_000, 11_932, 1_193_182), 2_999_954_743);
    }
}
