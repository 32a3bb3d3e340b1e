//! What a run's records say, put together. Names and numbers come from outside, so names must look
//! like names, and what is kept has a bound.

use std::collections::BTreeMap;

use serde::Serialize;
use wire::{Group, Plan, Record, Refusal, Value, samples};

use super::OpRun;
use super::op_run::Totals;

/// The most samples that are kept, and the most values that are counted in buckets.
const MAX_SAMPLES: usize = 64 << 20;

/// The most of everything else: facts, cells, parameters, counts.
const MAX_ENTRIES: usize = 1 << 20;

/// The longest name.
const MAX_NAME: usize = 64;

/// A run as far as it was told.
#[derive(Debug, Default)]
pub struct Run {
    /// What the guest found out about its machine.
    pub facts: BTreeMap<String, Fact>,
    /// The plan that runs.
    pub plan: Option<Plan>,
    /// How many cells there will be over all rounds.
    pub announced_cells: u32,
    /// The cells by their number, which is the order in which they ran.
    pub cells: BTreeMap<u32, CellRun>,
    /// Why the guest did not run the plan.
    pub refusal: Option<Refused>,
    /// What the guest ran into.
    pub crash: Option<CrashReport>,
    /// Whether all cells are done.
    pub finished: bool,
    /// Records that made no sense or were too much.
    pub rejected_records: u64,
    samples_counted: usize,
    values_counted: usize,
    entries_kept: usize,
}

/// A fact's value as it appears in `run.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Fact {
    /// A number.
    Number(u64),
    /// Text, or a register in hexadecimal.
    Text(String),
    /// Yes or no.
    Flag(bool),
}

/// One run of one cell.
#[derive(Debug, Default)]
pub struct CellRun {
    /// The round, from 0.
    pub round: u16,
    /// The scheme's id.
    pub scheme: String,
    /// The workload's id.
    pub workload: String,
    /// Every parameter.
    pub parameters: BTreeMap<String, u64>,
    /// What was timed, by op.
    pub ops: BTreeMap<String, OpRun>,
    /// Counters.
    pub counters: BTreeMap<String, u64>,
    /// Outcomes.
    pub outcomes: BTreeMap<String, u64>,
    /// Its parts, in the order in which they ended.
    pub phases: Vec<Phase>,
    /// How much the scheme knew, from one survey to the next.
    pub surveys: Vec<SurveyPoint>,
    /// Footprint figures.
    pub footprint: BTreeMap<String, u64>,
    /// How far random events came, in a cell of them.
    pub verified: Option<Verified>,
    /// The random event that did not do what it should.
    pub mismatch: Option<Mismatch>,
    /// How the cell ended, if it did.
    pub end: Option<CellEnd>,
}

/// A part of a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Phase {
    /// Its name.
    pub phase: String,
    /// How many operations were timed.
    pub operations: u64,
    /// Their sum, in the run's unit.
    pub total: u64,
    /// The scheme's metadata frames at its end.
    pub metadata_bytes: u64,
    /// Page tables at its end.
    pub page_table_bytes: u64,
    /// Address spaces and VMAs at its end, the scheme's words in them included.
    pub slab_bytes: u64,
    /// Pages mapped at its end, each as often as it is.
    pub mappings: u64,
}

/// Anonymous pages that were mapped at one moment, by what the scheme knew of their users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SurveyPoint {
    /// All of them.
    pub exact: u32,
    /// Some of them.
    pub partial: u32,
    /// None of them.
    pub unknown: u32,
}

/// How far random events came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Events that did what they should.
    pub events: u64,
    /// Times that everything was checked against the oracle.
    pub checks: u64,
}

/// A random event that did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The seed of the world in which it happened.
    pub seed: u64,
    /// Which of that world, from 1.
    pub event: u64,
    /// What is wrong, as a clause.
    pub what: String,
}

/// How a cell ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CellEnd {
    /// The check after it found nothing.
    Passed,
    /// What went wrong.
    Failed(String),
    /// The machine has too little memory for it.
    NotRun {
        /// What it needs in one piece, in MiB.
        needed_mib: u32,
        /// As much there is in one piece, in MiB.
        present_mib: u32,
    },
}

/// Why the guest did not run the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Memory is too small.
    Memory {
        /// What the plan needs in the whole machine, in MiB.
        needed_mib: u32,
        /// What the machine has, in MiB.
        present_mib: u32,
    },
    /// The plan has more cells than a guest can put in order.
    Cells {
        /// Cells of one round.
        planned: u32,
        /// As many can be.
        most: u32,
    },
    /// A scheme cannot serve as much memory as the plan needs.
    Reach {
        /// The scheme.
        scheme: String,
        /// What the plan needs for processes and page tables, in MiB.
        needed_mib: u32,
        /// As much the scheme can serve, in MiB.
        most_mib: u32,
    },
    /// The guest does not know a name in the plan.
    Unknown {
        /// `scheme`, `workload` or `parameter`.
        what: String,
        /// The name.
        name: String,
    },
}

