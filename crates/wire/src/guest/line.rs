//! Frames out, answers in.

use core::fmt;

use super::doses::Doses;
use super::log::{Log, offset};
use super::patience::Patience;
use crate::frame::data_capacity;
use crate::{
    Decoded, Envelope, FrameDecoder, GuestMessage, HostMessage, MAX_FRAME, Session, encode_frame,
};

/// Times the usual wait that a guest with nothing else to do listens after each `Done`: 2 s.
const LEISURE: u32 = 20;

/// The transmitter took no byte for so long that the port gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineStuck;

impl fmt::Display for LineStuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the serial port takes no more bytes")
    }
}

impl core::error::Error for LineStuck {}

/// What the link needs of a serial port.
pub trait SerialPort {
    /// Polls that take about 100 ms, the usual wait for an answer: time for the longest host frame at 115200 baud (44 ms) and
    /// for a USB adapter (16 ms) and the host's scheduler. A poll is one or two reads of an I/O
    /// port, near 1 us on hardware and in a virtual machine.
    const POLLS_PER_TURN: u32 = 100_000;

    /// Sends all bytes, or gives up after a bounded wait.
    ///
    /// # Errors
    /// The transmitter does not move.
    fn send(&mut self, bytes: &[u8]) -> Result<(), LineStuck>;

    /// Looks once whether a byte has arrived.
    fn poll(&mut self) -> Option<u8>;
}

/// What the line went through, since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames sent, repeats included.
    pub frames: u64,
    /// Stream bytes sent more than once.
    pub resent_bytes: u64,
    /// Turns granted, repeats included.
    pub turns: u64,
    /// Turns that ended without an answer.
    pub unanswered: u64,
    /// Answers that asked for something again.
    pub naks: u64,
    /// Times the port gave up on a frame.
    pub stuck: u64,
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listener {
    /// Somebody who answered lately or must be there.
    Somebody,
    /// Nobody, as far as is known.
    Nobody,
}

/// How long to wait for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// As long as answers take, by what is known.
    ForAnAnswer,
    /// For as long as nothing else is to be done.
    AtLeisure,
}

#[derive(Debug)]
pub(super) struct Line<P> {
    port: P,
    session: Session,
    sequence: u32,
    doses: Doses,
    /// `Data` frames since the last turn.
    pending: u32,
    patience: Patience,
    listener: Listener,
    frame: [u8; MAX_FRAME],
    decoder: FrameDecoder,
    pub(super) counters: Counters,
}

impl<P: SerialPort> Line<P> {
    pub(super) fn new(port: P, session: Session) -> Self {
        Self {
            port,
            session,
            sequence: 0,
            doses: Doses::new(),
            pending: 0,
            patience: Patience::new(P::POLLS_PER_TURN),
            listener: Listener::Nobody,
            frame: [0; MAX_FRAME],
            decoder: FrameDecoder::default(),
            counters: Counters::default(),
        }
    }

    pub(super) fn port_mut(&mut self) -> &mut P {
        &mut self.port
    }

    pub(super) fn into_port(self) -> P {
        self.port
    }

    pub(super) fn listener(&self) -> Listener {
        self.listener
    }

    pub(super) fn set_listener(&mut self, listener: Listener) {
        self.listener = listener;
    }

    pub(super) fn counters(&self) -> Counters {
        self.counters
    }

    /// A burst arrived whole.
    pub(super) fn trust(&mut self) {
        self.doses.grow();
    }

    /// A burst did not.
    pub(super) fn distrust(&mut self) {
        self.doses.shrink();
    }

    /// Whether it is time for a turn.
    pub(super) fn is_burst_full(&self) -> bool {
        self.pending >= self.doses.burst()
    }

    /// Sends one frame of the stream between `start` and `end`; how many bytes it carried.
    pub(super) fn send_piece(
        &mut self,
        log: &Log<'_>,
        start: usize,
        end: usize,
    ) -> Result<usize, LineStuck> {
        let place = offset(start);
        let most = data_capacity(self.session, self.sequence, place, self.doses.frame_limit());
        let bytes = log.piece(start, end, most);
        self.send(GuestMessage::Data { offset: place, bytes })?;
        self.pending += 1;
        Ok(bytes.len())
    }

    /// Sends a message that grants a turn and listens until `accept` makes something of an answer
    /// or the turn is over. A stuck line is a turn without an answer.
    pub(super) fn ask<T>(
        &mut self,
        question: GuestMessage<'_>,
        wait: Wait,
        accept: impl FnMut(HostMessage<'_>) -> Option<T>,
    ) -> Option<T> {
        self.counters.turns += 1;
        self.pending = 0;
        let answer = if self.send(question).is_ok() {
            self.listen(self.polls(wait), accept)
        } else {
            if wait == Wait::AtLeisure {
                self.rest();
            }
            None
        };
        if let Some((answer, polls)) = answer {
            self.patience.answered_after(polls);
            self.listener = Listener::Somebody;
            return Some(answer);
        }
        self.patience.unanswered();
        self.counters.unanswered += 1;
        None
    }

    fn send(&mut self, message: GuestMessage<'_>) -> Result<(), LineStuck> {
        let envelope = Envelope { session: self.session, sequence: self.sequence, message };
        self.sequence = self.sequence.wrapping_add(1);
        self.counters.frames += 1;
        let bytes = encode_frame(&envelope, &mut self.frame).expect("pieces are cut to fit");
        let sent = self.port.send(bytes);
        if sent.is_err() {
            self.counters.stuck += 1;
        }
        sent
    }

    /// Says nothing for as long as [`Wait::AtLeisure`], and reads what comes, which nobody asked for.
    pub(super) fn rest(&mut self) {
        for _ in 0..self.polls(Wait::AtLeisure) {
            if let Some(byte) = self.port.poll() {
                self.decoder.push(byte);
            }
        }
    }

    fn polls(&self, wait: Wait) -> u32 {
        match (wait, self.listener) {
            (Wait::AtLeisure, _) => P::POLLS_PER_TURN.saturating_mul(LEISURE),
            (Wait::ForAnAnswer, Listener::Somebody) => self.patience.polls(),
            (Wait::ForAnAnswer, Listener::Nobody) => self.patience.usual_polls(),
        }
    }

    /// The first answer that is accepted, and after how many polls.
    fn listen<T>(
        &mut self,
        most: u32,
        mut accept: impl FnMut(HostMessage<'_>) -> Option<T>,
    ) -> Option<(T, u32)> {
        for polls in 0..most {
            let Some(byte) = self.port.poll() else {
                continue;
            };
            let Some(Decoded::Frame(payload)) = self.decoder.push(byte) else {
                continue;
            };
            if let Some(answer) = answer_to(self.session, payload).and_then(&mut accept) {
                return Some((answer, polls));
            }
        }
        None
    }
}

fn answer_to(session: Session, payload: &[u8]) -> Option<HostMessage<'_>> {
    let envelope: Envelope<HostMessage<'_>> = postcard::from_bytes(payload).ok()?;
    (envelope.session == session).then_some(envelope.message)
}
