//! How long to wait for an answer, in polls.

/// Times the polls of the last answer that the next one is waited for.
const FACTOR: u32 = 8;

/// The longest wait, in usual ones.
const LONGEST: u32 = 8;

/// The part of a usual wait that is the shortest: 25 ms, as a USB adapter may hand the same answer on
/// at once or after 16 ms.
const SHORTEST_PART: u32 = 4;

/// Learns from the answers, so that on a lossy line a lost one costs little more time than one that
/// came. Doubles while none comes: a wait must outgrow a slow host's delay, or each of its answers
/// could fall between two waits.
#[derive(Debug)]
pub(super) struct Patience {
    usual: u32,
    polls: u32,
    /// The question is asked for the first time. An answer to a repeated one does not tell which
    /// repeat it answers, and so nothing about the delay (Karn's rule).
    first_time: bool,
}

impl Patience {
    pub(super) fn new(usual: u32) -> Self {
        Self { usual, polls: usual, first_time: true }
    }

    /// How many polls to wait if somebody is known to listen.
    pub(super) fn polls(&self) -> u32 {
        self.polls
    }

    /// How many polls to wait if perhaps nobody listens: other work must not starve.
    pub(super) fn usual_polls(&self) -> u32 {
        self.polls.min(self.usual)
    }

    pub(super) fn answered_after(&mut self, polls: u32) {
        if self.first_time {
            let shortest = self.usual / SHORTEST_PART;
            let longest = self.usual.saturating_mul(LONGEST);
            self.polls = polls.saturating_mul(FACTOR).clamp(shortest, longest);
        }
        self.first_time = true;
    }

    pub(super) fn unanswered(&mut self) {
        self.polls = self.polls.saturating_mul(2).min(self.usual.saturating_mul(LONGEST));
        self.first_time = false;
    }
}
