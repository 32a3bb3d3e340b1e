//! A plan's names turned into schemes, workloads and parameters, and what they need.

use rmap::SchemeId;
use vm::{FRAME_BYTES, WhenIncomplete};
use wire::{Activity, MAX_SCHEMES, MAX_WORKLOADS, Name, Plan, Refusal, SchemeSet, Workload};
use workload::{
    COUNTS, Cell, Demand, EventSource, MAX_CELLS, ParameterError, Parameters, Trace, WorkloadId,
};

/// No machine holds a trace of more pages (4 TiB) or samples: such a plan is refused for its memory, and
/// sums of what it needs stay within 64 bits.
const MOST_PAGES: u64 = 1 << 30;
const MOST_SAMPLES: u64 = 1 << 40;

const FRAMES_PER_MIB: u64 = (1 << 20) / FRAME_BYTES as u64;

/// A plan that can run, if there is memory for it.
#[derive(Debug)]
pub struct Resolved<'t> {
    schemes: [SchemeId; MAX_SCHEMES],
    scheme_count: usize,
    workloads: [ResolvedWorkload; MAX_WORKLOADS],
    workload_count: usize,
    trace: Option<Replayed<'t>>,
    when_incomplete: WhenIncomplete,
    /// What is done with the schemes.
    pub activity: Activity,
    /// How often each cell runs, warming up included.
    pub rounds: u16,
    /// Seeds the order of cells, or random events.
    pub seed: u64,
    raw_samples: u32,
    /// Frames of the largest arena there can be.
    most_frames: u64,
}

#[derive(Clone, Copy, Debug)]
struct ResolvedWorkload {
    id: WorkloadId,
    parameters: Parameters,
    schemes: SchemeSet,
}

/// A trace and the schemes under which it is replayed.
#[derive(Clone, Copy, Debug)]
struct Replayed<'t> {
    trace: Trace<'t>,
    schemes: SchemeSet,
}

/// Looks every name of `plan` up. `trace` is the text of its trace, empty if it has none.
///
/// # Errors
/// A trace that is not there, the first name that is unknown or number that is out of range, too many cells, or more memory than
/// one of the schemes can serve.
pub fn resolve<'p, 't>(plan: &'p Plan, trace: &'t str) -> Result<Resolved<'t>, Refusal<'p>> {
    let mut schemes = [SchemeId::Scan; MAX_SCHEMES];
    for (place, name) in schemes.iter_mut().zip(&plan.schemes) {
        *place = name.parse().map_err(|_| unknown("scheme", name))?;
    }
    let unused = ResolvedWorkload {
        id: WorkloadId::Calibration,
        parameters: Parameters::defaults(&[]),
        schemes: SchemeSet::default(),
    };
    let mut workloads = [unused; MAX_WORKLOADS];
    for (place, workload) in workloads.iter_mut().zip(plan.workloads.iter()) {
        *place = resolve_workload(workload)?;
    }
    let resolved = Resolved {
        schemes,
        scheme_count: plan.schemes.len(),
        workloads,
        workload_count: plan.workloads.len(),
        trace: resolve_trace(plan, trace)?,
        when_incomplete: policy(plan.when_incomplete),
        activity: plan.activity,
        rounds: plan.warm_up.saturating_add(plan.rounds),
        seed: plan.seed,
        raw_samples: plan.raw_samples,
        most_frames: u64::MAX,
    };
    let planned = resolved.cell_count();
    if planned > MAX_CELLS {
        return Err(Refusal::Cells { planned: planned as u32, most: MAX_CELLS as u32 });
    }
    check_reach(&resolved)?;
    Ok(resolved)
}

/// What the VM calls what a plan asks for.
#[must_use]
pub const fn policy(planned: wire::WhenIncomplete) -> WhenIncomplete {
    match planned {
        wire::WhenIncomplete::Refuse => WhenIncomplete::Refuse,
        wire::WhenIncomplete::Scan => WhenIncomplete::Scan,
    }
}

/// Refuses a plan whose arena is too large for one of its schemes.
fn check_reach<'a>(resolved: &Resolved<'_>) -> Result<(), Refusal<'a>> {
    let needed = resolved.arena_frames();
    let overtaxed = |cell: &Cell<'_>| needed > u64::from(cell.scheme.most_frames());
    let Some(Cell { scheme, .. }) = resolved.cells().find(overtaxed) else {
        return Ok(());
    };
    let mib = |frames: u64| u32::try_from(frames.div_ceil(FRAMES_PER_MIB)).unwrap_or(u32::MAX);
    let (needed_mib, most_mib) = (mib(needed), mib(scheme.most_frames().into()));
    Err(Refusal::Reach { scheme: scheme.name(), needed_mib, most_mib })
}

