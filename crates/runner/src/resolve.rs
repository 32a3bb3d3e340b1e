//! A plan's names turned into schemes, workloads and parameters, and what they need.

use rmap::SchemeId;
use vm::WhenIncomplete;
use wire::{Activity, MAX_LISTED, Name, Plan, Refusal, WorkloadSpec};
use workload::{Cell, Demand, ParameterError, Parameters, WorkloadId};

/// The most cells of a plan, before rounds.
pub const MAX_CELLS: usize = MAX_LISTED * MAX_LISTED;

/// A plan that can run, if there is memory for it.
#[derive(Debug)]
pub struct Resolved {
    schemes: [SchemeId; MAX_LISTED],
    scheme_count: usize,
    workloads: [(WorkloadId, Parameters); MAX_LISTED],
    workload_count: usize,
    when_incomplete: WhenIncomplete,
    /// What is done with the schemes.
    pub activity: Activity,
    /// How often each cell runs.
    pub rounds: u16,
    /// Seeds the order of cells, or random events.
    pub seed: u64,
}

/// Looks every name of `plan` up.
///
/// # Errors
/// The first name that is unknown or number that is out of range.
pub fn resolve(plan: &Plan) -> Result<Resolved, Refusal<'_>> {
    let mut schemes = [SchemeId::Scan; MAX_LISTED];
    for (place, name) in schemes.iter_mut().zip(&plan.schemes) {
        *place = name.parse().map_err(|_| unknown("scheme", name))?;
    }
    let unused = (WorkloadId::Calibration, Parameters::defaults(&[]));
    let mut workloads = [unused; MAX_LISTED];
    for (place, spec) in workloads.iter_mut().zip(&plan.workloads) {
        *place = resolve_workload(spec)?;
    }
    Ok(Resolved {
        schemes,
        scheme_count: plan.schemes.len(),
        workloads,
        workload_count: plan.workloads.len(),
        when_incomplete: match plan.when_incomplete {
            wire::WhenIncomplete::Refuse => WhenIncomplete::Refuse,
            wire::WhenIncomplete::Scan => WhenIncomplete::Scan,
        },
        activity: plan.activity,
        rounds: plan.rounds,
        seed: plan.seed,
    })
}

fn resolve_workload(spec: &WorkloadSpec) -> Result<(WorkloadId, Parameters), Refusal<'_>> {
    let id: WorkloadId = spec.name.parse().map_err(|_| unknown("workload", &spec.name))?;
    let mut parameters = Parameters::defaults(id.parameters());
    for parameter in &spec.parameters {
        parameters.set(&parameter.name, parameter.value).map_err(|error| match error {
            ParameterError::Unknown => unknown("parameter", &parameter.name),
            ParameterError::OutOfRange { .. } => unknown("parameter value of", &parameter.name),
        })?;
    }
    Ok((id, parameters))
}

fn unknown<'a>(what: &'static str, name: &'a Name) -> Refusal<'a> {
    Refusal::Unknown { what, name }
}

impl Resolved {
    /// The schemes, in the plan's order.
    pub fn schemes(&self) -> &[SchemeId] {
        &self.schemes[..self.scheme_count]
    }

    /// Cells of one round. Calibration says nothing of schemes and runs once, under `scan`; every
    /// other workload runs under every scheme.
    pub fn cell_count(&self) -> usize {
        self.cells().count()
    }

    /// The cells of one round, workload by workload.
    pub fn cells(&self) -> impl Iterator<Item = Cell> + '_ {
        self.workloads[..self.workload_count].iter().flat_map(move |(workload, parameters)| {
            let schemes = match workload {
                WorkloadId::Calibration => &[SchemeId::Scan],
                _ => self.schemes(),
            };
            schemes.iter().map(move |scheme| Cell {
                scheme: *scheme,
                workload: *workload,
                parameters: *parameters,
                when_incomplete: self.when_incomplete,
            })
        })
    }

    /// The memory that the hungriest cell needs, for each kind of memory.
    pub fn demand(&self) -> Demand {
        self.cells().map(|cell| cell.demand()).fold(Demand::NOTHING, Demand::max)
    }

    /// Frames of the arena. The size is the same for all cells, machines and boot routes.
    pub fn arena_frames(&self) -> u64 {
        self.cells().map(|cell| cell.demand().arena_frames()).max().unwrap_or(0)
    }

    /// Bytes that the records of the whole run take at most.
    pub fn stream_bytes(&self) -> u64 {
        // A sample takes 5 bytes if it lasts 2^34 units, which is seconds; counts, names and
        // surveys of a cell take 5 KiB; facts about the machine 16 KiB.
        let round: u64 = self.cells().map(|cell| cell.demand().samples * 5 + (6 << 10)).sum();
        round * u64::from(self.rounds) + (64 << 10)
    }
}
