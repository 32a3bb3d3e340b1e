//! How much memory a workload needs, known before it starts.

use rmap::SLOTS_PER_TABLE;
use vm::VmConfig;

use crate::Event;

/// The most that a workload has in use at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Pages of contents.
    pub pages: u64,
    /// Living processes.
    pub processes: u64,
    /// Pages that one process maps.
    pub pages_per_process: u64,
    /// Operations that are timed, over the whole run.
    pub samples: u64,
    /// Pages on the swap device.
    pub swap_slots: u64,
    /// Files and segments.
    pub objects: u64,
    /// Whether the last use of every page is remembered.
    pub watches_use: bool,
}

impl Demand {
    /// What an empty plan needs.
    pub const NOTHING: Self = Self {
        pages: 0,
        processes: 0,
        pages_per_process: 0,
        samples: 0,
        swap_slots: 0,
        objects: 0,
        watches_use: false,
    };

    /// Bytes that a frame's structure takes at most, whatever the scheme keeps there.
    const FRAME_INFO: u64 = 64;
    /// Root and two directories.
    const DIRECTORIES: u64 = 3;
    /// Pages of a scheme's own for each leaf table, at most.
    const COMPANIONS: u64 = 2;
    /// The arena is cut in these steps, the largest block of the allocator.
    const STEP: u64 = 1 << 10;

    /// Of events of which so many were timed, with so many frames and slots in use at most between two of
    /// them. The arena has slack for what is in use within one. There are an eighth more slots and samples:
    /// who goes under memory pressure, and so how many faults follow, depends on the size of the arena.
    pub(crate) const fn found(
        frames: u64,
        swap_slots: u64,
        samples: u64,
        [processes, objects]: [u64; 2],
    ) -> Self {
        let swap_slots = swap_slots + swap_slots.div_ceil(8);
        let samples = samples + samples / 8;
        let demand = Self { processes, samples, swap_slots, objects, ..Self::NOTHING };
        // Tables and the like are among the frames and would be counted twice.
        Self { pages: frames.saturating_sub(demand.kept()), ..demand }
    }

    /// Of the processes and files alone that `events` give numbers to, from 0 to the highest.
    #[must_use]
    pub fn numbers(events: impl Iterator<Item = Event>) -> Self {
        events.fold(Self::NOTHING, |demand, event| match event {
            Event::Spawn { process } | Event::Fork { child: process, .. } => {
                Self { processes: larger(demand.processes, u64::from(process.0) + 1), ..demand }
            }
            Event::CreateObject { object, .. } => {
                Self { objects: larger(demand.objects, u64::from(object.0) + 1), ..demand }
            }
            _ => demand,
        })
    }

    /// Frames that an arena must have for it, in steps of 4 MiB. The same on every machine and by
    /// every boot route, because the size of the arena decides which frames are handed out.
    #[must_use]
    pub const fn arena_frames(self) -> u64 {
        let swap = self.vm_config().swap_frames() as u64;
        let used = self.pages + self.kept() + swap;
        let with_table = used + (used * Self::FRAME_INFO).div_ceil(4096 - Self::FRAME_INFO);
        // An eighth of slack for slabs and for blocks that do not fit.
        (with_table + with_table / 8).next_multiple_of(Self::STEP)
    }

    /// Frames for what is kept of processes and objects.
    const fn kept(self) -> u64 {
        let leaf_tables = self.pages_per_process.div_ceil(SLOTS_PER_TABLE as u64) + 1;
        let tables = Self::DIRECTORIES + leaf_tables * (1 + Self::COMPANIONS);
        self.processes * (tables + 1) + self.objects * 2
    }

    /// The VM that it runs on.
    #[must_use]
    pub const fn vm_config(self) -> VmConfig {
        VmConfig { swap_slots: self.swap_slots as u32, memory: None }
    }

    /// What both need when they run one after the other.
    #[must_use]
    pub const fn max(self, other: Self) -> Self {
        Self {
            pages: larger(self.pages, other.pages),
            processes: larger(self.processes, other.processes),
            pages_per_process: larger(self.pages_per_process, other.pages_per_process),
            samples: larger(self.samples, other.samples),
            swap_slots: larger(self.swap_slots, other.swap_slots),
            objects: larger(self.objects, other.objects),
            watches_use: self.watches_use || other.watches_use,
        }
    }
}

const fn larger(a: u64, b: u64) -> u64 {
    if a > b { a } else { b }
}
