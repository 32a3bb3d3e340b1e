//! Random events against the oracle: progress, findings, and what makes a finding easy to
//! understand: the fewest events that show it, as a trace and as a test.

mod events;
mod finding;
mod lines;
mod progress;
mod replay;
#[cfg(test)]
mod tests;

pub use events::{EventEngine, Traced, read, trace};
pub use finding::{Finding, Minimal, minimal};
pub use lines::{Passed, mismatched, passed};
pub use progress::{Stopwatch, VerifyProgress};
pub use replay::{Replayed, replay};
