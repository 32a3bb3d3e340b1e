//! A plan carried out: memory for its hungriest cell, then cell after cell, with a flush of the line
//! between two of them.

use core::num::NonZeroU64;

use rmap::SpaceId;
use runner::{Buffers, Resolved, Sink, quick, resolve, run};
use vm::FRAME_BYTES;
use wire::guest::LogFull;
use wire::{HostPresence, Plan, Record, Refusal};
use workload::Sample;

use super::machine::Hardware;
use super::power::ExitCode;
use super::run::{Guest, Link, free_bytes_for_log, set_current_cell};

const MIB: u64 = 1 << 20;

/// What a machine needs beside arena, samples and log: firmware, kernel, page tables, and the loss to
/// alignment of the arena.
const OVERHEAD: u64 = 20 * MIB;

/// Carries out `plan`, or the default plan.
pub fn plan(guest: &mut Guest<'_>, plan: Option<Plan>) -> ExitCode {
    let plan = plan.unwrap_or_else(|| quick(HostPresence::Uncertain));
    let carried_out = match resolve(&plan) {
        Ok(resolved) => carry_out(guest, &plan, &resolved),
        Err(refusal) => refuse(guest.link, refusal),
    };
    // A log that is full has the host miss the end of the stream, which it reports.
    carried_out.unwrap_or(ExitCode::Refused)
}

fn carry_out(guest: &mut Guest<'_>, plan: &Plan, resolved: &Resolved) -> Result<ExitCode, LogFull> {
    let Some((machine, buffers)) = provide(guest, resolved) else {
        let mib = |bytes: u64| bytes.div_ceil(MIB) as u32;
        let needed_mib = mib(needed_bytes(resolved));
        let present_mib = mib(guest.memory.usable_bytes());
        return refuse(guest.link, Refusal::Memory { needed_mib, present_mib });
    };
    let mut room = [0; wire::MAX_PLAN];
    let encoded = plan.encode(&mut room).unwrap_or_default();
    let cells = resolved.cell_count() as u32 * u32::from(resolved.rounds);
    guest.link.record(&Record::RunStarted { cells, plan: encoded })?;
    let ticks_per_unit =
        NonZeroU64::new(guest.execution.ticks_per_unit()).unwrap_or(NonZeroU64::MIN);
    run(resolved, &machine, buffers, ticks_per_unit, &mut Line(guest.link))?;
    Ok(ExitCode::Done)
}

/// Takes the arena and the buffers, if there is memory for all of them.
fn provide(guest: &mut Guest<'_>, resolved: &Resolved) -> Option<(Hardware, Buffers<'static>)> {
    if guest.log_bytes < resolved.stream_bytes() {
        return None;
    }
    let (memory, demand) = (&mut guest.memory, resolved.demand());
    let frames = u32::try_from(resolved.arena_frames()).ok()?;
    let arena = memory.take_arena(frames)?;
    let samples = memory.take_slice(demand.samples as usize, Sample::default())?;
    let processes = memory.take_slice(demand.processes as usize, None::<SpaceId>)?;
    let machine = Hardware::new(arena, memory.kernel_root());
    Some((machine, Buffers { samples, processes }))
}

/// Memory that a machine should have for the plan.
fn needed_bytes(resolved: &Resolved) -> u64 {
    let demand = resolved.demand();
    let buffers = demand.samples * size_of::<Sample>() as u64
        + demand.processes * size_of::<Option<SpaceId>>() as u64;
    let log = free_bytes_for_log(resolved.stream_bytes());
    let arena = resolved.arena_frames() * FRAME_BYTES as u64;
    OVERHEAD + (arena + buffers + resolved.stream_bytes()).max(log)
}

fn refuse(link: &mut Link, refusal: Refusal<'_>) -> Result<ExitCode, LogFull> {
    link.record(&Record::Refused(refusal))?;
    Ok(ExitCode::Refused)
}

/// The link as the runner sees it.
struct Line<'l>(&'l mut Link);

impl Sink for Line<'_> {
    type Error = LogFull;

    fn record(&mut self, record: &Record<'_>) -> Result<(), LogFull> {
        self.0.record(record)
    }

    fn cell_begins(&mut self, cell: u32) {
        // The host should know what runs while it runs.
        self.0.flush();
        set_current_cell(Some(cell));
    }

    fn cell_ended(&mut self) {
        set_current_cell(None);
        self.0.flush();
    }
}
