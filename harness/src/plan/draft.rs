//! A plan while it is being made: cells by their workload and parameters, before it goes on the wire.

use std::collections::BTreeSet;

use rmap::SchemeId;
use wire::{
    Activity, HostPresence, Plan, RAW_SAMPLES, SchemeSet, Trace, WhenIncomplete, Workloads,
};
use workload::{Demand, MAX_CELLS, Parameters, WorkloadId};

use super::{PlanError, name};
use crate::trace::TraceFile;

/// A plan in the making.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its name, which fits the wire.
    pub name: String,
    /// One line.
    pub summary: String,
    /// How often each cell runs and counts, at least 1.
    pub rounds: u16,
    /// Rounds before those, which do not count.
    pub warm_up: u16,
    /// Seeds the order of cells.
    pub seed: u64,
    /// What an operation on a given frame does where the scheme cannot find every mapping.
    pub when_incomplete: WhenIncomplete,
    /// Raw samples of a cell that are kept and told.
    pub raw_samples: u32,
    /// Memory of a machine that boots, where the plan asks for it, in MiB.
    pub memory_mib: Option<u32>,
    /// In the order in which they were named, each once.
    works: Vec<Work>,
    replay: Option<Replay>,
}

/// A trace, and the schemes under which it is replayed.
#[derive(Clone, Debug)]
struct Replay {
    bytes: u32,
    events: u64,
    demand: Demand,
    schemes: BTreeSet<SchemeId>,
}

/// A workload with its parameters, and the schemes under which it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// The workload.
    pub workload: WorkloadId,
    /// All of its parameters.
    pub parameters: Parameters,
    /// At least one.
    pub schemes: BTreeSet<SchemeId>,
}

impl Draft {
    /// A plan without any cell.
    pub fn new(name: String) -> Self {
        Self {
            name,
            summary: String::new(),
            rounds: 1,
            warm_up: 0,
            seed: 1,
            when_incomplete: WhenIncomplete::Refuse,
            raw_samples: RAW_SAMPLES,
            memory_mib: None,
            works: Vec::new(),
            replay: None,
        }
    }

    /// What it runs.
    pub fn works(&self) -> &[Work] {
        &self.works
    }

    /// Adds cells; those that are there already stay as they are. Calibration says nothing of schemes
    /// and runs under `scan` alone.
    pub fn add(&mut self, mut work: Work) {
        if work.workload == WorkloadId::Calibration {
            work.schemes = BTreeSet::from([SchemeId::Scan]);
        }
        let alike = |known: &&mut Work| {
            (known.workload, known.parameters) == (work.workload, work.parameters)
        };
        match self.works.iter_mut().find(alike) {
            Some(known) => known.schemes.extend(work.schemes),
            None => self.works.push(work),
        }
    }

    /// Adds calibration, which every result needs to be understood, if it is not there.
    pub fn calibrate(&mut self) {
        let workload = WorkloadId::Calibration;
        if self.works.iter().all(|work| work.workload != workload) {
            let parameters = Parameters::defaults(workload.parameters());
            self.add(Work { workload, parameters, schemes: BTreeSet::from([SchemeId::Scan]) });
        }
    }

    /// The schemes under which workloads run. Calibration, which says nothing of schemes, counts only
    /// where there is nothing else.
    pub fn compared(&self) -> BTreeSet<SchemeId> {
        let workloads = self.works.iter().filter(|work| work.workload != WorkloadId::Calibration);
        let schemes: BTreeSet<_> = workloads.flat_map(|work| work.schemes.clone()).collect();
        if schemes.is_empty() { self.schemes().into_iter().collect() } else { schemes }
    }

    /// Puts `trace`, which needs `demand`, in place of all workloads but calibration.
    pub fn replay(&mut self, trace: &TraceFile, demand: Demand) {
        let schemes = self.compared();
        "trace".clone_into(&mut self.name);
        self.works.retain(|work| work.workload == WorkloadId::Calibration);
        let bytes = u32::try_from(trace.text.len()).expect("it was replayed in memory of 16 GiB");
        self.replay = Some(Replay { bytes, events: trace.event_count, demand, schemes });
    }

