//! What `verify` prints.

use std::fmt::Write;
use std::time::Duration;

use super::finding::{Finding, Minimal};

/// A scheme that did what it should.
#[derive(Clone, Copy, Debug)]
pub struct Passed<'a> {
    /// Its id.
    pub scheme: &'a str,
    /// Events that happened.
    pub events: u64,
    /// Times that everything was checked.
    pub checks: u64,
    /// The seed.
    pub seed: u64,
    /// How long it took.
    pub time: Duration,
}

/// Its line.
#[must_use]
pub fn passed(passed: &Passed<'_>) -> String {
    let Passed { scheme, events, checks, seed, time } = *passed;
    let seconds = time.as_secs_f64();
    format!(
        "{scheme:<22} {events} events, {checks} checks, 0 mismatches, seed {seed}, {seconds:.1} s\n"
    )
}

/// A scheme that did not; `origin` is how to repeat it.
#[must_use]
pub fn mismatched(finding: &Finding, minimal: Option<&Minimal>, origin: &str) -> String {
    let Finding { scheme, seed, event, what } = finding;
    let mut text =
        format!("{:<22} mismatch at event {event} of seed {seed}: {what}\n", scheme.name());
    let _ = writeln!(text, "repeat it: {origin}");
    match minimal {
        Some(Minimal { events, what, trace, test }) => {
            let _ = write!(
                text,
                "\nThe fewest events that show it, {} ({what}):\n\n{trace}\nAs a test:\n\n{test}",
                events.len()
            );
        }
        None => text.push_str("It does not show on the modelled machine with the same events.\n"),
    }
    text
}
