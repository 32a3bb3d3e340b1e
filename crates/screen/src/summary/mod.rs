//! The figures of a run, gathered from its records into memory of a size that is known beforehand.
//!
//! A figure is the median of one op in one cell. A workload's figure under a scheme is the median of those
//! over all rounds that count.

mod median;
mod names;
mod table;

use median::Median;
use names::Names;
pub use table::TABLE_ROWS;
use table::Tables;
use wire::{Plan, Record};
use workload::Op;

use crate::page::Page;

/// The median of one op in one cell; orders as tables do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Figure {
    workload: u8,
    op: u8,
    scheme: u8,
    median: u64,
}

impl Figure {
    /// None yet.
    pub const NONE: Self = Self { workload: 0, op: 0, scheme: 0, median: 0 };
}

/// The most figures that `cells` can have, over all rounds.
#[must_use]
pub const fn figures(cells: usize) -> usize {
    cells * Op::COUNT
}

/// Gathers figures.
#[derive(Debug)]
pub struct Summary<'m> {
    memory: &'m mut [Figure],
    used: usize,
    names: Names,
    warm_up: u16,
    cell: Cell,
}

/// The cell whose records are being told.
#[derive(Debug)]
enum Cell {
    /// None, or one that does not count.
    Ignored,
    Counted {
        scheme: u8,
        op: u8,
        median: Option<Median>,
    },
}

impl<'m> Summary<'m> {
    /// No figures, and no room for any.
    #[must_use]
    pub const fn new() -> Self {
        Self { memory: &mut [], used: 0, names: Names::new(), warm_up: 0, cell: Cell::Ignored }
    }

    /// Keeps figures in `memory` from now on; [`figures`] says how many there can be.
    pub fn keep_in(&mut self, memory: &'m mut [Figure]) {
        self.memory = memory;
        self.used = 0;
    }

    /// Takes the figure out of a record, if there is one.
    pub fn hear(&mut self, record: &Record<'_>) {
        match *record {
            Record::RunStarted { plan, .. } => {
                if let Ok(plan) = Plan::decode(plan) {
                    self.warm_up = plan.warm_up;
                    self.names.plan(&plan);
                }
            }
            Record::CellStarted { round, scheme, workload, .. } => {
                self.names.begin_workload(workload);
                self.cell = match self.names.scheme(scheme) {
                    Some(scheme) if round >= self.warm_up => {
                        Cell::Counted { scheme, op: 0, median: None }
                    }
                    _ => Cell::Ignored,
                };
            }
            Record::Parameter { name, value, .. } => self.names.add_parameter(name, value),
            Record::Timed { op, count, min, max, .. } => {
                self.begin_op(op, Median::new(count, min..=max));
            }
            Record::Histogram { buckets, .. } => self.take(buckets),
            Record::CellFinished { .. } => self.cell = Cell::Ignored,
            _ => {}
        }
    }

    /// Puts what was gathered in order. Returns how many tables it makes.
    pub fn arrange(&mut self) -> usize {
        self.memory[..self.used].sort_unstable();
        self.tables().count()
    }

    /// Draws one of the tables from `row` on; nothing if there are not as many.
    pub fn draw(&self, table: usize, unit: &str, page: &mut Page, row: usize) {
        if let Some(table) = self.tables().nth(table) {
            table.draw(&self.names, unit, page, row);
        }
    }

    fn tables(&self) -> Tables<'_> {
        Tables::new(&self.memory[..self.used], &self.names)
    }

    fn begin_op(&mut self, name: &str, begun: Median) {
        let Cell::Counted { op, median, .. } = &mut self.cell else { return };
        let place = Op::ALL.iter().position(|op| op.name() == name);
        *median = place.map(|place| {
            *op = place as u8;
            begun
        });
    }

    fn take(&mut self, buckets: &[u8]) {
        let Cell::Counted { scheme, op, median } = &mut self.cell else { return };
        let Some(found) = median.as_mut().and_then(|median| median.take(buckets)) else { return };
        let (scheme, op) = (*scheme, *op);
        let Some(workload) = self.names.workload() else { return };
        if let Some(place) = self.memory.get_mut(self.used) {
            *place = Figure { workload, op, scheme, median: found };
            self.used += 1;
        }
    }
}

impl Default for Summary<'_> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
