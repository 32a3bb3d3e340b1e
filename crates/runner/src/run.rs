//! The loop over cells.

use core::num::NonZeroU64;

use rmap::SpaceId;
use vm::Machine;
use wire::Record;
use workload::{Cell, Sample, Scratch, run_cell, schedule};

use crate::Resolved;
use crate::report::tell;

/// Where records go.
pub trait Sink {
    /// Why a record could not be kept.
    type Error;

    /// Keeps a record. Called between timed regions only.
    ///
    /// # Errors
    /// There is no room for it.
    fn record(&mut self, record: &Record<'_>) -> Result<(), Self::Error>;

    /// A cell is about to run: remembered, so that a crash can name it.
    fn cell_begins(&mut self, _cell: u32) {}

    /// A cell is over: the time to transmit.
    fn cell_ended(&mut self) {}
}

/// Memory that cells work in, large enough for [`Resolved::demand`].
#[derive(Debug)]
pub struct Buffers<'a> {
    /// Room for the samples of one cell.
    pub samples: &'a mut [Sample],
    /// Room for the processes of one cell.
    pub processes: &'a mut [Option<SpaceId>],
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
    let Buffers { samples, processes } = buffers;
    let order = schedule(resolved.cell_count(), resolved.rounds, resolved.seed);
    for (number, scheduled) in (0..).zip(order) {
        let cell = resolved.cells().nth(scheduled.cell.into()).expect("a schedule names cells");
        announce(number, scheduled.round, &cell, sink)?;
        let scratch = Scratch { samples: &mut *samples, processes: &mut *processes };
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
