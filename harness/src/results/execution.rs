//! What a number may claim.

use serde::Serialize;

use super::Run;

/// How the guest was executed, by the guest's own measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Execution {
    /// The CPU runs the guest, nobody is below.
    BareMetal,
    /// The CPU runs the guest in a virtual machine.
    Virtualized,
    /// Time is the number of instructions.
    Exact,
    /// Software plays the CPU.
    Emulated,
    /// The same code in a Linux process.
    Model,
}

/// What samples are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// TSC reference cycles.
    Cycles,
    /// Instructions.
    Instructions,
    /// Ticks of a clock that claims nothing.
    Ticks,
}

impl Execution {
    /// What the guest measured, if that has arrived.
    pub fn of(run: &Run) -> Option<Self> {
        Self::named(run.text("execution")?)
    }

    /// The class of that name.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::BareMetal, Self::Virtualized, Self::Exact, Self::Emulated, Self::Model];
        all.into_iter().find(|class| class.name() == name)
    }

    /// The unit of its samples.
    pub fn unit(self) -> Unit {
        match self {
            Self::BareMetal | Self::Virtualized => Unit::Cycles,
            Self::Exact => Unit::Instructions,
            Self::Emulated | Self::Model => Unit::Ticks,
        }
    }

    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::BareMetal => "bare-metal",
            Self::Virtualized => "virtualized",
            Self::Exact => "exact",
            Self::Emulated => "emulated",
            Self::Model => "model",
        }
    }

    /// What its numbers are good for, in one sentence.
    pub fn claim(self) -> &'static str {
        match self {
            Self::BareMetal => "TSC reference cycles of a CPU with nobody below.",
            Self::Virtualized => {
                "TSC reference cycles in a virtual machine, where nested paging makes every TLB miss dearer."
            }
            Self::Exact => "Instructions, the same in every run; they say nothing of caches.",
            Self::Emulated => "Ticks of an emulator: good for function, not for figures.",
            Self::Model => {
                "One tick is 1 ns of this host's clock, in a Linux process: data structures on real caches; flushes are counted and not timed."
            }
        }
    }
}

impl Unit {
    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cycles => "cycles",
            Self::Instructions => "instructions",
            Self::Ticks => "ticks",
        }
    }

    /// As it stands beside a number.
    pub fn short(self) -> &'static str {
        match self {
            Self::Cycles => "cyc",
            Self::Instructions => "instr",
            Self::Ticks => "ticks",
        }
    }
}
