//! The guest's end of the line. Nothing leaves while the guest measures: records go into a log in
//! memory, and the log goes out when the guest says so. Waiting is counted in polls of the receiver
//! and never by a clock, because virtual time may run on while the guest is held.

mod answers;
mod delivery;
mod doses;
mod greeting;
mod line;
mod linger;
mod log;
mod patience;
#[cfg(test)]
mod tests;

pub use delivery::Delivery;
pub use greeting::{Greeting, PlanAtHand};
pub use line::{Counters, LineStuck, SerialPort};
pub use log::LogFull;

use crate::{HostPresence, Record, Session};
use answers::Repairs;
use line::{Line, Listener};
use log::Log;

/// The guest's half of the conversation: record, [greet](Self::greet), [flush](Self::flush),
/// [finish](Self::finish), [linger](Self::linger). A panic handler may record a [`crate::Crash`] and finish at any time.
#[derive(Debug)]
pub struct GuestLink<'log, P> {
    line: Line<P>,
    log: Log<'log>,
    build_id: [u8; 8],
    presence: HostPresence,
    /// End of what was sent at least once.
    sent: usize,
    repairs: Repairs,
    /// Counts questions, so that an answer names the one it belongs to.
    turn: u32,
}

impl<'log, P: SerialPort> GuestLink<'log, P> {
    /// A link that has not spoken yet. The log bounds what the run can say.
    pub fn new(port: P, log: &'log mut [u8], session: Session, build_id: [u8; 8]) -> Self {
        Self {
            line: Line::new(port, session),
            log: Log::new(log),
            build_id,
            presence: HostPresence::Uncertain,
            sent: 0,
            repairs: Repairs::default(),
            turn: 0,
        }
    }

    /// Appends a record to the log; no byte leaves.
    ///
    /// # Errors
    /// The log is full. A little room is kept back for a `Crash`.
    pub fn record(&mut self, record: &Record<'_>) -> Result<(), LogFull> {
        self.log.append(record)
    }

    /// How long to wait from now on, as a plan that came over the wire may know better.
    pub fn set_presence(&mut self, presence: HostPresence) {
        self.presence = presence;
        if presence == HostPresence::Certain {
            self.line.set_listener(Listener::Somebody);
        }
    }

    /// Whether a host is known to listen, as [`greet`](Self::greet) or `set_presence` was told last.
    pub fn presence(&self) -> HostPresence {
        self.presence
    }

    /// What the line went through so far.
    pub fn counters(&self) -> Counters {
        self.line.counters()
    }

    /// Lets go of the port.
    pub fn into_port(self) -> P {
        self.line.into_port()
    }

    /// The port, such as to wait until its transmitter is empty.
    pub fn port_mut(&mut self) -> &mut P {
        self.line.port_mut()
    }
}
