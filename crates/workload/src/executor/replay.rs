//! Events of a trace, any of which may make no sense where it stands: people edit traces, and random
//! events are meant to be refused now and then.

use rmap::{PageIndex, Scheme};
use vm::{FaultRefused, Machine, MapError};

use super::{EventError, Executor};
use crate::{Event, Outcome};

/// Pages of the lower half: 47 bits of address, as on every x86-64.
const LOWER_HALF_PAGES: u64 = 1 << 35;

impl<S: Scheme, M: Machine> Executor<'_, '_, '_, S, M> {
    /// Has results say how many events were refused, none included.
    pub(crate) fn prepare_replay(&mut self) {
        self.recorder.count(Outcome::EventsRefused, 0);
    }

    /// Applies an event, or counts that it is refused. Only memory that runs out is an error.
    pub(crate) fn attempt(&mut self, event: Event) -> Result<(), EventError> {
        match self.step(event, Self::apply_in_reach) {
            Ok(()) => Ok(()),
            Err(EventError::OutOfMemory | EventError::Map(_, MapError::OutOfMemory)) => {
                Err(EventError::OutOfMemory)
            }
            Err(_) => {
                self.recorder.count(Outcome::EventsRefused, 1);
                Ok(())
            }
        }
    }

    /// A machine is never asked for a page that no process can have.
    fn apply_in_reach(&mut self, event: Event) -> Result<(), EventError> {
        match event {
            Event::Touch { process, page, .. }
            | Event::OnFrame { process, page, .. }
            | Event::Calibrate { process, page, .. }
                if !is_in_reach(page) =>
            {
                Err(EventError::Access(process, page, FaultRefused::Segfault))
            }
            event => self.apply(event),
        }
    }
}

/// Whether the page and the one behind it, which calibration uses, lie in the lower half.
const fn is_in_reach(page: PageIndex) -> bool {
    page.0 < LOWER_HALF_PAGES - 1
}
