//! 115200 baud, 8N1, and an adapter on USB.

use std::thread;
use std::time::{Duration, Instant};

/// Ten bits.
const BYTE: Duration = Duration::from_nanos(86_806);

/// Bytes that a transmitter holds, and sends on while whoever feeds it is late by less than they last.
const FIFO: u32 = 16;

/// An adapter hands on so many bytes at once,
pub(super) const FULL: usize = 62;

/// or fewer after this time.
pub(super) const HOLD: Duration = Duration::from_millis(16);

/// One direction's use of the line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    started: Option<Instant>,
    /// When the last byte has passed.
    free: Option<Instant>,
    busy: Duration,
}

impl Pace {
    /// Takes as long as the line takes for so many bytes.
    pub(super) fn take(&mut self, bytes: usize) {
        let now = Instant::now();
        let time = BYTE * u32::try_from(bytes).unwrap_or(u32::MAX);
        let continues = |free: &Instant| now.saturating_duration_since(*free) < BYTE * FIFO;
        let free = self.free.filter(continues).unwrap_or(now) + time;
        self.started.get_or_insert(now);
        self.free = Some(free);
        self.busy += time;
        thread::sleep(free.saturating_duration_since(now));
    }

    /// The part of the time since the first byte, up to the last, in which something passed.
    pub(super) fn share(&self) -> Option<f64> {
        let all = self.free?.saturating_duration_since(self.started?);
        Some(self.busy.as_secs_f64() / all.as_secs_f64())
    }
}
