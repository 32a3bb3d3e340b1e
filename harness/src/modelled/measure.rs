//! A plan that measures, on the modelled machine.

use std::num::NonZeroU64;

use model::Model;
use runner::verify::Text;
use runner::{Resolved, Sink, run};
use wire::Record;
use wire::guest::LogFull;

use super::CellMemory;
use super::speech::Speech;
use super::stale::StaleUses;

pub(super) fn measure(resolved: &Resolved<'_>, plan: &[u8]) -> Result<(), LogFull> {
    let frames = u32::try_from(resolved.arena_frames()).expect("memory for it was found");
    let machine = Model::new(frames);
    let mut memory = CellMemory::new(resolved.scratch());
    let cells = resolved.cell_count() as u32 * u32::from(resolved.rounds);
    Speech.record(&Record::RunStarted { cells, plan })?;
    let mut judge = Judge { stale: StaleUses::new(&machine) };
    run(resolved, &machine, memory.scratch(), NonZeroU64::MIN, &mut judge)
}

/// Passes records on, and has a cell fail whose machine saw what must never be.
struct Judge<'m> {
    stale: StaleUses<'m>,
}

impl Sink for Judge<'_> {
    type Error = LogFull;

    fn record(&mut self, record: &Record<'_>) -> Result<(), LogFull> {
        let Record::CellFinished { cell, failure } = *record else {
            return Speech.record(record);
        };
        let stale = self.stale.take();
        let failure = failure.or(stale.as_ref().map(Text::as_str));
        Speech.record(&Record::CellFinished { cell, failure })
    }

    fn cell_begins(&mut self, cell: u32) {
        Speech.cell_begins(cell);
    }

    fn cell_ended(&mut self) {
        Speech.cell_ended();
    }
}
