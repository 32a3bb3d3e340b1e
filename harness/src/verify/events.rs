//! The engine of random events, and its events as text.

use std::fmt::Write;

use rmap::SchemeId;
use runner::verify::Shadowed;
use workload::Event;
use workload::trace::{self as lines, Line};
use workload::verify::{Failure, Shadow, regression_test};

pub use workload::verify::shrink;

/// What invents events and knows what they should do.
pub type EventEngine = Shadowed<Box<Shadow>>;

/// An event of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traced {
    /// Its line, from 1.
    pub line: usize,
    /// The event.
    pub event: Event,
}

/// The events of a trace.
///
/// # Errors
/// The first line that is no event, as a sentence that names line, column and mend.
pub fn read(text: &str) -> Result<Vec<Traced>, String> {
    let numbered = text.lines().zip(1..).filter_map(|(text, line)| {
        let event = lines::event(text, line).transpose()?;
        Some(event.map(|event| Traced { line, event }).map_err(|error| error.to_string()))
    });
    numbered.collect()
}

/// The events as a trace.
pub fn trace(events: &[Event]) -> String {
    events.iter().fold(String::new(), |mut text, event| {
        let _ = writeln!(text, "{}", Line(event));
        text
    })
}

/// A test to paste.
pub fn regression(scheme: SchemeId, seed: u64, events: &[Event], what: &str) -> String {
    // The type of a scheme is called like its id.
    let name = format!("{}_goes_wrong", scheme.name().replace('-', "_"));
    let scheme = format!("{scheme:?}");
    regression_test(&Failure { events, scheme: &scheme, seed, what }, &name)
}
