//! A plan carried out: memory for its hungriest cell, then cell after cell, with a flush of the line
//! between two of them.

use core::num::{NonZeroU32, NonZeroU64};

use ::screen::summary::{Figure, figures};
use runner::verify::{Engine, Orders, Shadowed, verify};
use runner::{Resolved, Sink, machine_bytes, quick, resolve, run};
use vm::FRAME_BYTES;
use wire::guest::LogFull;
use wire::{Activity, HostPresence, Plan, Record, Refusal};
use workload::verify::Shadow;
use workload::{Sample, Scratch};

use super::machine::Hardware;
use super::once::TakeOnce;
use super::power::ExitCode;
use super::run::{Guest, Link, set_current_cell};
use super::screen;

const MIB: u64 = 1 << 20;

/// Too large for a stack.
static SHADOW: TakeOnce<Shadow> = TakeOnce::new(Shadow::new());

/// Carries out `plan` with the text of its trace, or the default plan.
pub fn plan(guest: &mut Guest<'_>, plan: Option<(&Plan, &str)>) -> ExitCode {
    let default;
    let (plan, trace) = if let Some(plan) = plan {
        plan
    } else {
        default = quick(HostPresence::Uncertain);
        (&default, "")
    };
    let carried_out = match resolve(plan, trace) {
        Ok(resolved) => match plan.activity {
            Activity::Measure => measure(guest, plan, &resolved),
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
    resolved: &Resolved<'_>,
) -> Result<ExitCode, LogFull> {
    let Some((machine, scratch)) = provide(guest, resolved) else {
        return too_little(guest, resolved.machine_bytes());
    };
    let cells = resolved.cell_count() as u32 * u32::from(resolved.rounds);
    start(guest.link, plan, cells)?;
    if let Some(memory) = guest.memory.take_slice(figures(cells as usize), Figure::NONE) {
        screen::keep_figures(memory);
    }
    let ticks_per_unit =
        NonZeroU64::new(guest.execution.ticks_per_unit()).unwrap_or(NonZeroU64::MIN);
    run(resolved, &machine, scratch, ticks_per_unit, &mut Line(guest.link))?;
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
        &mut Line(guest.link),
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

/// Takes the arena and the memory of cells, if there is memory for all of it.
fn provide(guest: &mut Guest<'_>, resolved: &Resolved<'_>) -> Option<(Hardware, Scratch<'static>)> {
    if guest.log_bytes < resolved.stream_bytes() {
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
struct Line<'l>(&'l mut Link);

impl Sink for Line<'_> {
    type Error = LogFull;

    fn record(&mut self, record: &Record<'_>) -> Result<(), LogFull> {
        tell(self.0, record)
    }

    fn pause(&mut self) {
        self.0.flush();
        screen::show();
    }

    fn cell_begins(&mut self, cell: u32) {
        // The host should know what runs while it runs.
        self.0.flush();
        screen::show();
        set_current_cell(Some(cell));
    }

    fn cell_ended(&mut self) {
        set_current_cell(None);
        self.0.flush();
    }
}
