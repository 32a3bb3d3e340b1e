//! An op of a cell by the same op under the reference scheme.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cells::Cell;
use super::{CellRun, OpRun};
use crate::statistics::{Ratio, Sorted, paired, ratio};

/// How much more something costs than under the reference.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The reference scheme's id.
    pub reference: String,
    /// The ratio and what it allows to say.
    #[serde(flatten)]
    pub ratio: Ratio,
}

/// What of an op is compared: its median, or what a unit of work costs.
pub(super) type Figure = fn(&[&OpRun]) -> Option<f64>;

/// The cell with which one is compared, and whether counts are exact.
#[derive(Clone, Copy)]
pub(super) struct Reference<'c, 'r> {
    pub(super) cell: &'c Cell<'r>,
    pub(super) exact: bool,
}

impl Reference<'_, '_> {
    /// The comparison of `op`, if both cells have it. Rounds that one of them lacks are left out; exact
    /// counts are those of all rounds, which are equal.
    pub(super) fn compare(&self, cell: &Cell<'_>, op: &str, figure: Figure) -> Option<Comparison> {
        let ratio = if self.exact {
            Ratio::exact(figure(&runs(cell, op))?, figure(&runs(self.cell, op))?)?
        } else {
            let (costs, references) = (by_round(cell, op, figure), by_round(self.cell, op, figure));
            let pair = |(round, &cost)| Some((cost, *references.get(round)?));
            paired(&costs.iter().filter_map(pair).collect::<Vec<_>>())?
        };
        Some(Comparison { reference: self.cell.scheme.to_owned(), ratio })
    }
}

/// The median of all samples.
pub(super) fn median(runs: &[&OpRun]) -> Option<f64> {
    let values = runs.iter().flat_map(|run| run.values());
    Some(ratio(Sorted::new(values.collect())?.median().into(), 1))
}

/// All operations together, divided by their work.
pub(super) fn per_unit(runs: &[&OpRun]) -> Option<f64> {
    let work = runs.iter().map(|run| Some(run.work.as_ref()?.1));
    let work = work.sum::<Option<u64>>().filter(|&work| work > 0)?;
    Some(ratio(runs.iter().map(|run| u128::from(run.totals.total)).sum(), work))
}

fn runs<'r>(cell: &Cell<'r>, op: &str) -> Vec<&'r OpRun> {
    cell.rounds.iter().filter_map(|round| round.ops.get(op)).collect()
}

fn by_round(cell: &Cell<'_>, op: &str, figure: Figure) -> BTreeMap<u16, f64> {
    let cost = |round: &&CellRun| Some((round.round, figure(&[round.ops.get(op)?])?));
    cell.rounds.iter().filter_map(cost).collect()
}
