//! What a machine counts beside its clock.

/// Something that a machine may count. What it does not have, or does not let us see, is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineCounter {
    /// Instructions retired.
    Instructions,
    /// Core cycles while not halted.
    CoreCycles,
    /// Cycles of the reference clock while not halted.
    ReferenceCycles,
    /// Misses of the last-level cache.
    LastLevelMisses,
    /// System management interrupts.
    Smi,
    /// Actual performance: cycles at the CPU's real frequency.
    Aperf,
    /// Maximum performance: cycles at its nominal frequency.
    Mperf,
    /// Readings at which the CPU had been, or was, throttled by heat since the reading before.
    ThermalEvents,
    /// Bytes given to the serial line while something was timed. It must be 0.
    LineBytesWhileTimed,
}

impl MachineCounter {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Instructions,
        Self::CoreCycles,
        Self::ReferenceCycles,
        Self::LastLevelMisses,
        Self::Smi,
        Self::Aperf,
        Self::Mperf,
        Self::ThermalEvents,
        Self::LineBytesWhileTimed,
    ];

    /// The name in results, which is a contract.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Instructions => "hw_instructions",
            Self::CoreCycles => "hw_core_cycles",
            Self::ReferenceCycles => "hw_ref_cycles",
            Self::LastLevelMisses => "hw_llc_misses",
            Self::Smi => "smi",
            Self::Aperf => "aperf",
            Self::Mperf => "mperf",
            Self::ThermalEvents => "thermal_events",
            Self::LineBytesWhileTimed => "line_bytes_while_timed",
        }
    }
}

/// A counter's value, which goes on from 0 after `bits` ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterReading {
    /// The value.
    pub value: u64,
    /// Bits of the counter, at most 64.
    pub bits: u32,
}

impl CounterReading {
    /// What was counted from `earlier` to `self`, if it was less than the counter holds.
    const fn since(self, earlier: Self) -> u64 {
        let unused = 64 - self.bits;
        self.value.wrapping_sub(earlier.value) << unused >> unused
    }
}

/// A reading of every counter that the machine has; only differences mean anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MachineCounters([Option<CounterReading>; MachineCounter::COUNT]);

impl MachineCounters {
    /// Takes a reading down; `None` is absent.
    pub fn set(&mut self, counter: MachineCounter, reading: Option<CounterReading>) {
        self.0[counter as usize] = reading;
    }

    /// What each counter counted from `earlier` to `self`.
    pub fn since(self, earlier: Self) -> impl Iterator<Item = (MachineCounter, u64)> {
        let readings = self.0.into_iter().zip(earlier.0);
        MachineCounter::ALL
            .into_iter()
            .zip(readings)
            .filter_map(|(counter, (now, then))| Some((counter, now?.since(then?))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(value: u64, bits: u32) -> MachineCounters {
        let mut counters = MachineCounters::default();
        counters.set(MachineCounter::CoreCycles, Some(CounterReading { value, bits }));
        counters
    }

    #[test]
    fn a_counter_that_is_not_there_is_absent_and_not_zero() {
        let counted: Vec<_> = reading(7, 64).since(reading(5, 64)).collect();
        assert_eq!(counted, [(MachineCounter::CoreCycles, 2)]);
        assert_eq!(reading(7, 64).since(MachineCounters::default()).count(), 0);
    }

    #[test]
    fn a_counter_may_begin_anew_in_between() {
        for bits in [32, 48, 64] {
            let last = u64::MAX >> (64 - bits);
            let counted: Vec<_> = reading(4, bits).since(reading(last, bits)).collect();
            assert_eq!(counted, [(MachineCounter::CoreCycles, 5)]);
        }
    }

    #[test]
    fn a_counter_is_found_at_its_own_place() {
        for (place, counter) in MachineCounter::ALL.into_iter().enumerate() {
            assert_eq!(counter as usize, place);
        }
    }
}
