//! The first words: is anybody there, and what shall run?

use super::GuestLink;
use super::line::{SerialPort, Wait};
use crate::{GuestMessage, HostMessage, HostPresence, Versions, crc32c};

/// `Hello`s without an answer after which an uncertain host counts as absent, about 4 s: long
/// enough to plug in a cable, short enough to wait for without one.
const HELLOS: u32 = 40;

/// Whether the guest brought a plan along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanAtHand {
    /// In a boot module or on the command line.
    Brought,
    /// None but the built-in default.
    DefaultOnly,
}

/// How the greeting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting<'b> {
    /// The host wants the plan at hand to run.
    Start,
    /// The host sent this plan ([`crate::Plan::decode`]).
    Plan(&'b [u8]),
    /// Nobody answered.
    Alone,
}

enum Reply {
    Start,
    Chunk,
}

impl<P: SerialPort> GuestLink<'_, P> {
    /// Says `Hello` until the host answers and its plan, if it sends one, is complete. Waits for a
    /// certain host without limit. `buffer` should hold [`crate::MAX_PLAN`] bytes; a plan that it
    /// cannot hold counts as no answer.
    pub fn greet<'b>(
        &mut self,
        presence: HostPresence,
        plan: PlanAtHand,
        buffer: &'b mut [u8],
    ) -> Greeting<'b> {
        self.set_presence(presence);
        let mut assembly = Assembly::new(buffer);
        let mut left = HELLOS;
        while left > 0 {
            let hello = self.hello(plan, assembly.received);
            match self.line.ask(hello, Wait::ForAnAnswer, |answer| assembly.take(&answer)) {
                Some(Reply::Start) => return Greeting::Start,
                Some(Reply::Chunk) => left = HELLOS,
                None if presence == HostPresence::Uncertain => left -= 1,
                None => {}
            }
            if assembly.is_complete() {
                return Greeting::Plan(assembly.into_plan());
            }
        }
        Greeting::Alone
    }

    fn hello(&self, plan: PlanAtHand, received: usize) -> GuestMessage<'static> {
        let Versions { protocol, schema_key } = Versions::OURS;
        GuestMessage::Hello {
            protocol,
            schema_key,
            build_id: self.build_id,
            has_plan: plan == PlanAtHand::Brought,
            plan_received: received as u32,
        }
    }
}

/// A plan that arrives in chunks.
struct Assembly<'b> {
    buffer: &'b mut [u8],
    /// Length and CRC of the plan being received; other ones belong to another plan.
    total: usize,
    crc: u32,
    received: usize,
}

impl<'b> Assembly<'b> {
    fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, total: 0, crc: 0, received: 0 }
    }

    fn take(&mut self, answer: &HostMessage<'_>) -> Option<Reply> {
        match *answer {
            HostMessage::Start => Some(Reply::Start),
            HostMessage::Plan { total, crc, offset, bytes } => {
                let (total, offset) = (usize::from(total), usize::from(offset));
                self.take_chunk(total, crc, offset, bytes).map(|()| Reply::Chunk)
            }
            HostMessage::Ack { .. } | HostMessage::Nak { .. } => None,
        }
    }

    fn take_chunk(&mut self, total: usize, crc: u32, offset: usize, bytes: &[u8]) -> Option<()> {
        if total > self.buffer.len() {
            return None;
        }
        if (total, crc) != (self.total, self.crc) {
            (self.total, self.crc, self.received) = (total, crc, 0);
        }
        if offset != self.received {
            return Some(());
        }
        let end = offset + bytes.len();
        self.buffer[..total].get_mut(offset..end)?.copy_from_slice(bytes);
        self.received = end;
        if end == total && crc32c(&self.buffer[..total]) != crc {
            self.received = 0;
        }
        Some(())
    }

    fn is_complete(&self) -> bool {
        self.total > 0 && self.received == self.total
    }

    fn into_plan(self) -> &'b [u8] {
        &self.buffer[..self.total]
    }
}
