//! How long a plan's cells take beside each other, so that one knows how much of a run is left.

use std::collections::HashMap;
use std::time::Duration;

use crate::results::CellRun;
use crate::statistics::ratio;

/// How long each cell of one round takes, on whatever machine; what counts is how they compare.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// By their titles.
    cells: HashMap<String, Duration>,
}

impl Expectation {
    /// Adds the cell with this title.
    pub fn add(&mut self, title: String, time: Duration) {
        self.cells.insert(title, time);
    }

    /// One round.
    #[must_use]
    pub fn round(&self) -> Duration {
        self.cells.values().sum()
    }

    /// What a cell of the rehearsal took, in seconds.
    fn weight(&self, cell: &CellRun) -> Option<f64> {
        self.cells.get(&cell.title()).map(Duration::as_secs_f64)
    }
}

/// How long a run goes on. A cell takes so much by itself (a fresh machine, its check, the line), and so
/// many times what it took in the rehearsal: both are fitted, by least squares, to the cells that ended.
#[derive(Clone, Debug)]
pub struct Pace {
    expectation: Expectation,
    ended: usize,
    weight_ended: f64,
    looked: Duration,
    /// Sums over all looks of products of cells, their weight, and the seconds they took.
    cells_cells: f64,
    cells_weight: f64,
    weight_weight: f64,
    cells_time: f64,
    weight_time: f64,
}

impl Pace {
    /// Of a run that has not begun.
    #[must_use]
    pub fn new(expectation: Expectation) -> Self {
        Self {
            expectation,
            ended: 0,
            weight_ended: 0.0,
            looked: Duration::ZERO,
            cells_cells: 0.0,
            cells_weight: 0.0,
            weight_weight: 0.0,
            cells_time: 0.0,
            weight_time: 0.0,
        }
    }

    /// Takes note of the cells that have ended by now; nothing that is unknown to the rehearsal counts.
    pub fn look<'r>(&mut self, elapsed: Duration, cells: impl Iterator<Item = &'r CellRun>) {
        let ended: Vec<_> = cells.filter(|cell| cell.end.is_some()).collect();
        if ended.len() <= self.ended {
            return;
        }
        let weight: f64 = ended.iter().filter_map(|cell| self.expectation.weight(cell)).sum();
        let cells = ratio((ended.len() - self.ended) as u128, 1);
        let (more, time) =
            (weight - self.weight_ended, elapsed.saturating_sub(self.looked).as_secs_f64());
        self.cells_cells += cells * cells;
        self.cells_weight += cells * more;
        self.weight_weight += more * more;
        self.cells_time += cells * time;
        self.weight_time += more * time;
        (self.ended, self.weight_ended, self.looked) = (ended.len(), weight, elapsed);
    }

    /// How long it goes on, in a run of `announced` cells.
    #[must_use]
    pub fn left(&self, announced: u32) -> Option<Duration> {
        let (each, times) = self.fit()?;
        let planned = ratio(self.expectation.cells.len() as u128, 1).max(1.0);
        let weight = self.expectation.round().as_secs_f64() / planned * f64::from(announced);
        let cells = f64::from(announced) - ratio(self.ended as u128, 1);
        let seconds = each * cells.max(0.0) + times * (weight - self.weight_ended).max(0.0);
        Duration::try_from_secs_f64(seconds).ok()
    }

    /// Seconds that a cell takes by itself, and how many times its weight; neither is negative.
    fn fit(&self) -> Option<(f64, f64)> {
        if self.ended == 0 {
            return None;
        }
        let determinant = self.cells_cells * self.weight_weight - self.cells_weight.powi(2);
        let each = self.cells_time * self.weight_weight - self.weight_time * self.cells_weight;
        let times = self.weight_time * self.cells_cells - self.cells_time * self.cells_weight;
        if determinant > 0.0 && each >= 0.0 && times >= 0.0 {
            return Some((each / determinant, times / determinant));
        }
        if each < 0.0 && self.weight_weight > 0.0 {
            return Some((0.0, self.weight_time / self.weight_weight));
        }
        Some((self.cells_time / self.cells_cells, 0.0))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Expectation, Pace};
    use crate::results::{CellEnd, CellRun};

    fn ended(scheme: &str) -> CellRun {
        let (scheme, workload) = (scheme.to_owned(), "fork-exit".to_owned());
        let parameters = [("pages".to_owned(), 7)].into();
        CellRun { scheme, workload, parameters, end: Some(CellEnd::Passed), ..CellRun::default() }
    }

    /// Of a round with a cell of 8 seconds and two of 1.
    fn pace() -> Pace {
        let mut expectation = Expectation::default();
        for (scheme, seconds) in [("scan", 8), ("pte-next", 1), ("hint-any", 1)] {
            expectation.add(ended(scheme).title(), Duration::from_secs(seconds));
        }
        Pace::new(expectation)
    }

    fn after(pace: &mut Pace, seconds: u64, cells: &[CellRun]) -> Option<u64> {
        pace.look(Duration::from_secs(seconds), cells.iter());
        Some(pace.left(6)?.as_secs())
    }

    #[test]
    fn a_cell_counts_for_what_it_takes_by_itself_and_as_many_times_as_the_rehearsal() {
        let mut pace = pace();
        assert_eq!(after(&mut pace, 0, &[]), None);
        // Three seconds each, and ten times the rehearsal.
        let mut cells = vec![ended("pte-next")];
        assert_eq!(after(&mut pace, 13, &cells), Some(13 * 5), "nothing is known of weight yet");
        cells.push(ended("scan"));
        assert_eq!(after(&mut pace, 13 + 83, &cells), Some(4 * 3 + 11 * 10));
        cells.push(CellRun { end: None, ..ended("hint-any") });
        assert_eq!(after(&mut pace, 100, &cells), Some(4 * 3 + 11 * 10), "it runs");
    }

    #[test]
    fn cells_that_nobody_rehearsed_count_by_themselves() {
        let mut pace = pace();
        assert_eq!(after(&mut pace, 7, &[ended("vma-offset")]), Some(7 * 5));
    }
}
