//! Getting the log across: bursts, turns, repairs.

use super::GuestLink;
use super::answers::{Answer, Repairs};
use super::line::{LineStuck, Listener, SerialPort, Wait};
use super::log::offset;
use crate::{GuestMessage, HostPresence};

/// Turns without an answer after which an uncertain host counts as gone: with waits that double
/// from 25 ms or more up to 800 ms, at least 6 s.
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
pub(super) enum Question {
    Turn,
    Done { crc: u32 },
}

impl<P: SerialPort> GuestLink<'_, P> {
    /// Sends what the log holds and was not sent yet. The host is asked what it misses, and it is sent
    /// again, whenever a burst is full; what follows the last full burst is asked about in a later
    /// call, as everything is kept and a turn costs the line time. In a turn a certain host is waited
    /// for without limit.
    pub fn flush(&mut self) {
        while !self.repairs.is_empty() || self.sent < self.log.length() {
            let burst = self.burst();
            if burst.is_ok() && !self.line.is_burst_full() {
                return;
            }
            let answered = self.ask(Question::Turn, self.turns());
            if answered.is_none() && burst.is_err() {
                return;
            }
        }
    }

    /// Ends the stream: flushes it and repeats `Done` until the host confirms. Waits for a certain host
    /// without limit; for an uncertain one the stream may stay unconfirmed, which
    /// [`linger`](Self::linger) is for.
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

    /// Repairs first, then what is new, until the burst is full.
    fn burst(&mut self) -> Result<(), LineStuck> {
        while !self.line.is_burst_full() {
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
        self.new_turn();
        let mut left = repeats;
        while left > 0 {
            let answer = self.ask_once(question, Wait::ForAnAnswer);
            if answer.is_some() {
                return answer;
            }
            if self.presence == HostPresence::Uncertain {
                left -= 1;
            }
        }
        self.line.set_listener(Listener::Nobody);
        None
    }

    /// An answer to an earlier question is none to the next.
    pub(super) fn new_turn(&mut self) {
        self.turn = self.turn.wrapping_add(1);
    }

    /// Asks, and takes note of an answer.
    pub(super) fn ask_once(&mut self, question: Question, wait: Wait) -> Option<Answer> {
        let (turn, sent) = (self.turn, self.sent);
        let message = match question {
            Question::Turn => GuestMessage::Turn { turn, sent: offset(sent) },
            Question::Done { crc } => {
                GuestMessage::Done { turn, length: offset(self.log.length()), crc }
            }
        };
        let answer = self.line.ask(message, wait, |reply| Answer::read(&reply, turn, sent))?;
        self.note(&answer);
        Some(answer)
    }

    fn note(&mut self, answer: &Answer) {
        match answer {
            Answer::Everything => {
                self.repairs = Repairs::default();
                self.line.trust();
            }
            Answer::Missing { repairs } => {
                // What the burst had no time to repair says nothing about the line.
                if self.repairs.is_empty() {
                    self.line.distrust();
                }
                self.line.counters.naks += 1;
                self.repairs = repairs.clone();
            }
        }
    }
}
