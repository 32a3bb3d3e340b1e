//! The loop over cells.

use core::num::NonZeroU64;

use vm::{FRAME_BYTES, Machine};
use wire::Record;
use workload::{Cell, Scratch, run_cell, schedule};

use crate::report::tell;
use crate::{Resolved, Sink};

/// Runs every cell of a plan on `machine`, in an order that the plan's seed decides, and tells
/// `sink`. `scratch` has room for [`Resolved::scratch`]. Times are divided by `ticks_per_unit` of the
/// machine's clock.
///
/// # Errors
/// The first error of `sink`.
pub fn run<S: Sink>(
    resolved: &Resolved<'_>,
    machine: &impl Machine,
    mut scratch: Scratch<'_>,
    ticks_per_unit: NonZeroU64,
    sink: &mut S,
) -> Result<(), S::Error> {
    let order = schedule(resolved.cell_count(), resolved.rounds, resolved.seed);
    for (number, scheduled) in (0..).zip(order) {
        let cell = resolved.cells().nth(scheduled.cell.into()).expect("a schedule names cells");
        announce(number, scheduled.round, &cell, sink)?;
        if resolved.fits(&cell) {
            let report = run_cell(&cell, machine, ticks_per_unit, scratch.reborrow());
            tell(number, &report, sink)?;
        } else {
            pass_over(number, &cell, resolved, sink)?;
        }
        sink.cell_ended();
    }
    sink.record(&Record::RunFinished)
}

fn announce<S: Sink>(
    number: u32,
    round: u16,
    cell: &Cell<'_>,
    sink: &mut S,
) -> Result<(), S::Error> {
    let (scheme, workload) = (cell.scheme.name(), cell.events.name());
    sink.record(&Record::CellStarted { cell: number, round, scheme, workload })?;
    for (name, value) in cell.events.parameters() {
        sink.record(&Record::Parameter { cell: number, name, value })?;
    }
    sink.cell_begins(number);
    Ok(())
}

/// Says why a cell does not run.
fn pass_over<S: Sink>(
    number: u32,
    cell: &Cell<'_>,
    resolved: &Resolved<'_>,
    sink: &mut S,
) -> Result<(), S::Error> {
    const FRAMES_PER_MIB: u64 = (1 << 20) / FRAME_BYTES as u64;
    let mib = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let needed_mib = mib(cell.demand().arena_frames().div_ceil(FRAMES_PER_MIB));
    let present_mib = mib(resolved.most_frames() / FRAMES_PER_MIB);
    sink.record(&Record::CellNotRun { cell: number, needed_mib, present_mib })
}
