//! What a guest has to know of a trace: found by replaying it on the modelled machine, which also shows
//! that it can be replayed at all.

use std::collections::BTreeSet;

use model::Model;
use rmap::SchemeId;
use runner::ScratchSizes;
use vm::WhenIncomplete;
use workload::{COUNTS, Demand, find_demand};

use super::TraceFile;
use crate::error::Error;
use crate::interrupt;
use crate::modelled::{CellMemory, available_mib};

/// Frames of the first machine that is tried: 64 MiB.
const LEAST_FRAMES: u32 = 1 << 14;

/// Frames of the largest, which every scheme can serve: 16 GiB.
const MOST_FRAMES: u32 = 1 << 22;

/// A machine that is too small is followed by one so many times larger.
const GROWTH: u32 = 4;

const FRAMES_PER_MIB: u64 = 256;

/// The most that `trace` needs under any of `schemes`.
pub fn needs(
    trace: &TraceFile,
    schemes: &BTreeSet<SchemeId>,
    when_incomplete: WhenIncomplete,
) -> Result<Demand, Error> {
    let most = (available_mib() / 2).saturating_mul(FRAMES_PER_MIB).min(MOST_FRAMES.into());
    let sizes = std::iter::successors(Some(LEAST_FRAMES), |frames| frames.checked_mul(GROWTH));
    for frames in sizes.take_while(|frames| u64::from(*frames) <= most) {
        if let Some(demand) = needs_within(frames, trace, schemes, when_incomplete)? {
            return Ok(demand);
        }
    }
    Err(Error::TraceTooLarge { path: trace.path.clone(), most_mib: most / FRAMES_PER_MIB })
}

/// The same, if a machine of so many frames has plenty.
fn needs_within(
    frames: u32,
    trace: &TraceFile,
    schemes: &BTreeSet<SchemeId>,
    when_incomplete: WhenIncomplete,
) -> Result<Option<Demand>, Error> {
    let numbers = Demand::numbers(trace.events());
    let machine = Model::new(frames);
    let mut memory = CellMemory::new(ScratchSizes {
        samples: 0,
        counts: COUNTS,
        processes: numbers.processes as usize,
        objects: numbers.objects as usize,
        last_use: 0,
    });
    let mut all = numbers;
    for &scheme in schemes {
        if interrupt::requested() {
            return Err(Error::Interrupted);
        }
        let events = trace.events();
        match find_demand(scheme, when_incomplete, events, &machine, memory.scratch()) {
            Ok(demand) => all = all.max(demand),
            // All that an event of a trace can end a replay with is that memory ran out.
            Err(_) => return Ok(None),
        }
    }
    Ok(Some(all))
}
