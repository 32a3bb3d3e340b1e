//! Tables of figures that fit a page: the ops of one workload under its schemes.

use core::ops::Range;

use heapless::Vec;
use workload::Op;

use super::Figure;
use super::names::Names;
use crate::cell::{COLUMNS, Place, Style};
use crate::page::Page;

/// Lines that a table takes at most.
pub const TABLE_ROWS: usize = 17;

/// Of those, lines with figures.
const BODY: usize = TABLE_ROWS - 2;

/// Blanks between two columns.
const GAP: usize = 2;

/// Ops or schemes, by number.
type Keys = Vec<u8, { Op::COUNT }>;

/// Every table of sorted figures.
#[derive(Clone, Debug)]
pub(super) struct Tables<'s> {
    rest: &'s [Figure],
    names: &'s Names,
    /// The workload whose tables are being made, and the part of it that comes next.
    group: Option<Group<'s>>,
    next: Part,
}

/// Where a table begins in the grid of its workload.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    row: usize,
    column: usize,
}

/// A table that fits a page.
#[derive(Clone, Debug)]
pub(super) struct Table<'s> {
    group: Group<'s>,
    rows: Range<usize>,
    columns: Range<usize>,
}

/// All figures of a workload.
#[derive(Clone, Debug)]
struct Group<'s> {
    figures: &'s [Figure],
    rows: Axis,
    columns: Axis,
}

/// What runs along one side of a grid.
#[derive(Clone, Debug)]
enum Axis {
    Ops(Keys),
    Schemes(Keys),
}

impl<'s> Tables<'s> {
    pub(super) fn new(figures: &'s [Figure], names: &'s Names) -> Self {
        Self { rest: figures, names, group: None, next: Part::default() }
    }

    fn next_group(&mut self) -> Option<Group<'s>> {
        let first = self.rest.first()?;
        let length = self.rest.partition_point(|figure| figure.workload == first.workload);
        let (figures, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.next = Part::default();
        Some(Group::new(figures))
    }
}

impl<'s> Iterator for Tables<'s> {
    type Item = Table<'s>;

    fn next(&mut self) -> Option<Table<'s>> {
        let group = match self.group.take() {
            Some(group) => group,
            None => self.next_group()?,
        };
        let Part { row, column } = self.next;
        let rows = row..(row + BODY).min(group.rows.keys().len());
        let columns = column..group.columns_from(column, self.names);
        self.next = if columns.end < group.columns.keys().len() {
            Part { row, column: columns.end }
        } else {
            Part { row: rows.end, column: 0 }
        };
        if self.next.row < group.rows.keys().len() {
            self.group = Some(group.clone());
        }
        Some(Table { group, rows, columns })
    }
}

impl<'s> Group<'s> {
    /// Along the longer side, a page has more room.
    fn new(figures: &'s [Figure]) -> Self {
        let ops = Axis::Ops(distinct(figures.iter().map(|figure| figure.op)));
        let schemes = Axis::Schemes(distinct(figures.iter().map(|figure| figure.scheme)));
        let (rows, columns) =
            if ops.keys().len() > schemes.keys().len() { (ops, schemes) } else { (schemes, ops) };
        Self { figures, rows, columns }
    }

    /// Where the columns end that fit a page from `first` on; there is always one.
    fn columns_from(&self, first: usize, names: &Names) -> usize {
        let mut left = COLUMNS - 1 - self.label_width(names);
        let widths =
            (first..self.columns.keys().len()).map(|column| GAP + self.width(column, names));
        let fitting = widths.take_while(|&width| match left.checked_sub(width) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        });
        first + fitting.count().max(1)
    }

    fn label_width(&self, names: &Names) -> usize {
        let lengths = self.rows.keys().iter().map(|&key| self.rows.name(key, names).len());
        lengths.max().unwrap_or(0)
    }

    /// Characters that a column's name and figures take.
    fn width(&self, column: usize, names: &Names) -> usize {
        let rows = 0..self.rows.keys().len();
        let digits = rows.filter_map(|row| self.figure(row, column)).map(digits).max().unwrap_or(0);
        digits.max(self.columns.name(self.columns.keys()[column], names).len())
    }

    /// The median over rounds.
    fn figure(&self, row: usize, column: usize) -> Option<u64> {
        let (row, column) = (self.rows.keys()[row], self.columns.keys()[column]);
        let (op, scheme) = match self.rows {
            Axis::Ops(_) => (row, column),
            Axis::Schemes(_) => (column, row),
        };
        let key = |figure: &Figure| (figure.op, figure.scheme);
        let start = self.figures.partition_point(|figure| key(figure) < (op, scheme));
        let end = self.figures.partition_point(|figure| key(figure) <= (op, scheme));
        let rounds = &self.figures[start..end];
        Some(rounds.get(rounds.len().checked_sub(1)? / 2)?.median)
    }
}

impl Axis {
    const fn keys(&self) -> &Keys {
        let (Self::Ops(keys) | Self::Schemes(keys)) = self;
        keys
    }

    fn name<'n>(&self, key: u8, names: &'n Names) -> &'n str {
        match self {
            Self::Ops(_) => Op::ALL[usize::from(key)].name(),
            Self::Schemes(_) => names.scheme_name(key),
        }
    }
}

impl Table<'_> {
    /// Draws the table from line `top` on.
    pub(super) fn draw(&self, names: &Names, unit: &str, page: &mut Page, top: usize) {
        self.draw_heading(names, unit, page, top);
        let Group { rows, columns, .. } = &self.group;
        for (line, row) in (top + 2..).zip(self.rows.clone()) {
            let name = rows.name(rows.keys()[row], names);
            page.write(Place { row: line, column: 1 }, Style::Label, format_args!("{name}"));
        }
        let mut right = 1 + self.group.label_width(names);
        for column in self.columns.clone() {
            let width = self.group.width(column, names);
            let (left, name) = (right + GAP, columns.name(columns.keys()[column], names));
            let place = |row| Place { row, column: left.min(COLUMNS) };
            page.write(place(top + 1), Style::Label, format_args!("{name:>width$}"));
            for (line, row) in (top + 2..).zip(self.rows.clone()) {
                match self.group.figure(row, column) {
                    Some(figure) => {
                        page.write(place(line), Style::Plain, format_args!("{figure:>width$}"))
                    }
                    None => page.write(place(line), Style::Plain, format_args!("{:>width$}", "-")),
                };
            }
            right = left + width;
        }
    }

    fn draw_heading(&self, names: &Names, unit: &str, page: &mut Page, row: usize) {
        let workload =
            self.group.figures.first().and_then(|figure| names.workload_name(figure.workload));
        let (name, parameters) =
            workload.map_or(("?", ""), |workload| (&workload.name, &workload.parameters));
        let place = Place { row, column: 1 };
        let column = page.write(place, Style::Title, format_args!("{name}, median {unit}"));
        if !parameters.is_empty() {
            let place = Place { row, column };
            page.write(place, Style::Title, format_args!("; {parameters}"));
        }
        page.tint(row, Style::Title);
    }
}

/// Each value once, in ascending order.
fn distinct(values: impl Iterator<Item = u8>) -> Keys {
    let mut keys = Keys::new();
    for value in values {
        if let Err(place) = keys.binary_search(&value) {
            // There are fewer schemes than ops, and as many ops as there is room for.
            let _ = keys.insert(place, value);
        }
    }
    keys
}

const fn digits(value: u64) -> usize {
    match value.checked_ilog10() {
        Some(tens) => tens as usize + 1,
        None => 1,
    }
}
