//! One cell's report as records.

use core::fmt::Write;
use core::num::NonZeroU64;

use wire::{Group, Record};
use workload::{CellReport, CountGroup, Op, Recorder};

use crate::Sink;

/// Samples that are encoded together.
const WINDOW: usize = 512;

/// Bytes of samples in one record: a record of this size fits one frame.
const CHUNK: usize = 440;

/// The longest text of a failure.
const FAILURE_TEXT: usize = 160;

/// Tells all of a cell's report.
pub(crate) fn tell<S: Sink>(
    cell: u32,
    report: &CellReport<'_>,
    ticks_per_unit: NonZeroU64,
    sink: &mut S,
) -> Result<(), S::Error> {
    for op in Op::ALL {
        tell_samples(cell, op, &report.recorder, ticks_per_unit, sink)?;
        tell_work(cell, op, &report.recorder, sink)?;
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

fn tell_samples<S: Sink>(
    cell: u32,
    op: Op,
    recorder: &Recorder<'_>,
    ticks_per_unit: NonZeroU64,
    sink: &mut S,
) -> Result<(), S::Error> {
    let mut values = recorder
        .samples()
        .iter()
        .filter(|sample| sample.op() == op)
        .map(|sample| sample.ticks() / ticks_per_unit);
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
            sink.record(&Record::Samples { cell, op: op.name(), first: told, values: bytes })?;
            told += taken as u32;
            rest = &rest[taken..];
        }
    }
}

fn tell_work<S: Sink>(
    cell: u32,
    op: Op,
    recorder: &Recorder<'_>,
    sink: &mut S,
) -> Result<(), S::Error> {
    let timed = recorder.samples().iter().any(|sample| sample.op() == op);
    let Some(unit) = op.unit().filter(|_| timed) else {
        return Ok(());
    };
    let count = recorder.work(op);
    sink.record(&Record::Work { cell, op: op.name(), unit: unit.name(), count })
}
