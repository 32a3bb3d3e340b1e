//! The loop over cells.

use core::num::NonZeroU64;

use rmap::SpaceId;
use vm::{Machine, ObjectId};
use wire::Record;
use workload::{Cell, Sample, Scratch, run_cell, schedule};

use crate::report::tell;
use crate::{Resolved, Sink};

/// Memory that cells work in, large enough for [`Resolved::demand`].
#[derive(Debug)]
pub struct Buffers<'a> {
    /// Room for the samples of one cell.
    pub samples: &'a mut [Sample],
    /// Room for the processes of one cell.
    pub processes: &'a mut [Option<SpaceId>],
    /// Room for the files and segments of one cell.
    pub objects: &'a mut [Option<ObjectId>],
    /// Room for [`Resolved::watched_frames`].
    pub last_use: &'a mut [u32],
}

/// Runs every cell of a plan on `machine`, in an order that the plan's seed decides, and tells
/// `sink`. Times are divided by `ticks_per_unit` of the machine's clock.
///
/// # Errors
/// The first error of `sink`.
pub fn run<S: Sink>(
    resolved: &Resolved,
    machine: &impl Machine,
    buffers: Buffers<'_>,
    ticks_per_unit: NonZeroU64,
    sink: &mut S,
) -> Result<(), S::Error> {
    let Buffers { samples, processes, objects, last_use } = buffers;
    let order = schedule(resolved.cell_count(), resolved.rounds, resolved.seed);
    for (number, scheduled) in (0..).zip(order) {
        let cell = resolved.cells().nth(scheduled.cell.into()).expect("a schedule names cells");
        announce(number, scheduled.round, &cell, sink)?;
        let scratch = Scratch {
            samples: &mut *samples,
            processes: &mut *processes,
            objects: &mut *objects,
            last_use: &mut *last_use,
        };
        let report = run_cell(&cell, machine, scratch);
        tell(number, &report, ticks_per_unit, sink)?;
        sink.cell_ended();
    }
    sink.record(&Record::RunFinished)
}

fn announce<S: Sink>(number: u32, round: u16, cell: &Cell, sink: &mut S) -> Result<(), S::Error> {
    let (scheme, workload) = (cell.scheme.name(), cell.workload.name());
    sink.record(&Record::CellStarted { cell: number, round, scheme, workload })?;
    for (name, value) in cell.parameters.iter() {
        sink.record(&Record::Parameter { cell: number, name, value })?;
    }
    sink.cell_begins(number);
    Ok(())
}
