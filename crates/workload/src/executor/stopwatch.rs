//! The stopwatch around an operation. The machine hears of it outside of the two readings.

use vm::{Machine, Ticks};

/// A stopwatch that runs.
pub(super) struct Stopwatch<'m, M> {
    machine: &'m M,
    start: Ticks,
}

impl<'m, M: Machine> Stopwatch<'m, M> {
    #[expect(clippy::inline_always, reason = "a return would lie inside every timed region")]
    #[inline(always)]
    pub(super) fn start(machine: &'m M) -> Self {
        machine.timing_begins();
        Self { machine, start: machine.now() }
    }

    /// Ticks since the start.
    #[expect(clippy::inline_always, reason = "a call would lie inside every timed region")]
    #[inline(always)]
    pub(super) fn stop(self) -> u64 {
        let end = self.machine.now();
        self.machine.timing_ended();
        end.since(self.start)
    }
}
