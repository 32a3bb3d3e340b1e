//! `summary.json`: every cell with its statistics. A contract: keys stay.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::GrowthSummary;
use super::cells::{Cell, cells};
use super::comparison::{Comparison, Reference, median, per_unit};
use super::growth::growths;
use super::warnings::warnings;
use super::{Execution, OpRun, Phase, Run, SurveyPoint, Unit};
use crate::statistics::{Sorted, median_interval, ratio};

/// Ops in the order in which people think of them; others follow by name.
const OP_ORDER: [&str; 33] = [
    "fork",
    "exec",
    "exit",
    "fault_zero",
    "fault_cow",
    "fault_reuse",
    "fault_swap",
    "fault_file",
    "fault_stack",
    "page_copy",
    "page_zero",
    "mmap",
    "munmap",
    "mprotect",
    "mremap",
    "vma_split",
    "split_huge",
    "write_protect",
    "find",
    "unmap_frame",
    "migrate_frame",
    "age_frame",
    "poison_frame",
    "compact_block",
    "shootdown",
    "empty",
    "invlpg",
    "cr3_reload",
    "cr3_reload_pcid",
    "cr3_reload_pcid_flush",
    "invpcid_one",
    "invpcid_all",
    "pte_copy_floor",
];

/// Keys that are there even if nothing counts them yet.
const COUNTERS: [&str; 9] = [
    "pte_writes",
    "invlpg",
    "cr3_loads",
    "invpcid",
    "ipis",
    "probes",
    "scans",
    "allocations",
    "lock_waits",
];
const OUTCOMES: [&str; 6] =
    ["find_exact", "find_partial", "find_unknown", "freed", "migrated", "refused"];
const FOOTPRINT: [&str; 4] =
    ["bytes_per_frame", "bytes_per_mapping", "peak_bytes", "page_table_bytes"];

/// The whole file.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// 1.
    pub schema_version: u32,
    /// Whether everything arrived.
    pub complete: bool,
    /// What samples are counted in.
    pub unit: Option<Unit>,
    /// How the guest was executed.
    pub execution: Option<Execution>,
    /// TSC cycles in a second.
    pub tsc_hz: Option<u64>,
    /// What is wrong although all arrived, a sentence each, with the mend.
    pub warnings: Vec<String>,
    /// The cells in the plan's order.
    pub cells: Vec<CellSummary>,
    /// How costs grow along the plan's sweeps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub growth: Vec<GrowthSummary>,
}

/// One cell over all rounds.
#[derive(Clone, Debug, Serialize)]
pub struct CellSummary {
    /// The scheme's id.
    pub scheme: String,
    /// The workload's id.
    pub workload: String,
    /// Every parameter.
    pub params: BTreeMap<String, u64>,
    /// CPUs that took part.
    pub cpus: Option<u16>,
    /// Rounds that count.
    pub rounds: usize,
    /// What was timed.
    pub ops: Vec<OpSummary>,
    /// Sums over all rounds.
    pub counters: BTreeMap<String, Option<u64>>,
    /// Sums over all rounds.
    pub outcomes: BTreeMap<String, Option<u64>>,
    /// Its parts, in the first round that counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<Phase>,
    /// How much the scheme knew, from one survey to the next, in the first round that counts: rounds
    /// do the same and know the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub surveys: Vec<SurveyPoint>,
    /// The most of any round.
    pub footprint: BTreeMap<String, Value>,
}