/// A CPU exception or panic in the guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CrashReport {
    /// Such as `page fault`, or the panic's message.
    pub what: String,
    /// Interrupt vector, none for a panic.
    pub vector: Option<u8>,
    /// The CPU's error code.
    pub error_code: u64,
    /// CR2.
    pub fault_address: u64,
    /// The CPU on which it happened, by its local APIC's number.
    pub cpu: u32,
    /// The cell that was running.
    pub cell: Option<u32>,
    /// What was being done, in words; empty if that is unknown.
    pub doing: String,
    /// rax rbx rcx rdx rsi rdi rbp rsp r8..r15 rip rflags, 0 where unknown.
    pub registers: [u64; 18],
    /// Return addresses, innermost first.
    pub backtrace: Vec<u64>,
}

/// A record that is not taken.
pub(super) struct Rejected;

impl Run {
    /// Takes a record; one that makes no sense is counted and otherwise ignored.
    pub fn take(&mut self, record: &Record<'_>) {
        if self.try_take(record).is_err() {
            self.reject();
        }
    }

    /// Counts a record that cannot even be read.
    pub fn reject(&mut self) {
        self.rejected_records += 1;
    }

    /// How many cells are over.
    pub fn cells_done(&self) -> usize {
        self.cells.values().filter(|cell| cell.end.is_some()).count()
    }

    /// A fact that is a text.
    pub fn text(&self, fact: &str) -> Option<&str> {
        match self.facts.get(fact)? {
            Fact::Text(text) => Some(text),
            Fact::Number(_) | Fact::Flag(_) => None,
        }
    }

    /// A fact that is a number.
    pub fn number(&self, fact: &str) -> Option<u64> {
        match self.facts.get(fact)? {
            Fact::Number(number) => Some(*number),
            Fact::Text(_) | Fact::Flag(_) => None,
        }
    }

    fn try_take(&mut self, record: &Record<'_>) -> Result<(), Rejected> {
        match record {
            Record::Fact { name, value } => {
                let name = self.new_name(name)?;
                self.facts.insert(name, fact(value));
            }
            Record::Refused(refusal) => self.refusal = Some(refused(refusal)),
            Record::RunStarted { cells, plan } => {
                self.announced_cells = *cells;
                self.plan = Some(Plan::decode(plan).map_err(|_| Rejected)?);
            }
            Record::CellStarted { cell, round, scheme, workload } => {
                let (scheme, workload) = (self.new_name(scheme)?, self.new_name(workload)?);
                let started = CellRun { round: *round, scheme, workload, ..CellRun::default() };
                self.cells.entry(*cell).or_insert(started);
            }
            Record::Parameter { cell, name, value } => {
                let name = self.new_name(name)?;
                self.cell(*cell)?.parameters.insert(name, *value);
            }
            Record::Timed { cell, op, count, total, min, max } => {
                let totals = Totals { count: *count, total: *total, min: *min, max: *max };
                if totals.min > totals.max {
                    return Err(Rejected);
                }
                self.op(*cell, op)?.totals = totals;
            }
            Record::Histogram { cell, op, first, buckets } => {
                self.take_buckets(*cell, op, *first, buckets)?;
            }
            Record::Phase { cell, name, operations, total, memory } => {
                let phase = self.new_name(name)?;
                self.cell(*cell)?.phases.push(Phase {
                    phase,
                    operations: *operations,
                    total: *total,
                    metadata_bytes: memory.metadata_bytes,
                    page_table_bytes: memory.page_table_bytes,
                    slab_bytes: memory.slab_bytes,
                    mappings: memory.mappings,
                });
            }
            Record::Samples { cell, op, first, values } => {
                self.take_samples(*cell, op, *first, values)?;
            }
            Record::Work { cell, op, unit, count } => {
                let unit = self.new_name(unit)?;
                self.op(*cell, op)?.work = Some((unit, *count));
            }
            Record::Count { cell, group, name, value } => {
                let name = self.new_name(name)?;
                let cell = self.cell(*cell)?;
                let counts = match group {
                    Group::Counters => &mut cell.counters,
                    Group::Outcomes => &mut cell.outcomes,
                    Group::Footprint => &mut cell.footprint,
                };
                counts.insert(name, *value);
            }
            Record::Survey { cell, number, exact, partial, unknown } => {
                let point = SurveyPoint { exact: *exact, partial: *partial, unknown: *unknown };
                self.take_survey(*cell, *number, point)?;
            }
            Record::Verified { cell, events, checks } => {
                let verified = Verified { events: *events, checks: *checks };
                self.cell(*cell)?.verified = Some(verified);
            }
            Record::Mismatch { cell, seed, event, what } => {
                let mismatch = Mismatch { seed: *seed, event: *event, what: shown(what) };
                self.cell(*cell)?.mismatch = Some(mismatch);
            }
            Record::CellFinished { cell, failure } => {
                let end = failure.map_or(CellEnd::Passed, |what| CellEnd::Failed(shown(what)));
                self.cell(*cell)?.end = Some(end);
            }
            Record::CellNotRun { cell, needed_mib, present_mib } => {
                let (needed_mib, present_mib) = (*needed_mib, *present_mib);
                self.cell(*cell)?.end = Some(CellEnd::NotRun { needed_mib, present_mib });
            }
            Record::Crash(crash) => self.crash = Some(crash_report(crash)),
            Record::RunFinished => self.finished = true,
        }
        Ok(())
    }

