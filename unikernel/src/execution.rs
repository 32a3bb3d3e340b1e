//! Decides what a tick of the TSC stands for, by measurement.
//!
//! Chains of dependent instructions whose natural latencies differ (add 1 cycle, imul 3, div more)
//! all take the same time only where time *is* the number of instructions: QEMU's icount and Bochs.
//! Otherwise the hypervisor's signature, the chain's cost and the cost of a CR3 load decide
//! together: a binary translator runs the chain as fast as a CPU does, but pays microseconds for
//! dropping its translations; an interpreter pays for everything.

/// Instructions in each chain.
pub const CHAIN_LENGTH: u64 = 1000;

/// No CPU spends more TSC ticks on a dependent register add.
const NATIVE_ADD_TICKS: u64 = 8;

/// No CPU spends more TSC ticks on a CR3 load that does not leave the guest.
const NATIVE_CR3_TICKS: u64 = 2000;

/// Shortest and longest of several runs of the same code, in TSC ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The shortest run.
    pub least: u64,
    /// The longest run.
    pub most: u64,
}

impl Timing {
    /// The timing of a series of runs; an empty series took no time.
    pub fn of(runs: impl Iterator<Item = u64> + Clone) -> Self {
        Self { least: runs.clone().min().unwrap_or(0), most: runs.max().unwrap_or(0) }
    }

    const fn is_constant(self) -> bool {
        self.least == self.most
    }
}

/// What CPUID leaf `0x4000_0000` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hypervisor {
    /// There is no such leaf.
    Absent,
    /// QEMU's binary translator.
    Tcg,
    /// Anything else.
    Other,
}

/// All that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Who claims to be below.
    pub hypervisor: Hypervisor,
    /// A chain of no instruction: call, return and stopwatch.
    pub empty: Timing,
    /// [`CHAIN_LENGTH`] dependent additions, and what `empty` holds.
    pub add: Timing,
    /// The same with multiplications.
    pub imul: Timing,
    /// The same with divisions.
    pub div: Timing,
    /// One CR3 load.
    pub cr3_load: Timing,
}

/// What a number measured on this machine may claim to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Execution {
    /// The CPU runs this code, nobody is below.
    BareMetal,
    /// The CPU runs this code in a virtual machine.
    Virtualized,
    /// Time is the number of instructions.
    Exact {
        /// TSC ticks that one instruction takes.
        ticks_per_instruction: u64,
    },
    /// Software plays the CPU; times mean nothing.
    Emulated,
}

impl Execution {
    /// The class by its name in the results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BareMetal => "bare-metal",
            Self::Virtualized => "virtualized",
            Self::Exact { .. } => "exact",
            Self::Emulated => "emulated",
        }
    }

    /// The unit of its numbers, by its name in the results.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::BareMetal | Self::Virtualized => "cycles",
            Self::Exact { .. } => "instructions",
            Self::Emulated => "ticks",
        }
    }

    /// TSC ticks in one unit.
    pub const fn ticks_per_unit(self) -> u64 {
        match self {
            Self::Exact { ticks_per_instruction } => ticks_per_instruction,
            Self::BareMetal | Self::Virtualized | Self::Emulated => 1,
        }
    }
}

impl Evidence {
    /// The class that the evidence supports.
    pub fn execution(&self) -> Execution {
        if let Some(ticks_per_instruction) = self.ticks_per_instruction() {
            return Execution::Exact { ticks_per_instruction };
        }
        if !self.looks_native() {
            return Execution::Emulated;
        }
        match self.hypervisor {
            Hypervisor::Absent => Execution::BareMetal,
            Hypervisor::Other => Execution::Virtualized,
            Hypervisor::Tcg => Execution::Emulated,
        }
    }

