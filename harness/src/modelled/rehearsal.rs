//! A plan's cells, once each, on the modelled machine: how long each takes beside the others.

use std::num::NonZeroU64;
use std::time::Duration;

use model::Model;
use nix::time::{ClockId, clock_gettime};
use runner::Resolved;
use workload::run_cell;

use super::CellMemory;
use super::memory::{available_mib, needed_mib};
use crate::error::Error;
use crate::expectation::Expectation;
use crate::interrupt;
use crate::results::title_of;

/// Rehearses one round; nothing, if it would take most of this host's memory.
///
/// # Errors
/// Ctrl-C.
pub fn rehearse(resolved: &Resolved<'_>) -> Result<Option<Expectation>, Error> {
    let frames = u32::try_from(resolved.arena_frames());
    let (Ok(frames), true) = (frames, needed_mib(resolved) <= available_mib() / 2) else {
        return Ok(None);
    };
    let machine = Model::new(frames);
    let mut memory = CellMemory::new(resolved.scratch());
    let mut expectation = Expectation::default();
    for cell in resolved.cells() {
        if interrupt::requested() {
            return Err(Error::Interrupted);
        }
        let start = cpu_time();
        // What is wrong with a cell shows when it counts.
        let _ = run_cell(&cell, &machine, NonZeroU64::MIN, memory.scratch());
        expectation.add(title_of(&cell), cpu_time().saturating_sub(start));
    }
    Ok(Some(expectation))
}

/// What this thread has had of a CPU: other programs do not disturb it.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}