    fn cell(&mut self, number: u32) -> Result<&mut CellRun, Rejected> {
        self.cells.get_mut(&number).ok_or(Rejected)
    }

    fn take_samples(
        &mut self,
        cell: u32,
        op: &str,
        first: u32,
        values: &[u8],
    ) -> Result<(), Rejected> {
        let room = MAX_SAMPLES - self.samples_counted;
        let mut decoded = samples::decode(values);
        let mut count = 0;
        let read = decoded.by_ref().take(room).try_for_each(|sample| sample.map(|_| count += 1));
        let is_all = read.is_ok() && decoded.next().is_none();
        // Those of a bad record count as well, as looking through it takes time.
        self.samples_counted += count;
        let piece = self.op(cell, op)?.piece_at(first)?;
        if !is_all {
            return Err(Rejected);
        }
        piece.take(values, count);
        Ok(())
    }

    fn take_buckets(
        &mut self,
        cell: u32,
        op: &str,
        first: u64,
        buckets: &[u8],
    ) -> Result<(), Rejected> {
        let mut room = MAX_SAMPLES - self.values_counted;
        let op = self.op(cell, op)?;
        let decoded = samples::decode(buckets).map(|bucket| {
            room = room.checked_sub(1).ok_or(Rejected)?;
            bucket.map_err(|_| Rejected)
        });
        let taken = op.take_buckets(first, decoded);
        self.values_counted = MAX_SAMPLES - room;
        taken
    }

    /// Takes the point that comes next; behind a lost one, none has its place.
    fn take_survey(&mut self, cell: u32, number: u32, point: SurveyPoint) -> Result<(), Rejected> {
        if self.entries_kept >= MAX_ENTRIES {
            return Err(Rejected);
        }
        let surveys = &mut self.cell(cell)?.surveys;
        if surveys.len() as u64 != u64::from(number) {
            return Err(Rejected);
        }
        surveys.push(point);
        self.entries_kept += 1;
        Ok(())
    }

    fn op(&mut self, cell: u32, name: &str) -> Result<&mut OpRun, Rejected> {
        if !self.cell(cell)?.ops.contains_key(name) {
            let name = self.new_name(name)?;
            self.cell(cell)?.ops.insert(name, OpRun::default());
        }
        self.cell(cell)?.ops.get_mut(name).ok_or(Rejected)
    }

    fn new_name(&mut self, name: &str) -> Result<String, Rejected> {
        // A scheme may have an option: `pte-next:link=4`.
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:=".contains(c);
        let is_name = !name.is_empty() && name.len() <= MAX_NAME && name.chars().all(plain);
        if !is_name || self.entries_kept >= MAX_ENTRIES {
            return Err(Rejected);
        }
        self.entries_kept += 1;
        Ok(name.to_owned())
    }
}

fn fact(value: &Value<'_>) -> Fact {
    match *value {
        Value::Number(number) => Fact::Number(number),
        Value::Hex(register) => Fact::Text(format!("{register:#x}")),
        Value::Text(text) => Fact::Text(shown(text)),
        Value::Flag(flag) => Fact::Flag(flag),
    }
}

fn refused(refusal: &Refusal<'_>) -> Refused {
    match *refusal {
        Refusal::Memory { needed_mib, present_mib } => Refused::Memory { needed_mib, present_mib },
        Refusal::Cells { planned, most } => Refused::Cells { planned, most },
        Refusal::Reach { scheme, needed_mib, most_mib } => {
            Refused::Reach { scheme: shown(scheme), needed_mib, most_mib }
        }
        Refusal::Unknown { what, name } => {
            Refused::Unknown { what: shown(what), name: shown(name) }
        }
    }
}

fn crash_report(crash: &wire::Crash<'_>) -> CrashReport {
    CrashReport {
        what: shown(crash.what),
        vector: crash.vector,
        error_code: crash.error_code,
        fault_address: crash.fault_address,
        cpu: crash.cpu,
        cell: crash.cell,
        doing: shown(crash.doing),
        registers: crash.registers,
        backtrace: crash.backtrace.to_vec(),
    }
}

/// Text from outside as it may go to a terminal: no control characters.
pub fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use wire::Record;

    use super::Run;

    #[test]
    fn times_whose_least_is_above_their_most_make_no_sense() {
        let mut run = Run::default();
        run.take(&Record::CellStarted { cell: 0, round: 0, scheme: "scan", workload: "fork-exit" });
        for (min, max, rejected) in [(96, 100, 0), (100, 100, 0), (100, 96, 1)] {
            run.take(&Record::Timed { cell: 0, op: "fork", count: 8, total: 800, min, max });
            assert_eq!(run.rejected_records, rejected, "{min} to {max}");
        }
    }
}
