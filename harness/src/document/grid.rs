//! A table in Markdown with its caption.

use std::fmt::Write;

use super::evidence::Measured;

/// Rows of figures.
#[derive(Debug)]
pub struct Grid {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Grid {
    /// A table with these columns.
    pub fn new(header: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { header: header.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table under a caption that holds for each of its numbers: what they are, and how they were
    /// measured.
    pub fn markdown(&self, what: &str, measured: &Measured) -> String {
        let mut text = format!("{}\n\n", caption(what, measured));
        let widths: Vec<usize> = (0..self.header.len()).map(|column| self.width(column)).collect();
        let mut line = |cells: &[String]| {
            for (cell, width) in cells.iter().zip(&widths) {
                let _ = write!(text, "| {cell:>width$} ");
            }
            text.push_str("|\n");
        };
        line(&self.header);
        let rules: Vec<String> =
            widths.iter().map(|width| format!("{}:", "-".repeat(width - 1))).collect();
        line(&rules);
        for row in &self.rows {
            line(row);
        }
        text
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells
            .chain(self.header.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
            .max(2)
    }
}

fn caption(what: &str, measured: &Measured) -> String {
    let Measured { class, unit, plan, seed, rounds, command, complete, .. } = measured;
    let times = if *rounds == 1 { "round" } else { "rounds" };
    let state = if *complete { "" } else { "; the result is incomplete" };
    format!(
        "**{what}** Times in {unit}, class {class}; plan {plan}, seed {seed}, {rounds} {times}{state}; \
         made by `{command}`."
    )
}
