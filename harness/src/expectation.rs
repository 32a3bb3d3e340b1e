//! How long a plan's cells take beside each other, so that one knows how much of a run is left.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use workload::Cell;

use crate::results::CellRun;

/// A cell, whatever the round.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CellKey {
    scheme: String,
    workload: String,
    parameters: BTreeMap<String, u64>,
}

impl CellKey {
    /// Of a cell that will run.
    #[must_use]
    pub fn planned(cell: &Cell<'_>) -> Self {
        let parameters = cell.events.parameters().map(|(name, value)| (name.to_owned(), value));
        Self {
            scheme: cell.scheme.name().to_owned(),
            workload: cell.events.name().to_owned(),
            parameters: parameters.collect(),
        }
    }

    fn ran(cell: &CellRun) -> Self {
        Self {
            scheme: cell.scheme.clone(),
            workload: cell.workload.clone(),
            parameters: cell.parameters.clone(),
        }
    }
}

/// How long each cell of one round takes, on whatever machine; what counts is how they compare.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    cells: HashMap<CellKey, Duration>,
}

impl Expectation {
    /// Adds a cell.
    pub fn add(&mut self, cell: CellKey, time: Duration) {
        self.cells.insert(cell, time);
    }

    /// One round.
    #[must_use]
    pub fn round(&self) -> Duration {
        self.cells.values().sum()
    }

    /// Which share of a run of so many cells is done, 0 to 1, if all of its cells are known.
    #[must_use]
    pub fn share_done<'r>(
        &self,
        announced: u32,
        cells: impl Iterator<Item = &'r CellRun>,
    ) -> Option<f64> {
        let ended = cells.filter(|cell| cell.end.is_some());
        let done: Duration =
            ended.map(|cell| self.cells.get(&CellKey::ran(cell))).sum::<Option<_>>()?;
        let rounds = f64::from(announced) / self.cells.len().max(1) as f64;
        let all = self.round().as_secs_f64() * rounds;
        (all > 0.0).then(|| done.as_secs_f64() / all)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{CellKey, Expectation};
    use crate::results::{CellEnd, CellRun};

    fn key(scheme: &str) -> CellKey {
        let (scheme, workload) = (scheme.to_owned(), "fork-exit".to_owned());
        CellKey { scheme, workload, parameters: [("pages".to_owned(), 7)].into() }
    }

    fn ended(scheme: &str) -> CellRun {
        let CellKey { scheme, workload, parameters } = key(scheme);
        CellRun { scheme, workload, parameters, end: Some(CellEnd::Passed), ..CellRun::default() }
    }

    fn expectation() -> Expectation {
        let mut expectation = Expectation::default();
        expectation.add(key("scan"), Duration::from_secs(9));
        expectation.add(key("pte-next"), Duration::from_secs(1));
        expectation
    }

    #[test]
    fn a_cell_counts_for_as_much_as_it_takes() {
        let share = |cells: &[CellRun]| expectation().share_done(4, cells.iter());
        assert_eq!(share(&[]), Some(0.0));
        assert_eq!(share(&[ended("scan")]), Some(0.45));
        let runs = CellRun { end: None, ..ended("pte-next") };
        assert_eq!(share(&[ended("scan"), runs]), Some(0.45));
    }

    #[test]
    fn nothing_is_said_of_a_run_with_other_cells() {
        assert_eq!(expectation().share_done(4, [ended("hint-any")].iter()), None);
    }
}
