//! Every workload by its id.

use core::fmt;
use core::str::FromStr;

use crate::workloads::{aging, calibration, fork_exit, fork_touch, fragment_compact};
use crate::{Demand, Event, ParameterSpec, Parameters};

/// A workload's id on the command line and in results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkloadId {
    /// What the machine's primitives cost.
    Calibration,
    /// Fork, look, exit, again and again.
    ForkExit,
    /// Fork, write to a part of what is shared, exit.
    ForkTouch,
    /// Blocks of memory in one piece, out of memory in pieces.
    FragmentCompact,
    /// Which pages memory pressure picks.
    Aging,
}

impl WorkloadId {
    /// Every workload.
    pub const ALL: [Self; 5] =
        [Self::Calibration, Self::ForkExit, Self::ForkTouch, Self::FragmentCompact, Self::Aging];

    /// The id as text.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calibration => "calibration",
            Self::ForkExit => "fork-exit",
            Self::ForkTouch => "fork-touch",
            Self::FragmentCompact => "fragment-compact",
            Self::Aging => "aging",
        }
    }

    /// One line for `list workloads`: what it imitates and whom it hurts.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Calibration => {
                "flushes, page copy, the least any fork must do, and every operation of the VM, each by itself"
            }
            Self::ForkExit => {
                "a shell's fork and exit: hurts schemes that pay for each PTE at fork"
            }
            Self::FragmentCompact => {
                "blocks in one piece out of memory in pieces: hurts schemes that cannot move shared pages"
            }
            Self::Aging => {
                "pages that memory pressure picks against the least recently used: hurts schemes that look at one table at a time"
            }
            Self::ForkTouch => {
                "children that write to a share of the heap: hurts schemes that lose track of shared pages"
            }
        }
    }

    /// Its parameters.
    #[must_use]
    pub const fn parameters(self) -> &'static [ParameterSpec] {
        match self {
            Self::Calibration => calibration::PARAMETERS,
            Self::ForkExit => fork_exit::PARAMETERS,
            Self::ForkTouch => fork_touch::PARAMETERS,
            Self::FragmentCompact => fragment_compact::PARAMETERS,
            Self::Aging => aging::PARAMETERS,
        }
    }

    /// The memory it needs.
    #[must_use]
    pub fn demand(self, parameters: &Parameters) -> Demand {
        match self {
            Self::Calibration => calibration::demand(parameters),
            Self::ForkExit => fork_exit::demand(parameters),
            Self::ForkTouch => fork_touch::demand(parameters),
            Self::FragmentCompact => fragment_compact::demand(parameters),
            Self::Aging => aging::demand(parameters),
        }
    }

    /// Generates its events in order, until `apply` fails.
    ///
    /// # Errors
    /// The first error of `apply`.
    pub fn for_each_event<E>(
        self,
        parameters: &Parameters,
        apply: impl FnMut(Event) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Calibration => calibration::events(parameters).try_for_each(apply),
            Self::ForkExit => fork_exit::events(parameters).try_for_each(apply),
            Self::ForkTouch => fork_touch::events(parameters).try_for_each(apply),
            Self::FragmentCompact => fragment_compact::events(parameters).try_for_each(apply),
            Self::Aging => aging::events(parameters).try_for_each(apply),
        }
    }
}

/// No workload has this id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownWorkload;

impl FromStr for WorkloadId {
    type Err = UnknownWorkload;

    fn from_str(name: &str) -> Result<Self, UnknownWorkload> {
        Self::ALL.into_iter().find(|id| id.name() == name).ok_or(UnknownWorkload)
    }
}

impl fmt::Display for WorkloadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
