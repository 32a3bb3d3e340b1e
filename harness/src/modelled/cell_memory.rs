//! The memory of cells, from the host's allocator.

use rmap::SpaceId;
use runner::ScratchSizes;
use vm::ObjectId;
use workload::{Sample, Scratch};

/// As much as one cell after the other works in.
#[derive(Debug)]
pub struct CellMemory {
    samples: Vec<Sample>,
    counts: Vec<u32>,
    processes: Vec<Option<SpaceId>>,
    objects: Vec<Option<ObjectId>>,
    last_use: Vec<u32>,
}

impl CellMemory {
    /// Memory of these sizes.
    #[must_use]
    pub fn new(sizes: ScratchSizes) -> Self {
        Self {
            samples: vec![Sample::default(); sizes.samples],
            counts: vec![0; sizes.counts],
            processes: vec![None; sizes.processes],
            objects: vec![None; sizes.objects],
            last_use: vec![0; sizes.last_use],
        }
    }

    /// For the next cell, or all of them.
    pub fn scratch(&mut self) -> Scratch<'_> {
        Scratch {
            samples: &mut self.samples,
            counts: &mut self.counts,
            processes: &mut self.processes,
            objects: &mut self.objects,
            last_use: &mut self.last_use,
        }
    }
}
