//! Which frames devices hold.

use rmap::Frame;

/// Frames that may be pinned at once, a frame pinned twice counting twice.
const MOST_PINS: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Pins([Option<Frame>; MOST_PINS]);

impl Pins {
    pub(super) fn hold(&self, frame: Frame) -> bool {
        self.0.contains(&Some(frame))
    }

    pub(super) fn have_room(&self) -> bool {
        self.0.contains(&None)
    }

    pub(super) fn add(&mut self, frame: Frame) {
        if let Some(free) = self.0.iter_mut().find(|pin| pin.is_none()) {
            *free = Some(frame);
        }
    }

    pub(super) fn remove(&mut self, frame: Frame) {
        if let Some(pin) = self.0.iter_mut().find(|pin| **pin == Some(frame)) {
            *pin = None;
        }
    }

    /// Removes any.
    pub(super) fn take(&mut self) -> Option<Frame> {
        self.0.iter_mut().find_map(Option::take)
    }
}
