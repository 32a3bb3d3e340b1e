//! Getting the log across: bursts, turns, repairs.

use super::GuestLink;
use super::answers::{Answer, Repairs};
use super::line::{LineStuck, Listener, SerialPort};
use super::log::offset;
use crate::{GuestMessage, HostPresence};

/// The most `Data` frames between two turns. At 512 B a frame the host is asked every 16 KiB,
/// 1.4 s at 115200 baud; at 32 B on a bad line a burst loses about as many frames as one `Nak` can
/// name.
const BURST_FRAMES: usize = 32;

/// Turns without an answer after which an uncertain host counts as gone: with waits that double
/// from 3 ms or more up to 800 ms, at least 3 s.
const TURN_REPEATS: u32 = 12;

/// Turns for a host that counts as gone; one, so that it can come back.
const TURNS_FOR_NOBODY: u32 = 1;

/// Repeats of `Done` for an uncertain host: 2 s if nobody was heard lately, else up to 16 s.
const DONE_REPEATS: u32 = 20;

/// How far the stream got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The host has all of it.
    Acknowledged,
    /// It was sent once, and nobody said that it arrived.
    Unconfirmed,
}

#[derive(Clone, Copy)]
enum Question {
    Turn,
    Done { crc: u32 },
}

impl<P: SerialPort> GuestLink<'_, P> {
    /// Sends what the log holds and repairs what is lost, until the host has all of it. Waits for a
    /// certain host without limit; for an uncertain one the stream goes out unconfirmed.
    pub fn flush(&mut self) -> Delivery {
        while self.acknowledged < self.log.length() {
            let burst = self.burst();
            let answered = self.ask(Question::Turn, self.turns());
            let all_sent = self.sent == self.log.length();
            if answered.is_none() && (all_sent || burst.is_err()) {
                return Delivery::Unconfirmed;
            }
        }
        Delivery::Acknowledged
    }

    /// Ends the stream: flushes it and repeats `Done` until the host confirms. May be called again,
    /// such as for ever while a finished guest waits for somebody to plug in a cable.
    pub fn finish(&mut self) -> Delivery {
        let crc = self.log.crc();
        loop {
            self.flush();
            match self.ask(Question::Done { crc }, DONE_REPEATS) {
                Some(Answer::Everything) => return Delivery::Acknowledged,
                Some(Answer::Missing { .. }) => {}
                None => return Delivery::Unconfirmed,
            }
        }
    }

    /// Repairs first, then what is new.
    fn burst(&mut self) -> Result<(), LineStuck> {
        for _ in 0..BURST_FRAMES {
            if let Some(stretch) = self.repairs.next() {
                let bytes = self.line.send_piece(&self.log, stretch.start, stretch.end)?;
                self.line.counters.resent_bytes += bytes as u64;
                self.repairs.advance(bytes);
            } else if self.sent < self.log.length() {
                self.sent += self.line.send_piece(&self.log, self.sent, self.log.length())?;
            } else {
                break;
            }
        }
        Ok(())
    }

    fn turns(&self) -> u32 {
        match self.line.listener() {
            Listener::Somebody => TURN_REPEATS,
            Listener::Nobody => TURNS_FOR_NOBODY,
        }
    }

    /// Repeats one question until it is answered, `repeats` times at most for an uncertain host.
    fn ask(&mut self, question: Question, repeats: u32) -> Option<Answer> {
        self.turn = self.turn.wrapping_add(1);
        let mut left = repeats;
        while left > 0 {
            let (turn, sent) = (self.turn, self.sent);
            let message = match question {
                Question::Turn => GuestMessage::Turn { turn, sent: offset(sent) },
                Question::Done { crc } => {
                    GuestMessage::Done { turn, length: offset(self.log.length()), crc }
                }
            };
            let answer = self.line.ask(message, |reply| Answer::read(&reply, turn, sent));
            if let Some(answer) = answer {
                self.note(&answer);
                return Some(answer);
            }
            if self.presence == HostPresence::Uncertain {
                left -= 1;
            }
        }
        self.line.set_listener(Listener::Nobody);
        None
    }

    fn note(&mut self, answer: &Answer) {
        match answer {
            Answer::Everything => {
                self.acknowledged = self.sent;
                self.repairs = Repairs::default();
                self.line.grow_frames();
            }
            Answer::Missing { upto, repairs } => {
                // What the burst had no time to repair says nothing about the line.
                if self.repairs.is_empty() {
                    self.line.shrink_frames();
                }
                self.line.counters.naks += 1;
                self.acknowledged = *upto;
                self.repairs = repairs.clone();
            }
        }
    }
}