/// One op of a cell; times in the run's unit.
#[derive(Clone, Debug, Serialize)]
pub struct OpSummary {
    /// Its name.
    pub op: String,
    /// How many were timed.
    pub n: u64,
    /// Their sum.
    pub total: u64,
    /// The least.
    pub min: u64,
    /// The median.
    pub p50: u64,
    /// 90 % are not above.
    pub p90: u64,
    /// 99 %.
    pub p99: u64,
    /// 99.9 %.
    pub p999: u64,
    /// The most.
    pub max: u64,
    /// The arithmetic mean.
    pub mean: f64,
    /// The median absolute deviation.
    pub mad: u64,
    /// 95 % interval of the median; none on exact machines, where all runs are equal.
    pub ci95: Option<[u64; 2]>,
    /// Samples above `outlier_fence`.
    pub outliers: u64,
    /// The greatest value that is no outlier.
    pub outlier_fence: u64,
    /// The median by that under the reference scheme, round by round; nothing for the reference itself.
    pub ratio: Option<Comparison>,
    /// The cost of one unit of work.
    pub per: Option<Per>,
}

/// An op's cost by its work.
#[derive(Clone, Debug, Serialize)]
pub struct Per {
    /// `pte`, `vma`, `probe` or `page`.
    pub unit: String,
    /// Units of work over all samples.
    pub count: u64,
    /// Time of all samples by `count`, nothing if there was no work.
    pub value: Option<f64>,
    /// `value` by that under the reference scheme, round by round.
    pub ratio: Option<Comparison>,
}

impl Summary {
    /// The summary of a run. Schemes are compared with `reference`, by default the plan's first.
    pub fn of(run: &Run, complete: bool, reference: Option<&str>) -> Self {
        let execution = Execution::of(run);
        let cpus = run.plan.as_ref().map(|plan| plan.cpus);
        let seed = run.plan.as_ref().map_or(0, |plan| plan.seed);
        let intervals = if execution == Some(Execution::Exact) { None } else { Some(seed) };
        let cells = cells(run);
        let first = run.plan.as_ref().and_then(|plan| Some(plan.schemes.first()?.as_str()));
        let scheme = reference.or(first);
        let reference = |cell: &Cell<'_>| {
            let alike = |other: &&Cell<'_>| {
                Some(other.scheme) == scheme
                    && other.scheme != cell.scheme
                    && (other.workload, other.parameters) == (cell.workload, cell.parameters)
            };
            let cell = cells.iter().find(alike)?;
            Some(Reference { cell, exact: execution == Some(Execution::Exact) })
        };
        let warnings = warnings(&cells, execution, run.number("tsc_hz"));
        let summaries =
            cells.iter().map(|cell| cell_summary(cell, cpus, intervals, reference(cell)));
        let cells: Vec<_> = summaries.collect();
        Self {
            schema_version: 1,
            complete,
            unit: execution.map(Execution::unit),
            execution,
            tsc_hz: run.number("tsc_hz"),
            warnings,
            growth: growths(&cells),
            cells,
        }
    }
}

/// `intervals` is the seed by which they are drawn, if they mean anything.
fn cell_summary(
    cell: &Cell<'_>,
    cpus: Option<u16>,
    intervals: Option<u64>,
    reference: Option<Reference<'_, '_>>,
) -> CellSummary {
    let summary = |op| op_summary(cell, op, intervals, reference);
    CellSummary {
        scheme: cell.scheme.to_owned(),
        workload: cell.workload.to_owned(),
        params: cell.parameters.clone(),
        cpus,
        rounds: cell.rounds.len(),
        ops: op_names(cell).into_iter().filter_map(summary).collect(),
        counters: sums(&COUNTERS, cell.rounds.iter().map(|round| &round.counters)),
        outcomes: sums(&OUTCOMES, cell.rounds.iter().map(|round| &round.outcomes)),
        phases: cell.rounds.first().map(|round| round.phases.clone()).unwrap_or_default(),
        surveys: cell.rounds.first().map(|round| round.surveys.clone()).unwrap_or_default(),
        footprint: footprint(cell.rounds.iter().map(|round| &round.footprint)),
    }
}

