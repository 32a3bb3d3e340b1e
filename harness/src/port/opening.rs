//! Opening a line in the background, again and again, so that Ctrl-C is heard meanwhile.

use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use super::{Baud, Port, PortAddress, PortError};

/// From one attempt to the next.
const INTERVAL: Duration = Duration::from_millis(300);

/// Attempts that go on until one succeeds or nobody asks any more.
#[derive(Debug)]
pub struct Opening {
    attempts: Receiver<Result<Port, PortError>>,
}

impl Opening {
    /// Begins.
    pub fn begin(address: PortAddress, baud: Baud) -> Self {
        let (outcome, attempts) = mpsc::sync_channel(0);
        thread::spawn(move || {
            loop {
                let attempt = address.open(baud);
                let is_open = attempt.is_ok();
                if outcome.send(attempt).is_err() || is_open {
                    return;
                }
                thread::sleep(INTERVAL);
            }
        });
        Self { attempts }
    }

    /// Waits for the end of the current attempt, at most `patience`.
    pub fn poll(&self, patience: Duration) -> Option<Result<Port, PortError>> {
        self.attempts.recv_timeout(patience).ok()
    }
}
