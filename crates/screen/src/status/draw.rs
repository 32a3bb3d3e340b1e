//! The status as text: six lines at the top of every page, and a seventh for a warning.

use core::fmt;
use core::time::Duration;

use heapless::String;
use wire::Activity;

use super::{Ending, Planned, Running, Stage, Status, cut};
use crate::cell::{COLUMNS, Place, Style};
use crate::page::Page;

/// Lines that the status takes; the last is empty unless there is a warning.
pub const STATUS_ROWS: usize = 7;

/// Where text begins that a label precedes.
const INDENT: usize = 10;

/// Characters that the title has room for on its right.
const TITLE: usize = 42;

/// Characters of the bar that shows progress.
const BAR: u64 = 50;

impl Status {
    /// Draws the upper lines of `page`.
    pub fn draw(&self, page: &mut Page, now: Duration) {
        let Self { machine, checks, .. } = self;
        let version = env!("CARGO_PKG_VERSION");
        let top = |column| Place { row: 0, column };
        page.write(
            top(1),
            Style::Title,
            format_args!("rmapbench {version}, build {}", machine.build_id),
        );
        let kind: String<TITLE> =
            cut(format_args!("{}, {} {}", machine.route, machine.execution, machine.unit));
        page.write(top(COLUMNS - 1 - kind.len()), Style::Title, format_args!("{kind}"));
        page.tint(0, Style::Title);

        let brand = if machine.brand.is_empty() { "a CPU without a name" } else { &machine.brand };
        let mib = machine.memory_kib / 1024;
        label(page, 1, "Machine", Style::Plain, format_args!("{brand}, {mib} MiB to use"));
        match &self.line {
            Some(line) => label(page, 2, "Serial", Style::Plain, format_args!("{line}")),
            None => label(
                page,
                2,
                "Serial",
                Style::Bad,
                format_args!("there is no serial port: the results stay in this machine"),
            ),
        }
        if let Some(plan) = &self.plan {
            label(page, 3, "Plan", Style::Plain, format_args!("{plan}"));
        }
        if !self.warning.is_empty() {
            label(page, 6, "Warning", Style::Bad, format_args!("{}", self.warning));
        }
        self.draw_stage(page, now);
        if checks.failed > 0 {
            label(
                page,
                5,
                "Failed",
                Style::Bad,
                format_args!("{} cells; {}", checks.failed, checks.first),
            );
        }
    }

    fn draw_stage(&self, page: &mut Page, now: Duration) {
        let elapsed = now.saturating_sub(self.started);
        match &self.stage {
            Stage::Booting => {
                label(page, 4, "Now", Style::Plain, format_args!("looking at the machine"));
            }
            Stage::Greeting => {
                label(page, 4, "Now", Style::Plain, format_args!("asking whether a host listens"));
            }
            Stage::Refused(why) => {
                label(page, 4, "Refused", Style::Bad, format_args!("the plan cannot run: {why}"));
            }
            Stage::Running(None) => {
                label(page, 4, "Now", Style::Plain, format_args!("preparing memory"));
            }
            Stage::Running(Some(running)) => self.draw_progress(page, running, elapsed),
            Stage::Finished { after, ending } => self.draw_end(page, *after, *ending),
        }
    }

    fn draw_progress(&self, page: &mut Page, running: &Running, elapsed: Duration) {
        let Running { cell, round, scheme, workload, events } = running;
        let (cells, activity) =
            self.plan.as_ref().map_or((0, Activity::Measure), |plan| (plan.cells, plan.activity));
        let number = cell + 1;
        match activity {
            Activity::Measure => label(
                page,
                4,
                "Now",
                Style::Plain,
                format_args!(
                    "cell {number} of {cells}: {workload} under {scheme}, round {}",
                    round + 1
                ),
            ),
            Activity::Verify { .. } => label(
                page,
                4,
                "Now",
                Style::Plain,
                format_args!(
                    "scheme {number} of {cells}: {events} random events under {scheme} so far"
                ),
            ),
        }
        if self.checks.failed == 0 {
            let done = u64::from(*cell) * BAR / u64::from(cells.max(1));
            label(
                page,
                5,
                "",
                Style::Plain,
                format_args!("[{}] {} s", Bar(done), elapsed.as_secs()),
            );
        }
    }

    fn draw_end(&self, page: &mut Page, after: Duration, ending: Option<Ending>) {
        let (passed, not_run) = (self.checks.passed, self.checks.not_run);
        if self.checks.failed == 0 && not_run > 0 {
            label(
                page,
                5,
                "Checks",
                Style::Bad,
                format_args!("{passed} cells passed; {not_run} need more memory and did not run"),
            );
        } else if self.checks.failed == 0 {
            label(
                page,
                5,
                "Checks",
                Style::Good,
                format_args!(
                    "all {passed} cells passed the check of every page table, in {} s",
                    after.as_secs()
                ),
            );
        }
        match (ending, &self.line) {
            (Some(Ending::Confirmed), _) => {
                label(page, 4, "Results", Style::Good, format_args!("the host has all of them"));
            }
            (Some(Ending::Unconfirmed), Some(_)) => label(
                page,
                4,
                "Results",
                Style::Bad,
                format_args!("no host has confirmed them; they wait here to be collected"),
            ),
            (Some(Ending::Unconfirmed), None) => {
                label(page, 4, "Results", Style::Plain, format_args!("below, and nowhere else"));
            }
            (None, _) => label(page, 4, "Results", Style::Plain, format_args!("are being sent")),
        }
    }
}

/// Writes a line of which the first word is a label.
fn label(page: &mut Page, row: usize, name: &str, style: Style, text: fmt::Arguments<'_>) {
    page.write(Place { row, column: 1 }, Style::Label, format_args!("{name}"));
    let end = page.write(Place { row, column: INDENT }, style, text);
    debug_assert!(end <= COLUMNS, "a page cuts its lines");
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, activity, schemes, workloads, rounds, warm_up, cells } = self;
        match activity {
            Activity::Measure => {
                write!(f, "{name}: {schemes} schemes, {workloads} workloads, {rounds} rounds")?;
                if *warm_up > 0 {
                    write!(f, " after {warm_up} to warm up")?;
                }
                write!(f, ", {cells} cells")
            }
            Activity::Verify { events, .. } => {
                write!(f, "{name}: {events} random events for {schemes} schemes")
            }
        }
    }
}

/// As many of the bar's characters are full.
struct Bar(u64);

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..BAR).try_for_each(|place| f.write_str(if place < self.0 { "#" } else { "." }))
    }
}
