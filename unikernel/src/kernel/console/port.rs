//! The link's port: the serial line, or nothing to talk to.

use wire::guest::{LineStuck, SerialPort};

use super::Line;

/// A port that the link can own whether or not there is a line.
#[derive(Debug)]
pub struct Port(Option<Line>);

impl Port {
    /// A port on `line`.
    pub const fn new(line: Option<Line>) -> Self {
        Self(line)
    }

    /// Whether there is a line.
    pub const fn is_there(&self) -> bool {
        self.0.is_some()
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
        self.0.as_mut()?.poll()
    }
}
