//! Which cells make the rows of a table, and how they are labelled: by the parameters that vary among
//! them, and by scheme.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use rmap::SchemeId;

use crate::document::evidence::{Cell, Measured};
use crate::document::figures::{or_dash, times};
use crate::document::grid::Grid;

/// No reverse map: what costs are compared with.
pub(super) const NOTHING: &str = "scan";

/// The cells of a table, by their parameters and then in the order of the schemes.
#[derive(Debug)]
pub(super) struct Rows<'m> {
    measured: &'m Measured,
    varying: Vec<&'m str>,
    pub(super) cells: Vec<&'m Cell>,
}

impl<'m> Rows<'m> {
    /// Puts `cells` in order; the parameter that is swept furthest leads.
    pub(super) fn new(measured: &'m Measured, cells: impl IntoIterator<Item = &'m Cell>) -> Self {
        let mut cells: Vec<&Cell> = cells.into_iter().collect();
        let names: BTreeSet<&str> =
            cells.iter().flat_map(|cell| cell.params.keys()).map(String::as_str).collect();
        let values = |name: &str| {
            let values: BTreeSet<_> = cells.iter().map(|cell| cell.param(name)).collect();
            values.len()
        };
        let mut varying: Vec<&str> = names.into_iter().filter(|name| values(name) > 1).collect();
        varying.sort_by_key(|name| Reverse(values(name)));
        cells.sort_by_key(|cell| {
            let setting: Vec<_> = varying.iter().map(|name| cell.param(name)).collect();
            (setting, place(&cell.scheme), &cell.scheme)
        });
        Self { measured, varying, cells }
    }

    /// Whether there is nothing to show.
    pub(super) const fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The parameters that all cells share, as they are written on the command line.
    pub(super) fn shared(&self) -> String {
        let Some(cell) = self.cells.first() else { return String::new() };
        let same = cell.params.iter().filter(|(name, _)| !self.varying.contains(&name.as_str()));
        let settings = same.map(|(name, value)| format!("{name}={value}"));
        let words: Vec<String> = std::iter::once(cell.workload.clone()).chain(settings).collect();
        format!("`{}`", words.join(":"))
    }

    /// The parameters of `cell` that vary: `density 8`.
    pub(super) fn setting(&self, cell: &Cell) -> String {
        let each = self.varying.iter().map(|name| format!("{name} {}", or_dash(cell.param(name))));
        each.collect::<Vec<_>>().join(", ")
    }

    /// A table with a row for each cell; `figures` are those of the columns that follow its labels.
    pub(super) fn grid(&self, columns: &[&str], figures: impl Fn(&Cell) -> Vec<String>) -> Grid {
        let labels = self.varying.iter().copied().chain(["scheme"]);
        let mut grid = Grid::new(labels.chain(columns.iter().copied()));
        for cell in &self.cells {
            let labels = self.varying.iter().map(|name| or_dash(cell.param(name)));
            grid.row(labels.chain([cell.scheme.clone()]).chain(figures(cell)));
        }
        grid
    }

    /// The table as text, with the shared parameters in its caption.
    pub(super) fn table(
        &self,
        what: &str,
        columns: &[&str],
        figures: impl Fn(&Cell) -> Vec<String>,
    ) -> String {
        let what = format!("{what}, {}.", self.shared());
        self.grid(columns, figures).markdown(&what, self.measured)
    }

    /// The cells under one scheme.
    pub(super) fn under(&self, scheme: &str) -> impl Iterator<Item = &'m Cell> {
        self.cells.iter().copied().filter(move |cell| cell.scheme == scheme)
    }

    /// The median of an operation, and how often that is what it takes without a reverse map.
    pub(super) fn cost(&self, cell: &Cell, op: &str) -> [String; 2] {
        let factor = self.factor(cell, op).map(|(own, other)| times(own, other));
        [or_dash(cell.median(op)), or_dash(factor)]
    }

    /// The medians of an operation under the cell's scheme and without a reverse map.
    pub(super) fn factor(&self, cell: &Cell, op: &str) -> Option<(u64, u64)> {
        let other = self.measured.under(NOTHING, cell)?.median(op)?;
        Some((cell.median(op)?, other))
    }

    /// The least and the most that an operation under `scheme` costs, as a multiple of what it takes
    /// without a reverse map: `1.05 to 1.67 times`.
    pub(super) fn cost_range(&self, scheme: &str, op: &str) -> Option<String> {
        let factors = self.under(scheme).filter_map(|cell| self.factor(cell, op));
        range(factors).map(|range| format!("{range} times"))
    }
}

/// The least and the most of some quotients.
pub(super) fn range(quotients: impl Iterator<Item = (u64, u64)>) -> Option<String> {
    let mut all: Vec<(u64, u64)> = quotients.filter(|(_, whole)| *whole > 0).collect();
    all.sort_by_key(|&(part, whole)| u128::from(part) * 1_000_000 / u128::from(whole));
    let text = |&(part, whole): &(u64, u64)| times(part, whole);
    let (least, most) = (all.first().map(text)?, all.last().map(text)?);
    Some(if least == most { least } else { format!("{least} to {most}") })
}

/// Where the registry lists a scheme; unknown ones come last.
fn place(scheme: &str) -> usize {
    let known = SchemeId::ALL.iter().position(|id| id.name() == scheme);
    known.unwrap_or(usize::MAX)
}
