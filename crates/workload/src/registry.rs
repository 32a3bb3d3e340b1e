//! Every workload by its id.

use core::fmt;
use core::str::FromStr;

use crate::workloads::{calibration, evict_shared, fork_exec, fork_exit, fork_touch, prefork};
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
    /// Fork, exec, exit of one program after the other.
    ForkExec,
    /// Workers share a heap, serve requests and go.
    Prefork,
    /// Given frames of a shared heap are to be freed.
    EvictShared,
}

impl WorkloadId {
    /// Every workload.
    pub const ALL: [Self; 6] = [
        Self::Calibration,
        Self::ForkExit,
        Self::ForkTouch,
        Self::ForkExec,
        Self::Prefork,
        Self::EvictShared,
    ];

    /// The id as text.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calibration => "calibration",
            Self::ForkExit => "fork-exit",
            Self::ForkTouch => "fork-touch",
            Self::ForkExec => "fork-exec",
            Self::Prefork => "prefork",
            Self::EvictShared => "evict-shared",
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
            Self::ForkTouch => {
                "children that write to a share of the heap: hurts schemes that lose track of shared pages"
            }
            Self::ForkExec => {
                "a shell or a build that starts programs: hurts hints, which every fork takes away"
            }
            Self::Prefork => "a server and its workers: hurts hints, which only writes bring back",
            Self::EvictShared => {
                "a driver that wants given frames: hurts schemes that do not know every user of a shared page"
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
            Self::ForkExec => fork_exec::PARAMETERS,
            Self::Prefork => prefork::PARAMETERS,
            Self::EvictShared => evict_shared::PARAMETERS,
        }
    }

    /// The memory it needs.
    #[must_use]
    pub fn demand(self, parameters: &Parameters) -> Demand {
        match self {
            Self::Calibration => calibration::demand(parameters),
            Self::ForkExit => fork_exit::demand(parameters),
            Self::ForkTouch => fork_touch::demand(parameters),
            Self::ForkExec => fork_exec::demand(parameters),
            Self::Prefork => prefork::demand(parameters),
            Self::EvictShared => evict_shared::demand(parameters),
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
            Self::ForkExec => fork_exec::events(parameters).try_for_each(apply),
            Self::Prefork => prefork::events(parameters).try_for_each(apply),
            Self::EvictShared => evict_shared::events(parameters).try_for_each(apply),
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