    /// Ticks an instruction takes, if every instruction takes the same.
    fn ticks_per_instruction(&self) -> Option<u64> {
        let chains = [self.add, self.imul, self.div];
        let constant = self.empty.is_constant() && chains.iter().all(|chain| chain.is_constant());
        let alike = chains.iter().all(|chain| chain.least == self.add.least);
        let ticks = self.add.least.checked_sub(self.empty.least)?;
        let whole = ticks > 0 && ticks.is_multiple_of(CHAIN_LENGTH);
        (constant && alike && whole).then_some(ticks / CHAIN_LENGTH)
    }

    /// Whether latencies and the cost of a CR3 load are those of silicon.
    fn looks_native(&self) -> bool {
        let chain = |timing: Timing| timing.least.saturating_sub(self.empty.least);
        let latencies_differ =
            chain(self.imul) >= 2 * chain(self.add) && chain(self.div) >= 2 * chain(self.add);
        let fast = chain(self.add) <= NATIVE_ADD_TICKS * CHAIN_LENGTH;
        latencies_differ && fast && self.cr3_load.least <= NATIVE_CR3_TICKS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn always(ticks: u64) -> Timing {
        Timing { least: ticks, most: ticks }
    }

    const fn noisy(least: u64) -> Timing {
        Timing { least, most: least + 5000 }
    }

    /// A 3 GHz CPU without anybody below.
    const SILICON: Evidence = Evidence {
        hypervisor: Hypervisor::Absent,
        empty: noisy(40),
        add: noisy(1040),
        imul: noisy(3040),
        div: noisy(10_040),
        cr3_load: noisy(250),
    };

    const fn counting(hypervisor: Hypervisor, ticks: u64) -> Evidence {
        Evidence {
            hypervisor,
            empty: always(12 * ticks),
            add: always(1012 * ticks),
            imul: always(1012 * ticks),
            div: always(1012 * ticks),
            cr3_load: always(2 * ticks),
        }
    }

    #[test]
    fn silicon_is_bare_metal_or_virtualized_as_the_hypervisor_leaf_says() {
        assert_eq!(SILICON.execution(), Execution::BareMetal);
        let guest = Evidence { hypervisor: Hypervisor::Other, ..SILICON };
        assert_eq!(guest.execution(), Execution::Virtualized);
    }

    #[test]
    fn icount_is_exact_at_every_shift() {
        for shift in 0..=10 {
            let execution = counting(Hypervisor::Tcg, 1 << shift).execution();
            assert_eq!(execution, Execution::Exact { ticks_per_instruction: 1 << shift });
            assert_eq!(execution.ticks_per_unit(), 1 << shift);
        }
    }

    #[test]
    fn a_counting_machine_without_a_hypervisor_leaf_is_exact_too() {
        let bochs = counting(Hypervisor::Absent, 1).execution();
        assert_eq!(bochs, Execution::Exact { ticks_per_instruction: 1 });
    }

    #[test]
    fn one_run_that_differs_rules_exactness_out() {
        for blurred in 0..4 {
            let mut evidence = counting(Hypervisor::Tcg, 128);
            let timings =
                [&mut evidence.empty, &mut evidence.add, &mut evidence.imul, &mut evidence.div];
            timings.into_iter().nth(blurred).expect("four timings").most += 128;
            assert_eq!(evidence.execution(), Execution::Emulated);
        }
    }

    #[test]
    fn a_translator_betrays_itself_by_its_cr3_load() {
        // TCG with `-cpu max,-hypervisor`: chains as fast as the host's, 2.5 us a CR3 load.
        let hidden = Evidence { cr3_load: noisy(7500), ..SILICON };
        assert_eq!(hidden.execution(), Execution::Emulated);
        let honest = Evidence { hypervisor: Hypervisor::Tcg, ..SILICON };
        assert_eq!(honest.execution(), Execution::Emulated);
    }

    #[test]
    fn an_interpreting_hypervisor_betrays_itself_by_its_chains() {
        let interpreted = Evidence {
            hypervisor: Hypervisor::Other,
            add: noisy(3_000_000),
            imul: noisy(3_000_000),
            div: noisy(3_100_000),
            ..SILICON
        };
        assert_eq!(interpreted.execution(), Execution::Emulated);
    }
}
