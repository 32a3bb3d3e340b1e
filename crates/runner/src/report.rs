//! One cell's report as records.

use core::fmt::Write;

use vm::MemoryInUse;
use wire::{Group, Memory, Record};
use workload::{CellReport, CountGroup, Op, PhaseTotals, Recorder, Timed};

use crate::Sink;

/// Numbers that are encoded together: eight full packs of [`wire::samples`].
const WINDOW: usize = 8 * 63;

/// Bytes of numbers in one record: those of a window at 3 bytes each, so that the record's head, which
/// is about 20 bytes, adds little to them.
const CHUNK: usize = 1600;

/// The longest text of a failure.
const FAILURE_TEXT: usize = 160;

/// Tells all of a cell's report.
pub(crate) fn tell<S: Sink>(
    cell: u32,
    report: &CellReport<'_>,
    sink: &mut S,
) -> Result<(), S::Error> {
    for op in Op::ALL {
        tell_op(cell, op, &report.recorder, sink)?;
    }
    for (name, PhaseTotals { operations, total, memory }) in report.recorder.phases() {
        let memory = in_use(memory);
        sink.record(&Record::Phase { cell, name, operations, total, memory })?;
    }
    for (number, survey) in (0..).zip(report.recorder.surveys()) {
        let vm::Survey { exact, partial, unknown } = *survey;
        sink.record(&Record::Survey { cell, number, exact, partial, unknown })?;
    }
    for count in &report.counts {
        let group = match count.group {
            CountGroup::Counters => Group::Counters,
            CountGroup::Outcomes => Group::Outcomes,
            CountGroup::Footprint => Group::Footprint,
        };
        sink.record(&Record::Count { cell, group, name: count.name, value: count.value })?;
    }
    for (name, value) in report.recorder.outcomes() {
        sink.record(&Record::Count { cell, group: Group::Outcomes, name, value })?;
    }
    let mut text = heapless::String::<FAILURE_TEXT>::new();
    if let Some(failure) = report.failure {
        // A text that is too long is cut, which is all that can fail.
        let _ = write!(text, "{failure}");
    }
    sink.record(&Record::CellFinished { cell, failure: report.failure.map(|_| text.as_str()) })
}

const fn in_use(memory: MemoryInUse) -> Memory {
    let MemoryInUse { metadata, page_tables, slabs, mappings } = memory;
    Memory { metadata_bytes: metadata, page_table_bytes: page_tables, slab_bytes: slabs, mappings }
}

fn tell_op<S: Sink>(
    cell: u32,
    op: Op,
    recorder: &Recorder<'_>,
    sink: &mut S,
) -> Result<(), S::Error> {
    let Some(Timed { count, total, min, max }) = recorder.timed(op) else {
        return Ok(());
    };
    let name = op.name();
    sink.record(&Record::Timed { cell, op: name, count, total, min, max })?;
    if let Some(unit) = op.unit() {
        let (unit, count) = (unit.name(), recorder.work(op));
        sink.record(&Record::Work { cell, op: name, unit, count })?;
    }
    tell_values(recorder.buckets(op), |first, buckets| {
        sink.record(&Record::Histogram { cell, op: name, first, buckets })
    })?;
    let samples = recorder.samples().iter().filter(|sample| sample.op() == op);
    tell_values(samples.map(|sample| sample.time()), |first, values| {
        sink.record(&Record::Samples { cell, op: name, first: first as u32, values })
    })
}

/// Tells numbers piece by piece, each with how many came before it.
fn tell_values<E>(
    mut values: impl Iterator<Item = u64>,
    mut tell: impl FnMut(u64, &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut window = [0_u64; WINDOW];
    let mut chunk = [0; CHUNK];
    let mut told = 0;
    loop {
        let filled =
            window.iter_mut().zip(&mut values).map(|(place, value)| *place = value).count();
        if filled == 0 {
            return Ok(());
        }
        let mut rest = &window[..filled];
        while !rest.is_empty() {
            let (taken, bytes) = wire::samples::encode(rest, &mut chunk);
            tell(told, bytes)?;
            told += taken as u64;
            rest = &rest[taken..];
        }
    }
}
