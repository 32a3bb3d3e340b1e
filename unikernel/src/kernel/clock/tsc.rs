//! The TSC's frequency: against the PIT, or as CPUID has it where firmware has switched the PIT off.

use heapless::Vec;
use raw_cpuid::CpuId;
use unikernel::calibration::{Calibration, frequency};

use super::pit;
use crate::kernel::machine::now;

/// About 10 ms: at 1 us a poll, 100 ppm.
const COUNT: u16 = 11_932;

const MEASUREMENTS: usize = 5;

/// From where a frequency is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Measured against the PIT.
    Pit,
    /// Said by the CPU or the hypervisor.
    Cpuid,
}

impl Source {
    /// As a fact's value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pit => "pit",
            Self::Cpuid => "cpuid",
        }
    }
}

/// The frequency, if there is any way to know it.
pub fn calibrate() -> Option<(Calibration, Source)> {
    let measured = measure().map(|calibration| (calibration, Source::Pit));
    measured.or_else(|| Some((Calibration::of(&mut [announced()?])?, Source::Cpuid)))
}

/// By leaf 0x15, or by the hypervisors' leaf 0x40000010. A frequency of 0 is none.
fn announced() -> Option<u64> {
    let cpuid = CpuId::new();
    let by_cpu = cpuid.get_tsc_info().and_then(|info| info.tsc_frequency());
    let by_hypervisor = || {
        let khz = cpuid.get_hypervisor_info()?.tsc_frequency()?;
        Some(u64::from(khz) * 1000)
    };
    by_cpu.or_else(by_hypervisor).filter(|&hz| hz > 0)
}

/// Measures several times; `None` where there is no PIT.
fn measure() -> Option<Calibration> {
    let mut measurements = Vec::<u64, MEASUREMENTS>::new();
    for _ in 0..MEASUREMENTS {
        let ticks = pit::time(COUNT, now).ok()?;
        let measured = measurements.push(frequency(ticks, COUNT.into(), pit::HZ));
        debug_assert!(measured.is_ok(), "as many places as measurements");
    }
    Calibration::of(&mut measurements)
}