fn resolve_workload(workload: Workload<'_>) -> Result<ResolvedWorkload, Refusal<'_>> {
    let id: WorkloadId = workload.name.parse().map_err(|_| unknown("workload", workload.name))?;
    let mut parameters = Parameters::defaults(id.parameters());
    for (name, value) in workload.parameters() {
        parameters.set(name, value).map_err(|error| match error {
            ParameterError::Unknown => unknown("parameter", name),
            ParameterError::OutOfRange { .. } => unknown("parameter value of", name),
        })?;
    }
    Ok(ResolvedWorkload { id, parameters, schemes: workload.schemes })
}

fn resolve_trace<'p, 't>(
    plan: &'p Plan,
    text: &'t str,
) -> Result<Option<Replayed<'t>>, Refusal<'p>> {
    let Some(trace) = plan.trace else { return Ok(None) };
    if trace.bytes as usize != text.len() {
        // It came over the wire, where traces do not travel.
        return Err(unknown("trace of plan", &plan.name));
    }
    let demand = Demand {
        pages: trace.pages.min(MOST_PAGES),
        processes: trace.processes.into(),
        samples: trace.samples.min(MOST_SAMPLES),
        swap_slots: u64::from(trace.swap_slots).min(MOST_PAGES),
        objects: trace.objects.into(),
        ..Demand::NOTHING
    };
    let schemes = trace.schemes;
    Ok(Some(Replayed { trace: Trace { text, events: trace.events, demand }, schemes }))
}

fn unknown<'a>(what: &'static str, name: &'a Name) -> Refusal<'a> {
    Refusal::Unknown { what, name }
}

impl<'t> Resolved<'t> {
    /// The schemes, in the plan's order.
    pub fn schemes(&self) -> &[SchemeId] {
        &self.schemes[..self.scheme_count]
    }

    /// Cells of one round. Calibration says nothing of schemes and runs once, under `scan`; every
    /// other workload, and a trace, runs under each of its schemes.
    pub fn cell_count(&self) -> usize {
        self.cells().count()
    }

    /// The cells of one round, workload by workload.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'t>> {
        let works = self.workloads[..self.workload_count].iter().map(|workload| {
            let ResolvedWorkload { id, parameters, schemes } = *workload;
            let (listed, schemes) = match id {
                WorkloadId::Calibration => (&[SchemeId::Scan][..], SchemeSet::first(1)),
                _ => (self.schemes(), schemes),
            };
            (EventSource::workload(id, parameters), listed, schemes)
        });
        let replayed = self.trace.iter().map(|&Replayed { trace, schemes }| {
            (EventSource::Trace(trace), self.schemes(), schemes)
        });
        works.chain(replayed).flat_map(|(events, listed, schemes)| {
            let of_them =
                listed.iter().enumerate().filter(move |&(place, _)| schemes.contains(place));
            let when_incomplete = self.when_incomplete;
            of_them.map(move |(_, &scheme)| Cell { scheme, events, when_incomplete })
        })
    }

    /// Bytes of the trace's text.
    pub(crate) fn trace_bytes(&self) -> u64 {
        self.trace.map_or(0, |replayed| replayed.trace.text.len() as u64)
    }

    /// The same plan on a machine whose arena can have `frames`: cells that need more will not run.
    #[must_use]
    pub fn within(self, frames: u64) -> Self {
        Self { most_frames: frames, ..self }
    }

    /// Frames of the largest arena there can be.
    pub(crate) const fn most_frames(&self) -> u64 {
        self.most_frames
    }

    /// Whether there can be an arena for the cell.
    pub fn fits(&self, cell: &Cell<'_>) -> bool {
        cell.demand().arena_frames() <= self.most_frames
    }

    /// What the cells need that fit.
    fn demands(&self) -> impl Iterator<Item = Demand> {
        self.cells().filter(|cell| self.fits(cell)).map(|cell| cell.demand())
    }

    /// The memory that the hungriest cell needs, for each kind of memory.
    pub fn demand(&self) -> Demand {
        self.demands().fold(Demand::NOTHING, Demand::max)
    }

    /// Frames of the arena, 0 if no cell fits. The size is the same for all cells, boot routes and machines
    /// that have memory for the hungriest.
    pub fn arena_frames(&self) -> u64 {
        self.demands().map(Demand::arena_frames).max().unwrap_or(0)
    }

    /// Frames whose last use some cell has remembered.
    pub fn watched_frames(&self) -> u64 {
        if self.demand().watches_use { self.arena_frames() } else { 0 }
    }

    /// Raw samples that are kept of a cell.
    pub fn raw_samples(&self, cell: &Cell<'_>) -> u64 {
        cell.demand().samples.min(self.raw_samples.into())
    }

    /// Bytes that the records of the whole run take at most.
    pub fn stream_bytes(&self) -> u64 {
        let round: u64 = self.cells().map(|cell| self.cell_bytes(&cell)).sum();
        // Facts about the machine take 16 KiB.
        round * u64::from(self.rounds) + (64 << 10)
    }

    /// Bytes that the records of a cell take at most.
    fn cell_bytes(&self, cell: &Cell<'_>) -> u64 {
        // Of samples below 2^34 units, which is seconds, a pack takes at most 34 bits each and 7 bytes
        // for all; a bucket with its count takes 5 bytes, and more than 2^16 values in one begin anew;
        // counts, names, surveys and packs that are not full take 6 KiB.
        const VALUE: u64 = 5;
        let samples = cell.demand().samples;
        let buckets = samples.min(COUNTS as u64) + (samples >> 16);
        (self.raw_samples(cell) + buckets) * VALUE + (6 << 10)
    }
}