    /// Fits it to a machine that counts instructions, where nothing warms up and every round is the same:
    /// one round, and one repeat that shows it.
    pub fn repeat_once(&mut self) {
        self.warm_up = 0;
        self.rounds = self.rounds.min(2);
    }

    /// Puts `works` in place of what it runs; what has no scheme left is dropped.
    pub fn replace(&mut self, works: impl IntoIterator<Item = Work>) {
        self.works.clear();
        for work in works.into_iter().filter(|work| !work.schemes.is_empty()) {
            self.add(work);
        }
    }

    /// Cells of one round.
    pub fn cell_count(&self) -> usize {
        let replayed = self.replay.iter().map(|replay| replay.schemes.len());
        self.works.iter().map(|work| work.schemes.len()).chain(replayed).sum()
    }

    /// The schemes that occur, in the registry's order.
    pub fn schemes(&self) -> Vec<SchemeId> {
        let replayed = self.replay.iter().map(|replay| &replay.schemes);
        let sets: Vec<_> = self.works.iter().map(|work| &work.schemes).chain(replayed).collect();
        let occurs = |id: &SchemeId| sets.iter().any(|set| set.contains(id));
        SchemeId::ALL.into_iter().filter(occurs).collect()
    }

    /// Whether the scheme with which others are to be compared, if one is named, occurs.
    pub fn knows(&self, reference: Option<SchemeId>) -> Result<(), PlanError> {
        let own = self.schemes();
        match reference.filter(|id| !own.contains(id)) {
            None => Ok(()),
            Some(stranger) => Err(PlanError::NotInPlan {
                plan: self.name.clone(),
                name: stranger.name(),
                listed: own.into_iter().map(SchemeId::name).collect(),
            }),
        }
    }

    /// The plan as the guest takes it.
    pub fn plan(&self) -> Result<Plan, PlanError> {
        if self.cell_count() > MAX_CELLS {
            return Err(PlanError::TooManyCells { planned: self.cell_count(), most: MAX_CELLS });
        }
        let listed = self.schemes();
        let too_long = |_| PlanError::TooLong;
        let mut schemes = heapless::Vec::new();
        for id in &listed {
            schemes.push(name(id.name())).map_err(too_long)?;
        }
        let mut workloads = Workloads::default();
        let places = |schemes: &BTreeSet<SchemeId>| {
            let places = listed.iter().enumerate().filter(|(_, id)| schemes.contains(id));
            places.fold(SchemeSet::default(), |set, (place, _)| set.with(place))
        };
        for work in &self.works {
            let (set, settings) = (places(&work.schemes), changed(work.workload, &work.parameters));
            workloads.add(work.workload.name(), set, settings).map_err(|_| PlanError::TooLong)?;
        }
        let trace = self.replay.as_ref().map(|replay| replay.on_the_wire(places(&replay.schemes)));
        Ok(Plan {
            name: name(&self.name),
            activity: Activity::Measure,
            schemes,
            workloads,
            trace,
            rounds: self.rounds,
            warm_up: self.warm_up,
            seed: self.seed,
            cpus: 1,
            when_incomplete: self.when_incomplete,
            raw_samples: self.raw_samples,
            host: HostPresence::Certain,
        })
    }
}

impl Replay {
    fn on_the_wire(&self, schemes: SchemeSet) -> Trace {
        let &Self { bytes, events, demand, .. } = self;
        let narrow = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        Trace {
            schemes,
            bytes,
            events,
            pages: demand.pages,
            processes: narrow(demand.processes),
            objects: narrow(demand.objects),
            samples: demand.samples,
            swap_slots: narrow(demand.swap_slots),
        }
    }
}

/// The parameters that differ from their defaults.
fn changed(
    workload: WorkloadId,
    parameters: &Parameters,
) -> impl Iterator<Item = (&'static str, u64)> {
    let specs = workload.parameters().iter();
    let differs =
        |(spec, (_, value)): &(&workload::ParameterSpec, (_, u64))| spec.default != *value;
    specs.zip(parameters.iter()).filter(differs).map(|(_, named)| named)
}
