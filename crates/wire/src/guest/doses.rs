//! How much to send at once: short frames lose less to a bad line, long ones waste less of a good
//! one, and so it is with the bursts between two turns.

use crate::MAX_FRAME;

/// The shortest limit of a frame: with a session below 2^21 about half of it is payload, and of a
/// line that damages one byte in a hundred three in four such frames come through.
const MIN_FRAME: usize = 32;

/// The fewest `Data` frames between two turns. At 32 B a frame, on a bad line, a burst loses about as
/// many as one `Nak` can name.
const MIN_BURST: u32 = 32;

/// The most. At 512 B a frame the host is asked every 64 KiB, 5.7 s at 115200 baud, and the 20 to
/// 40 ms that a turn takes over a USB adapter cost the line less than one part in a hundred.
const MAX_BURST: u32 = 128;

#[derive(Debug)]
pub(super) struct Doses {
    /// The most bytes of a `Data` frame.
    frame_limit: usize,
    /// The most `Data` frames between two turns.
    burst: u32,
}

impl Doses {
    pub(super) const fn new() -> Self {
        Self { frame_limit: MAX_FRAME, burst: MIN_BURST }
    }

    pub(super) const fn frame_limit(&self) -> usize {
        self.frame_limit
    }

    pub(super) const fn burst(&self) -> u32 {
        self.burst
    }

    /// A burst arrived. Bursts grow where frames have nothing left to grow.
    pub(super) fn grow(&mut self) {
        if self.frame_limit == MAX_FRAME {
            self.burst = (self.burst * 2).min(MAX_BURST);
        }
        self.frame_limit = (self.frame_limit * 2).min(MAX_FRAME);
    }

    /// Something of a burst was lost.
    pub(super) fn shrink(&mut self) {
        self.burst = MIN_BURST;
        self.frame_limit = (self.frame_limit / 2).max(MIN_FRAME);
    }
}
