//! A plan carried out: memory for its hungriest cell, then cell after cell, with a flush of the line
//! between two of them.

use core::num::{NonZeroU32, NonZeroU64};

use ::screen::summary::{Figure, figures};
use runner::verify::{Engine, Orders, Shadowed, verify};
use runner::{Resolved, Sink, machine_bytes, resolve, run};
use unikernel::rehearsed_crash::{Kind, RehearsedCrash};
use vm::FRAME_BYTES;
use wire::guest::LogFull;
use wire::{Activity, Plan, Record, Refusal};
use workload::verify::Shadow;
use workload::{Sample, Scratch};

use super::crash::rehearsed;
use super::machine::{Hardware, steps};
use super::once::TakeOnce;
use super::power::ExitCode;
use super::run::{Guest, Link, set_current_cell};
use super::{screen, watchdog};

const MIB: u64 = 1 << 20;

/// Too large for a stack.
static SHADOW: TakeOnce<Shadow> = TakeOnce::new(Shadow::new());

/// Carries out `plan` with the text of its trace.
pub fn plan(guest: &mut Guest<'_>, plan: &Plan, trace: &str) -> ExitCode {
    let carried_out = match resolve(plan, trace) {
        Ok(resolved) => match plan.activity {
            Activity::Measure => measure(guest, plan, fitted(guest, resolved)),
            Activity::Verify { events, check_every } => {
                let check_every = NonZeroU32::new(check_every).unwrap_or(NonZeroU32::MIN);
                live_through(guest, plan, &resolved, Orders { events, check_every })
            }
        },
        Err(refusal) => refuse(guest.link, refusal),
    };
    // A log that is full has the host miss the end of the stream, which it reports.
    carried_out.unwrap_or(ExitCode::Refused)
}

fn measure(
    guest: &mut Guest<'_>,
    plan: &Plan,
    resolved: Resolved<'_>,
) -> Result<ExitCode, LogFull> {
    let Some((machine, scratch)) = provide(guest, &resolved) else {
        return too_little(guest, resolved.within(u64::MAX).machine_bytes());
    };
    let cells = resolved.cell_count() as u32 * u32::from(resolved.rounds);
    start(guest.link, plan, cells)?;
    if let Some(memory) = guest.memory.take_slice(figures(cells as usize), Figure::NONE) {
        screen::keep_figures(memory);
    }
    let ticks_per_unit =
        NonZeroU64::new(guest.execution.ticks_per_unit()).unwrap_or(NonZeroU64::MIN);
    run(&resolved, &machine, scratch, ticks_per_unit, &mut Line::of(guest))?;
    Ok(ExitCode::Done)
}

fn live_through(
    guest: &mut Guest<'_>,
    plan: &Plan,
    resolved: &Resolved<'_>,
    orders: Orders,
) -> Result<ExitCode, LogFull> {
    const FRAMES: u32 = <Shadowed<&mut Shadow> as Engine>::ARENA_FRAMES;
    let Some(arena) = guest.memory.take_arena(FRAMES) else {
        return too_little(guest, machine_bytes(u64::from(FRAMES) * FRAME_BYTES as u64));
    };
    let machine = Hardware::new(arena, guest.memory.kernel_root());
    start(guest.link, plan, resolved.schemes().len() as u32)?;
    // Hardware does not tell of translations that it should not have used.
    verify(
        resolved,
        orders,
        &mut Shadowed::new(SHADOW.take()),
        &machine,
        &mut || None,
        &mut Line::of(guest),
    )?;
    Ok(ExitCode::Done)
}

fn start(link: &mut Link, plan: &Plan, cells: u32) -> Result<(), LogFull> {
    let mut room = [0; wire::MAX_PLAN];
    let encoded = plan.encode(&mut room).unwrap_or_default();
    tell(link, &Record::RunStarted { cells, plan: encoded })
}

