//! The TSC: how fast it runs, and what its ticks stand for.

mod chains;
pub mod pit;
mod tsc;

use unikernel::calibration::Calibration;
use unikernel::execution::{Evidence, Execution};
use wire::Value;

use tsc::Source;

use super::cpu::features::Features;
use super::facts::Facts;

/// All that is known about the TSC.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    calibration: Option<(Calibration, Source)>,
    invariant: bool,
    evidence: Evidence,
    execution: Execution,
}

impl Clock {
    /// Measures; takes about a tenth of a second.
    pub fn measure(features: Features) -> Self {
        let evidence = chains::measure(features.hypervisor);
        Self {
            calibration: tsc::calibrate(),
            invariant: features.invariant_tsc,
            evidence,
            execution: evidence.execution(),
        }
    }

    /// What a tick stands for.
    pub const fn execution(&self) -> Execution {
        self.execution
    }

    /// The TSC's frequency, if it could be measured.
    pub fn tsc_hz(&self) -> Option<u64> {
        self.calibration.map(|(known, _)| known.hz).filter(|&hz| hz > 0)
    }

    /// Adds what is known. An unknown frequency is reported as 0.
    pub fn report(&self, facts: &mut Facts<'_>) {
        facts.add("execution", Value::Text(self.execution.name()));
        facts.add("unit", Value::Text(self.execution.unit()));
        facts.add("ticks_per_unit", Value::Number(self.execution.ticks_per_unit()));
        let (spread, source) = self
            .calibration
            .map_or((0, "none"), |(known, source)| (known.spread_ppm, source.name()));
        facts.add("tsc_hz", Value::Number(self.tsc_hz().unwrap_or_default()));
        facts.add("tsc.source", Value::Text(source));
        facts.add("tsc.spread_ppm", Value::Number(spread));
        facts.add("tsc.invariant", Value::Flag(self.invariant));
        for (name, timing) in [
            ("class.empty", self.evidence.empty),
            ("class.add", self.evidence.add),
            ("class.imul", self.evidence.imul),
            ("class.div", self.evidence.div),
            ("class.cr3_load", self.evidence.cr3_load),
        ] {
            facts.add(name, Value::Number(timing.least));
        }
    }
}
