//! Everything that a screen shows, kept up to date by the records of a run.

use core::fmt;
use core::time::Duration;

use wire::Record;

use crate::cell::{Place, ROWS, Style, TextScreen};
use crate::keyboard::Turn;
use crate::page::Page;
use crate::status::{Ending, STATUS_ROWS, Status};
use crate::summary::{Figure, Summary, TABLE_ROWS};

/// How long a table is shown if no key is pressed.
const PAGE_TIME: Duration = Duration::from_secs(10);

const _: () = assert!(STATUS_ROWS + TABLE_ROWS < ROWS, "status, table and footer fill the screen");

/// Listens to records and draws what they mean. Nothing is drawn but in [`Display::draw`].
#[derive(Debug)]
pub struct Display<'m> {
    status: Status,
    summary: Summary<'m>,
    tables: usize,
    table: usize,
    /// When the table was turned to.
    turned: Duration,
    page: Page,
    shown: Page,
}

impl<'m> Display<'m> {
    /// An empty screen.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            status: Status::new(),
            summary: Summary::new(),
            tables: 0,
            table: 0,
            turned: Duration::ZERO,
            page: Page::blank(),
            shown: Page::blank(),
        }
    }

    /// Notes which serial line there is, if any.
    pub fn set_line(&mut self, line: Option<fmt::Arguments<'_>>) {
        self.status.set_line(line);
    }

    /// Notes that a host is being looked for.
    pub fn greet(&mut self) {
        self.status.greet();
    }

    /// Keeps the figures in `memory`, of the length that [`crate::summary::figures`] gives.
    pub fn keep_figures(&mut self, memory: &'m mut [Figure]) {
        self.summary.keep_in(memory);
    }

    /// Hears a record; `now` is the time since boot.
    pub fn hear(&mut self, record: &Record<'_>, now: Duration) {
        self.status.hear(record, now);
        self.summary.hear(record);
        if matches!(record, Record::RunFinished) {
            self.tables = self.summary.arrange();
            self.turned = now;
        }
    }

    /// Notes what became of the results, and says whether that is news.
    pub fn end(&mut self, ending: Ending) -> bool {
        self.status.end(ending)
    }

    /// Turns to another table if a key asked for it, or if one has been shown for long. Returns whether the
    /// page has changed.
    pub fn turn(&mut self, asked: Option<Turn>, now: Duration) -> bool {
        let due = now >= self.turned + PAGE_TIME;
        let Some(turn) = asked.or(due.then_some(Turn::Forward)) else { return false };
        self.turned = now;
        let before = self.table;
        self.table = turn.from(before, self.tables);
        self.table != before
    }

    /// Brings `screen`, which shows what was drawn last, up to date.
    pub fn draw(&mut self, now: Duration, screen: &mut impl TextScreen) {
        let page = &mut self.page;
        page.clear();
        self.status.draw(page, now);
        if self.status.is_finished() {
            self.summary.draw(self.table, self.status.unit(), page, STATUS_ROWS);
            draw_footer(page, self.table, self.tables);
        }
        page.draw(&mut self.shown, screen);
    }
}

impl Default for Display<'_> {
    fn default() -> Self {
        Self::new()
    }
}

fn draw_footer(page: &mut Page, table: usize, tables: usize) {
    let place = Place { row: ROWS - 1, column: 1 };
    match tables {
        0 => page.write(place, Style::Label, format_args!("There are no figures to show.")),
        1 => page.write(place, Style::Label, format_args!("Medians, less than 1 % off.")),
        _ => page.write(place, Style::Label, format_args!(
            "Medians, less than 1 % off. Page {} of {tables}; any key turns, Page Up turns back.",
            table + 1
        )),
    };
}

#[cfg(test)]
mod tests;