fn too_little(guest: &mut Guest<'_>, needed_bytes: u64) -> Result<ExitCode, LogFull> {
    let mib = |bytes: u64| bytes.div_ceil(MIB) as u32;
    // The arena is one piece: memory beyond a hole of the firmware's does not count.
    let present = guest.memory.largest_arena() * FRAME_BYTES as u64;
    let (needed_mib, present_mib) = (mib(needed_bytes), mib(present));
    refuse(guest.link, Refusal::Memory { needed_mib, present_mib })
}

/// The plan without the cells for which there is no memory: they must not keep the others from running.
fn fitted<'t>(guest: &Guest<'_>, resolved: Resolved<'t>) -> Resolved<'t> {
    let (largest, frame) = (guest.memory.largest_arena(), FRAME_BYTES as u64);
    let all = resolved.arena_bytes() + resolved.scratch().bytes();
    if resolved.arena_frames() <= largest && all <= guest.memory.free_bytes() {
        return resolved;
    }
    // What cells work in may have to come from the same piece.
    let scratch = resolved.scratch().bytes().div_ceil(frame);
    resolved.within(largest.saturating_sub(scratch))
}

/// Takes the arena and the memory of cells, if there is memory for all of it.
fn provide(guest: &mut Guest<'_>, resolved: &Resolved<'_>) -> Option<(Hardware, Scratch<'static>)> {
    if guest.log_bytes < resolved.stream_bytes() || resolved.arena_frames() == 0 {
        return None;
    }
    let (memory, sizes) = (&mut guest.memory, resolved.scratch());
    let frames = u32::try_from(resolved.arena_frames()).ok()?;
    let arena = memory.take_arena(frames)?;
    let scratch = Scratch {
        samples: memory.take_slice(sizes.samples, Sample::default())?,
        counts: memory.take_slice(sizes.counts, 0)?,
        processes: memory.take_slice(sizes.processes, None)?,
        objects: memory.take_slice(sizes.objects, None)?,
        last_use: memory.take_slice(sizes.last_use, 0)?,
    };
    Some((Hardware::new(arena, memory.kernel_root()), scratch))
}

fn refuse(link: &mut Link, refusal: Refusal<'_>) -> Result<ExitCode, LogFull> {
    tell(link, &Record::Refused(refusal))?;
    Ok(ExitCode::Refused)
}

/// Keeps a record for the host, and lets the screen know.
fn tell(link: &mut Link, record: &Record<'_>) -> Result<(), LogFull> {
    screen::hear(record);
    link.record(record)
}

/// Link and screen as the runner sees them.
struct Line<'l> {
    link: &'l mut Link,
    rehearsed: Option<RehearsedCrash>,
}

impl<'l> Line<'l> {
    fn of(guest: &'l mut Guest<'_>) -> Self {
        Self { link: guest.link, rehearsed: guest.rehearsed }
    }

    fn rehearsed_in(&self, cell: u32) -> Option<(u64, Kind)> {
        let RehearsedCrash { kind, moment } = self.rehearsed?;
        moment.filter(|moment| moment.cell == cell).map(|moment| (moment.step, kind))
    }
}

impl Sink for Line<'_> {
    type Error = LogFull;

    fn record(&mut self, record: &Record<'_>) -> Result<(), LogFull> {
        tell(self.link, record)
    }

    fn pause(&mut self) {
        watchdog::rest();
        self.link.flush();
        screen::show();
        watchdog::watch();
    }

    fn cell_begins(&mut self, cell: u32) {
        // The host should know what runs while it runs.
        self.link.flush();
        screen::show();
        set_current_cell(Some(cell));
        steps::start_again();
        if let Some((step, kind)) = self.rehearsed_in(cell) {
            rehearsed::wait_for(step, kind);
        }
        watchdog::watch();
    }

    fn cell_ended(&mut self) {
        watchdog::rest();
        set_current_cell(None);
        self.link.flush();
    }
}
