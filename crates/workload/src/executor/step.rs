//! What the executor is doing, in words: for the last ones of a machine that crashes or hangs.

use core::fmt;

use crate::trace::Line;
use crate::{Event, Phase};

/// One event on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'e> {
    /// Counted from 0 in each cell.
    pub(super) number: u64,
    /// The part of the workload that it belongs to.
    pub(super) phase: Phase,
    pub(super) event: &'e Event,
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, phase, event } = self;
        write!(f, "event {number} in phase {}: {}", phase.name(), Line(event))
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::Step;
    use crate::{Event, Phase, Process};

    #[test]
    fn a_step_names_its_number_its_phase_and_its_event() {
        let event = Event::Fork { parent: Process(0), child: Process(3) };
        let step = Step { number: 812, phase: Phase::Work, event: &event };
        assert_eq!(step.to_string(), "event 812 in phase work: fork 0 -> 3");
    }
}