fn op_names<'r>(cell: &Cell<'r>) -> Vec<&'r str> {
    let mut names: Vec<&str> =
        cell.rounds.iter().flat_map(|round| round.ops.keys()).map(String::as_str).collect();
    let place = |name: &str| OP_ORDER.iter().position(|op| *op == name).unwrap_or(OP_ORDER.len());
    names.sort_by_key(|name| (place(name), *name));
    names.dedup();
    names
}

fn op_summary(
    cell: &Cell<'_>,
    op: &str,
    intervals: Option<u64>,
    reference: Option<Reference<'_, '_>>,
) -> Option<OpSummary> {
    let runs = || cell.rounds.iter().filter_map(|round| round.ops.get(op));
    let all = Sorted::new(runs().flat_map(OpRun::values).collect())?;
    let rounds: Vec<Sorted> = runs().filter_map(|run| Sorted::new(run.values())).collect();
    let total: u128 = runs().map(|run| u128::from(run.totals.total)).sum();
    Some(OpSummary {
        op: op.to_owned(),
        n: all.count(),
        total: u64::try_from(total).unwrap_or(u64::MAX),
        min: all.quantile(0),
        p50: all.median(),
        p90: all.quantile(900),
        p99: all.quantile(990),
        p999: all.quantile(999),
        max: all.quantile(1000),
        mean: ratio(total, all.count()),
        mad: all.mad(),
        ci95: intervals.and_then(|seed| median_interval(&rounds, seed)),
        outliers: all.outliers(),
        outlier_fence: all.fence(),
        ratio: reference.and_then(|reference| reference.compare(cell, op, median)),
        per: per(runs().filter_map(|run| run.work.as_ref()), total).map(|per| Per {
            ratio: reference.and_then(|reference| reference.compare(cell, op, per_unit)),
            ..per
        }),
    })
}

fn per<'r>(work: impl Iterator<Item = &'r (String, u64)>, time: u128) -> Option<Per> {
    let per = work.fold(None, |so_far: Option<Per>, (unit, count)| {
        let before = so_far.map_or(0, |per| per.count);
        Some(Per {
            unit: unit.clone(),
            count: before.saturating_add(*count),
            value: None,
            ratio: None,
        })
    })?;
    let value = (per.count > 0).then(|| ratio(time, per.count));
    Some(Per { value, ..per })
}

fn sums<'r>(
    keys: &[&str],
    rounds: impl Iterator<Item = &'r BTreeMap<String, u64>>,
) -> BTreeMap<String, Option<u64>> {
    let mut sums: BTreeMap<String, Option<u64>> =
        keys.iter().map(|key| ((*key).to_owned(), None)).collect();
    for (name, value) in rounds.flatten() {
        let sum = sums.entry(name.clone()).or_default();
        *sum = Some(sum.unwrap_or(0).saturating_add(*value));
    }
    sums
}

fn footprint<'r>(
    rounds: impl Iterator<Item = &'r BTreeMap<String, u64>>,
) -> BTreeMap<String, Value> {
    let mut most: BTreeMap<String, u64> = BTreeMap::new();
    for (name, value) in rounds.flatten() {
        let so_far = most.entry(name.clone()).or_default();
        *so_far = (*so_far).max(*value);
    }
    let per_mapping = bytes_per_mapping(&most);
    let mut figures: BTreeMap<String, Value> =
        FOOTPRINT.iter().map(|key| ((*key).to_owned(), Value::Null)).collect();
    figures.extend(most.into_iter().map(|(name, value)| (name, Value::from(value))));
    if let Some(bytes) = per_mapping {
        figures.insert("bytes_per_mapping".to_owned(), Value::from(bytes));
    }
    figures
}

/// The scheme's metadata frames spread over the pages mapped, both at their peak.
fn bytes_per_mapping(figures: &BTreeMap<String, u64>) -> Option<f64> {
    let mappings = *figures.get("mappings_peak")?;
    let bytes = *figures.get("metadata_peak_bytes")?;
    (mappings > 0).then(|| ratio(bytes.into(), mappings))
}
