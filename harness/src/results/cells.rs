//! The runs of one cell over all rounds, in the plan's order.

use std::collections::BTreeMap;

use wire::Plan;

use super::{CellEnd, CellRun, OpRun, Run};

/// All rounds of scheme x workload x parameters.
#[derive(Debug)]
pub(super) struct Cell<'r> {
    pub(super) scheme: &'r str,
    pub(super) workload: &'r str,
    pub(super) parameters: &'r BTreeMap<String, u64>,
    /// In order of rounds.
    pub(super) rounds: Vec<&'r CellRun>,
}

/// The cells of a run. A round counts if it came to its end, passed its check, arrived whole and was no
/// warm-up.
pub(super) fn cells(run: &Run) -> Vec<Cell<'_>> {
    let place = |cell: &CellRun| place(run.plan.as_ref(), cell);
    let mut grouped: BTreeMap<_, Vec<&CellRun>> = BTreeMap::new();
    let warm_up = run.plan.as_ref().map_or(0, |plan| plan.warm_up);
    for cell in run.cells.values().filter(|cell| cell.round >= warm_up && counts(cell)) {
        let key = (place(cell), &cell.scheme, &cell.workload, &cell.parameters);
        grouped.entry(key).or_default().push(cell);
    }
    let cells = grouped.into_iter().map(|((_, scheme, workload, parameters), mut rounds)| {
        rounds.sort_by_key(|cell| cell.round);
        Cell { scheme, workload, parameters, rounds }
    });
    cells.collect()
}

fn counts(cell: &CellRun) -> bool {
    cell.end == Some(CellEnd::Passed) && cell.ops.values().all(OpRun::is_whole)
}

/// Where the plan lists scheme and workload; what it does not list comes last. Cells of one workload
/// then follow each other by their parameters.
fn place(plan: Option<&Plan>, cell: &CellRun) -> (usize, usize) {
    let place_of = |found: Option<usize>| found.unwrap_or(usize::MAX);
    let scheme = plan.and_then(|plan| plan.schemes.iter().position(|name| **name == *cell.scheme));
    let named = |each: wire::Workload<'_>| **each.name == *cell.workload;
    let workload = plan.and_then(|plan| plan.workloads.iter().position(named));
    (place_of(scheme), place_of(workload))
}
