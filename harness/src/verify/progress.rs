//! How far random events are, on standard error, and how long each scheme took.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::progress::Progress;
use crate::results::Run;
use crate::session::Observer;

/// When the cells began and ended, by the arrival of what they said.
#[derive(Debug, Default)]
pub struct Stopwatch {
    began: BTreeMap<u32, Instant>,
    took: BTreeMap<u32, Duration>,
}

impl Stopwatch {
    fn look(&mut self, run: &Run) {
        let Some((&newest, cell)) = run.cells.last_key_value() else { return };
        let began = *self.began.entry(newest).or_insert_with(Instant::now);
        if cell.end.is_some() {
            self.took.entry(newest).or_insert_with(|| began.elapsed());
        }
    }

    /// How long a cell took, or has taken so far.
    #[must_use]
    pub fn took(&self, cell: u32) -> Duration {
        let so_far = || self.began.get(&cell).map_or(Duration::ZERO, Instant::elapsed);
        self.took.get(&cell).copied().unwrap_or_else(so_far)
    }
}

/// Shows progress and measures.
#[derive(Debug)]
pub struct VerifyProgress {
    shown: Progress,
    events: u64,
    stopwatch: Stopwatch,
}

impl VerifyProgress {
    /// For `events` events in total.
    #[must_use]
    pub fn new(shown: Progress, events: u64) -> Self {
        Self { shown, events, stopwatch: Stopwatch::default() }
    }

    /// Shows no more.
    #[must_use]
    pub fn into_stopwatch(self) -> Stopwatch {
        self.stopwatch
    }
}

impl Observer for VerifyProgress {
    fn console(&mut self, text: &str) {
        self.shown.console(text);
    }

    fn remark(&mut self, remark: &str) {
        self.shown.remark(remark);
    }

    fn progressed(&mut self, run: &Run) -> ControlFlow<()> {
        self.stopwatch.look(run);
        if let Some(cell) = run.cells.values().last() {
            let happened = |cell: &crate::results::CellRun| cell.verified.map(|v| v.events);
            let done = run.cells.values().filter_map(happened).sum();
            self.shown.count("event", done, self.events, &cell.scheme);
        }
        ControlFlow::Continue(())
    }
}
