//! A plan's cells, once each, on the modelled machine: how long each takes beside the others.

use std::num::NonZeroU64;
use std::time::Duration;

use model::Model;
use nix::time::{ClockId, clock_gettime};
use runner::Resolved;
use workload::{Sample, Scratch, run_cell};

use super::memory::{available_mib, needed_mib};
use crate::expectation::{CellKey, Expectation};

/// Rehearses one round; nothing, if it would take most of this host's memory.
#[must_use]
pub fn rehearse(resolved: &Resolved<'_>) -> Option<Expectation> {
    if needed_mib(resolved) > available_mib() / 2 {
        return None;
    }
    let machine = Model::new(u32::try_from(resolved.arena_frames()).ok()?);
    let sizes = resolved.scratch();
    let mut scratch = Scratch {
        samples: &mut vec![Sample::default(); sizes.samples],
        counts: &mut vec![0; sizes.counts],
        processes: &mut vec![None; sizes.processes],
        objects: &mut vec![None; sizes.objects],
        last_use: &mut vec![0; sizes.last_use],
    };
    let mut expectation = Expectation::default();
    for cell in resolved.cells() {
        let start = cpu_time();
        // What is wrong with a cell shows when it counts.
        let _ = run_cell(&cell, &machine, NonZeroU64::MIN, scratch.reborrow());
        expectation.add(CellKey::planned(&cell), cpu_time().saturating_sub(start));
    }
    Some(expectation)
}

/// What this thread has had of a CPU: other programs do not disturb it.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}
