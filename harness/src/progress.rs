//! What is running and how long is left, on standard error.

use std::io::{IsTerminal, stderr};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::expectation::{Expectation, Pace};
use crate::results::{Run, shown};
use crate::session::Observer;
use crate::tools::Verbosity;

/// Off a terminal, a line at most this often.
const LINE_INTERVAL: Duration = Duration::from_secs(2);

/// Whether to show what firmware and boot loaders write to the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleText {
    /// The machine is somebody's, who wants to see it boot.
    Shown,
    /// The machine is ours.
    Hidden,
}

impl From<Verbosity> for ConsoleText {
    fn from(verbosity: Verbosity) -> Self {
        if verbosity == Verbosity::Verbose { Self::Shown } else { Self::Hidden }
    }
}

/// Shows progress.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    console_text: ConsoleText,
    started: Option<Instant>,
    last_line: Option<Instant>,
    announced: Option<u32>,
    pace: Option<Pace>,
}

impl Progress {
    /// A bar on a terminal, plain lines elsewhere.
    #[must_use]
    pub fn new(console_text: impl Into<ConsoleText>) -> Self {
        let console_text = console_text.into();
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner().with_message("waiting for the guest");
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self { bar, console_text, started: None, last_line: None, announced: None, pace: None }
    }

    /// With what is known of how long each cell takes; without, all count the same.
    #[must_use]
    pub fn expecting(mut self, expectation: Option<Expectation>) -> Self {
        self.pace = expectation.map(Pace::new);
        self
    }

    fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }

    fn advance(&mut self, run: &Run, running: u32) {
        if self.announced == Some(running) {
            return;
        }
        let Some(cell) = run.cells.get(&running).filter(|cell| cell.is_introduced()) else {
            return;
        };
        self.announced = Some(running);
        let what = format!("{}, round {}", cell.title(), cell.round + 1);
        let (done, all) = (run.cells_done() as u64, u64::from(run.announced_cells));
        let elapsed = self.elapsed();
        let known = self.pace.as_mut().and_then(|pace| {
            pace.look(elapsed, run.cells.values());
            pace.left(run.announced_cells)
        });
        self.show("cell", done, all, &what, known.or_else(|| time_left(elapsed, done, all)));
    }

    /// Since the first thing that was shown.
    fn elapsed(&mut self) -> Duration {
        self.started.get_or_insert_with(Instant::now).elapsed()
    }

    /// Shows that `done` of `all` things are done and `what` is going on; time is counted from the
    /// first call.
    pub fn count(&mut self, things: &str, done: u64, all: u64, what: &str) {
        let left = time_left(self.elapsed(), done, all);
        self.show(things, done, all, what, left);
    }

    fn show(&mut self, things: &str, done: u64, all: u64, what: &str, left: Option<Duration>) {
        let left =
            left.map_or_else(String::new, |left| format!(", {:.0} s left", left.as_secs_f64()));
        match &self.bar {
            Some(bar) => {
                if bar.length().is_none() {
                    bar.set_length(all);
                    bar.set_style(style());
                }
                bar.set_position(done);
                bar.set_message(format!("{what}{left}"));
            }
            None => self.line(things, (done + 1).min(all), all, &format!("{what}{left}")),
        }
    }

    fn line(&mut self, things: &str, current: u64, all: u64, what: &str) {
        if self.last_line.is_some_and(|last| last.elapsed() < LINE_INTERVAL) {
            return;
        }
        self.last_line = Some(Instant::now());
        eprintln!("{things} {current} of {all}: {what}");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Progress {
    fn console(&mut self, text: &str) {
        if self.console_text == ConsoleText::Hidden {
            return;
        }
        // GRUB draws its screen with escape sequences, which would redraw the user's.
        let text = console::strip_ansi_codes(text);
        for line in text.lines().map(shown).filter(|line| !line.trim().is_empty()) {
            // Dim on a terminal only.
            self.say(&dimmed(&format!("  | {line}")));
        }
    }

    fn remark(&mut self, remark: &str) {
        self.say(&format!("rmapbench: {remark}"));
    }

    fn progressed(&mut self, run: &Run) -> ControlFlow<()> {
        if let Some((&newest, _)) = run.cells.last_key_value() {
            self.advance(run, newest);
        }
        ControlFlow::Continue(())
    }
}

fn dimmed(line: &str) -> String {
    console::style(line).for_stderr().dim().to_string()
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("[{bar:24}] {pos}/{len} {msg}").expect("the template is correct")
}

/// By the pace so far; nothing until something is done.
fn time_left(elapsed: Duration, done: u64, all: u64) -> Option<Duration> {
    let left = elapsed.as_secs().saturating_mul(all.saturating_sub(done)).checked_div(done)?;
    Some(Duration::from_secs(left))
}
