//! The link's port: the serial line, or nothing to talk to.

use core::hint::spin_loop;

use wire::guest::{LineStuck, SerialPort};

use super::Line;
use crate::kernel::machine::now;

/// A port that the link can own whether or not there is a line.
#[derive(Debug)]
pub struct Port(Option<Line>);

impl Port {
    /// A port on `line`.
    pub const fn new(line: Option<Line>) -> Self {
        Self(line)
    }

    /// Waits, within bounds, until the last bit has left.
    pub fn drain(&mut self) {
        if let Some(line) = &mut self.0 {
            line.drain();
        }
    }
}

impl SerialPort for Port {
    fn send(&mut self, bytes: &[u8]) -> Result<(), LineStuck> {
        self.0.as_mut().ok_or(LineStuck)?.send(bytes)
    }

    fn poll(&mut self) -> Option<u8> {
        let Some(line) = &mut self.0 else {
            no_poll();
            return None;
        };
        line.poll()
    }
}

/// Takes about as long as a look at a port, as waits are counted in them.
fn no_poll() {
    const TICKS: u64 = 3000;
    let start = now();
    while now().wrapping_sub(start) < TICKS {
        spin_loop();
    }
}
