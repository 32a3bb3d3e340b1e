//! Every workload by its id.

use core::fmt;
use core::str::FromStr;

use crate::workloads::{
    aging, calibration, chain, evict_shared, fan_out, fork_exec, fork_exit, fork_server,
    fork_touch, fragment_compact, make, mass_exit, mprotect_shatter, mremap_arena, poison_sweep,
    prefork, reclaim, rolling_snapshot, shell, shm_database, snapshot, sparse_survivors, windows,
    zygote,
};
use crate::{Demand, Event, ParameterSpec, Parameters};

/// Makes the ids of workloads, each with its file's module, its name, and what it imitates and hurts.
macro_rules! workloads {
    ($($(#[$doc:meta])* $id:ident, $file:ident, $name:literal, $summary:literal;)*) => {
        /// A workload's id on the command line and in results.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum WorkloadId {
            $($(#[$doc])* $id,)*
        }

        impl WorkloadId {
            /// Every workload.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$id),*];

            /// The id as text.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$id => $name,)*
                }
            }

            /// One line for `list workloads`: what it imitates and whom it hurts.
            #[must_use]
            pub const fn summary(self) -> &'static str {
                match self {
                    $(Self::$id => $summary,)*
                }
            }

            /// Its parameters.
            #[must_use]
            pub const fn parameters(self) -> &'static [ParameterSpec] {
                match self {
                    $(Self::$id => $file::PARAMETERS,)*
                }
            }

            /// The memory it needs.
            #[must_use]
            pub fn demand(self, parameters: &Parameters) -> Demand {
                match self {
                    $(Self::$id => $file::demand(parameters),)*
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
                    $(Self::$id => $file::events(parameters).try_for_each(apply),)*
                }
            }
        }
    };
}

workloads! {
    /// What the machine's primitives cost.
    Calibration, calibration, "calibration",
    "flushes, page copy, the least any fork must do, and every operation of the VM, each by itself";
    /// Fork, look, exit, again and again.
    ForkExit, fork_exit, "fork-exit",
    "a shell's fork and exit: hurts schemes that pay for each PTE at fork";
    /// Fork, write to a part of what is shared, exit.
    ForkTouch, fork_touch, "fork-touch",
    "children that write to a share of the heap: hurts schemes that lose track of shared pages";
    /// Fork, exec, exit of one program after the other.
    ForkExec, fork_exec, "fork-exec",
    "a shell or a build that starts programs: hurts hints, which every fork takes away";
    /// Workers share a heap, serve requests and go.
    Prefork, prefork, "prefork",
    "a server and its workers: hurts hints, which only writes bring back";
    /// Given frames of a shared heap are to be freed.
    EvictShared, evict_shared, "evict-shared",
    "a driver that wants given frames: hurts schemes that do not know every user of a shared page";
    /// Processes attach one segment.
    ShmDatabase, shm_database, "shm-database",
    "a database's servers and their segment: hurts schemes that look at every attach";
    /// One VMA becomes thousands, and one again.
    MprotectShatter, mprotect_shatter, "mprotect-shatter",
    "a collector that write-protects pieces of its heap: hurts schemes that keep or name VMAs";
    /// A shared range is moved in every child.
    MremapArena, mremap_arena, "mremap-arena",
    "an allocator that moves its arena: hurts schemes that know a page by its address";
    /// Which pages memory pressure picks.
    Aging, aging, "aging",
    "pages that memory pressure picks against the least recently used: hurts schemes that look at one table at a time";
    /// Blocks of memory in one piece, out of memory in pieces.
    FragmentCompact, fragment_compact, "fragment-compact",
    "blocks in one piece out of memory in pieces: hurts schemes that cannot move shared pages";
    /// Memory errors hit frames, shared and not.
    PoisonSweep, poison_sweep, "poison-sweep",
    "broken memory: hurts schemes that cannot tell every user of a page";
    /// A shell's short pipelines.
    Shell, shell, "shell",
    "short pipelines of small programs: hurts hints, and schemes that pay for each PTE at fork and exec";
    /// A build, by shells that start compilers.
    Make, make, "make",
    "a build of many short-lived children: hurts hints, and schemes that pay for each PTE at fork";
    /// A child reads the heap as it was, while the parent goes on.
    Snapshot, snapshot, "snapshot",
    "a store that forks to save itself: hurts hints, and schemes that pay for each PTE at fork";
    /// Many snapshots at once, of which the oldest goes when the next comes.
    RollingSnapshot, rolling_snapshot, "rolling-snapshot",
    "many snapshots alive at once: hurts schemes that look at every child to find the few that have a page";
    /// Apps are forks of one process that has all they need.
    Zygote, zygote, "zygote",
    "apps forked from one warm process, Android's way: hurts hints, and schemes that search among all who share";
    /// A child for each input, thousands of times.
    ForkServer, fork_server, "fork-server",
    "a fuzzer that forks for each input: hurts schemes that keep something for each process or area";
    /// Each process forks the next and exits.
    Chain, chain, "chain",
    "generation after generation, of which one is alive: hurts schemes that remember ancestors";
    /// Few keep what many inherited.
    SparseSurvivors, sparse_survivors, "sparse-survivors",
    "pages that few of many heirs still have: hurts schemes that know who could have a page, not who has it";
    /// Children exit one after the other.
    MassExit, mass_exit, "mass-exit",
    "a family that exits, newest or oldest first: hurts schemes that search for what they take away";
    /// A file is mapped in thousands of pieces.
    Windows, windows, "windows",
    "a file mapped in thousands of pieces: hurts schemes that look at every area of a file";
    /// A family that is larger than its memory.
    Reclaim, reclaim, "reclaim",
    "a family larger than its memory: hurts schemes that search long for users, or know too few";
    /// One frame at many addresses.
    FanOut, fan_out, "fan-out",
    "everything that can be done to one frame at many addresses: hurts schemes that look at more than those";
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
