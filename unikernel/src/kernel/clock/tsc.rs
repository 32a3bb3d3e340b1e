//! The TSC's frequency, against the PIT.

use heapless::Vec;
use unikernel::calibration::{Calibration, frequency};

use super::pit;
use crate::kernel::machine::now;

/// About 10 ms: at 1 us a poll, 100 ppm.
const COUNT: u16 = 11_932;

const MEASUREMENTS: usize = 5;

/// Measures several times; `None` where there is no PIT.
pub fn calibrate() -> Option<Calibration> {
    let mut measurements = Vec::<u64, MEASUREMENTS>::new();
    for _ in 0..MEASUREMENTS {
        let ticks = pit::time(COUNT, now).ok()?;
        let measured = measurements.push(frequency(ticks, COUNT.into(), pit::HZ));
        debug_assert!(measured.is_ok(), "as many places as measurements");
    }
    Calibration::of(&mut measurements)
}
