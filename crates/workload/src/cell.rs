//! One cell: a scheme and the events of a workload or trace, run on a machine in a fresh state.

use core::fmt;
use core::num::NonZeroU64;

use rmap::{Scheme, SchemeId, SchemeVisitor, SpaceId};
use vm::{Inconsistency, Machine, ObjectId, Vm, WhenIncomplete};

use crate::counts::OF_THE_VM;
use crate::executor::{Executor, Picks};
use crate::{Counts, Demand, EventError, EventSource, Recorder, RecorderMemory, Sample};

/// What to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell<'t> {
    /// The scheme.
    pub scheme: SchemeId,
    /// What happens under it.
    pub events: EventSource<'t>,
    /// What an operation on a given frame does where the scheme cannot find every mapping.
    pub when_incomplete: WhenIncomplete,
}

impl Cell<'_> {
    /// The memory it needs.
    pub fn demand(&self) -> Demand {
        self.events.demand()
    }
}

/// Memory that a cell works in, sized beforehand by [`Demand`].
#[derive(Debug)]
pub struct Scratch<'a> {
    /// Room for the raw samples that are kept.
    pub samples: &'a mut [Sample],
    /// [`COUNTS`](crate::COUNTS) words.
    pub counts: &'a mut [u32],
    /// Room for [`Demand::processes`].
    pub processes: &'a mut [Option<SpaceId>],
    /// Room for [`Demand::objects`].
    pub objects: &'a mut [Option<ObjectId>],
    /// Room for a number for each frame of the machine, if [`Demand::watches_use`].
    pub last_use: &'a mut [u32],
}

impl Scratch<'_> {
    /// The same memory for one more cell.
    pub fn reborrow(&mut self) -> Scratch<'_> {
        Scratch {
            samples: self.samples,
            counts: self.counts,
            processes: self.processes,
            objects: self.objects,
            last_use: self.last_use,
        }
    }
}

/// Which object of a cell in `summary.json` a count belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountGroup {
    /// `counters`
    Counters,
    /// `outcomes`
    Outcomes,
    /// `footprint`
    Footprint,
}

/// One named figure of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Where it belongs.
    pub group: CountGroup,
    /// Its name in results, which is a contract.
    pub name: &'static str,
    /// Its value.
    pub value: u64,
}

/// What went wrong with a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellFailure {
    /// The arena is too small even for an empty VM.
    ArenaTooSmall,
    /// The workload could not go on.
    Event(EventError),
    /// The check afterwards found something.
    Check(Inconsistency),
}

impl fmt::Display for CellFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ArenaTooSmall => f.write_str("the arena is too small for its frame table"),
            Self::Event(error) => error.fmt(f),
            Self::Check(inconsistency) => inconsistency.fmt(f),
        }
    }
}

/// What a cell measured.
#[derive(Debug)]
pub struct CellReport<'a> {
    /// Samples and work.
    pub recorder: Recorder<'a>,
    /// Counters, outcomes and footprint.
    pub counts: Counts,
    /// What went wrong, if anything did.
    pub failure: Option<CellFailure>,
}

/// Runs `cell` on `machine`, whose arena it lays out afresh; then checks every frame against the
/// tables and takes everything apart, outside timing. Times are in units of `ticks_per_unit` of the
/// machine's clock.
pub fn run_cell<'s>(
    cell: &Cell<'_>,
    machine: &impl Machine,
    ticks_per_unit: NonZeroU64,
    scratch: Scratch<'s>,
) -> CellReport<'s> {
    cell.scheme.visit(CellRun { cell, machine, ticks_per_unit, scratch })
}

struct CellRun<'a, 's, M> {
    cell: &'a Cell<'a>,
    machine: &'a M,
    ticks_per_unit: NonZeroU64,
    scratch: Scratch<'s>,
}

impl<'s, M: Machine> SchemeVisitor for CellRun<'_, 's, M> {
    type Output = CellReport<'s>;

    fn visit<S: Scheme>(self) -> CellReport<'s> {
        let Scratch { samples, counts, processes, objects, last_use } = self.scratch;
        let memory = RecorderMemory { samples, counts };
        let recorder = Recorder::new(memory, self.ticks_per_unit);
        let demand = self.cell.demand();
        let Ok(vm) = Vm::<S, M>::new(self.machine, &demand.vm_config()) else {
            let failure = Some(CellFailure::ArenaTooSmall);
            return CellReport { recorder, counts: Counts::NONE, failure };
        };
        let policy = self.cell.when_incomplete;
        let picks = Picks::new(if demand.watches_use { last_use } else { &mut [] });
        let mut executor = Executor::new(&vm, policy, (processes, objects), picks, recorder);
        let before = self.machine.counters();
        let ran = self.machine.with_faults(&vm, || match &self.cell.events {
            EventSource::Workload { id, parameters } => {
                id.for_each_event(parameters, |event| executor.carry_out(event))
            }
            EventSource::Trace(trace) => {
                executor.prepare_replay();
                trace.events().try_for_each(|event| executor.attempt(event))
            }
        });
        let counts = Counts::new(&figures(&vm), self.machine.counters().since(before));
        let checked = self.machine.during(&"the check after the last event", || vm.check());
        let recorder = executor.finish();
        let failure = first_failure(&vm, ran, checked);
        CellReport { recorder, counts, failure }
    }
}

fn first_failure<S: Scheme, M: Machine>(
    vm: &Vm<'_, S, M>,
    ran: Result<(), EventError>,
    checked: Result<(), Inconsistency>,
) -> Option<CellFailure> {
    let take_apart = || vm.machine().during(&"taking everything apart", || vm.tear_down());
    let checked = checked.and_then(|()| take_apart()).map_err(CellFailure::Check);
    ran.map_err(CellFailure::Event).and(checked).err()
}

fn figures<S: Scheme, M: Machine>(vm: &Vm<'_, S, M>) -> [Count; OF_THE_VM] {
    let count = |group, name, value| Count { group, name, value };
    let counter = |name, value| count(CountGroup::Counters, name, value);
    let outcome = |name, value| count(CountGroup::Outcomes, name, value);
    let footprint = |name, value| count(CountGroup::Footprint, name, value);
    let counters = vm.counters();
    let bytes = vm.footprint();
    [
        counter("pte_writes", counters.pte_writes.get()),
        counter("invlpg", counters.invlpg.get()),
        counter("cr3_loads", counters.cr3_loads.get()),
        counter("probes", counters.probes.get()),
        counter("scans", counters.scans.get()),
        counter("allocations", counters.allocations.get()),
        counter("lock_waits", counters.lock_waits.get()),
        outcome("find_exact", counters.find_exact.get()),
        outcome("find_partial", counters.find_partial.get()),
        outcome("find_unknown", counters.find_unknown.get()),
        outcome("freed", counters.freed.get()),
        outcome("migrated", counters.migrated.get()),
        outcome("reclaimed", counters.reclaimed.get()),
        outcome("refused", counters.refused.get()),
        footprint("bytes_per_frame", bytes.bytes_per_frame),
        footprint("bytes_per_vma", bytes.bytes_per_vma),
        footprint("bytes_per_space", bytes.bytes_per_space),
        footprint("metadata_peak_bytes", bytes.metadata_peak),
        footprint("mappings_peak", bytes.mappings_peak),
        footprint("slab_peak_bytes", bytes.slabs_peak),
        footprint("peak_bytes", bytes.scheme_peak),
        footprint("page_table_bytes", bytes.page_tables_peak),
    ]
}
