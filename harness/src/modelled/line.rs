//! A socket as the guest's serial port.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use wire::guest::{LineStuck, SerialPort};

/// How long a poll waits for a byte.
const POLL: Duration = Duration::from_millis(1);

#[derive(Debug)]
pub(super) struct Line(UnixStream);

impl Line {
    pub(super) fn new(socket: UnixStream) -> io::Result<Self> {
        socket.set_read_timeout(Some(POLL))?;
        Ok(Self(socket))
    }
}

impl SerialPort for Line {
    const POLLS_PER_TURN: u32 = 100;

    fn send(&mut self, bytes: &[u8]) -> Result<(), LineStuck> {
        self.0.write_all(bytes).map_err(|_| LineStuck)
    }

    fn poll(&mut self) -> Option<u8> {
        let mut byte = [0];
        match self.0.read(&mut byte) {
            Ok(1) => Some(byte[0]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                None
            }
            // The host has hung up, and the process is about to end: no reason to spin until then.
            _ => {
                thread::sleep(POLL);
                None
            }
        }
    }
}
