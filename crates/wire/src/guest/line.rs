//! Frames out, answers in.

use core::fmt;

use super::log::{Log, offset};
use super::patience::Patience;
use crate::frame::data_capacity;
use crate::{
    Decoded, Envelope, FrameDecoder, GuestMessage, HostMessage, MAX_FRAME, Session, encode_frame,
};

/// The shortest limit of a frame: with a session below 2^21 about half of it is payload, and of a
/// line that damages one byte in a hundred three in four such frames come through.
const MIN_FRAME: usize = 32;

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

#[derive(Debug)]
pub(super) struct Line<P> {
    port: P,
    session: Session,
    sequence: u32,
    /// The most bytes of a `Data` frame, between [`MIN_FRAME`] and [`MAX_FRAME`].
    frame_limit: usize,
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
            frame_limit: MAX_FRAME,
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

    /// Shorter frames lose less to a bad line.
    pub(super) fn shrink_frames(&mut self) {
        self.frame_limit = (self.frame_limit / 2).max(MIN_FRAME);
    }

    /// Longer frames waste less of a good line.
    pub(super) fn grow_frames(&mut self) {
        self.frame_limit = (self.frame_limit * 2).min(MAX_FRAME);
    }

    /// Sends one frame of the stream between `start` and `end`; how many bytes it carried.
    pub(super) fn send_piece(
        &mut self,
        log: &Log<'_>,
        start: usize,
        end: usize,
    ) -> Result<usize, LineStuck> {
        let place = offset(start);
        let most = data_capacity(self.session, self.sequence, place, self.frame_limit);
        let bytes = log.piece(start, end, most);
        self.send(GuestMessage::Data { offset: place, bytes })?;
        Ok(bytes.len())
    }

    /// Sends a message that grants a turn and listens until `accept` makes something of an answer
    /// or the turn is over. A stuck line is a turn without an answer.
    pub(super) fn ask<T>(
        &mut self,
        question: GuestMessage<'_>,
        accept: impl FnMut(HostMessage<'_>) -> Option<T>,
    ) -> Option<T> {
        self.counters.turns += 1;
        let answer = match self.send(question) {
            Ok(()) => self.listen(accept),
            Err(LineStuck) => None,
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

    /// The first answer that is accepted, and after how many polls.
    fn listen<T>(
        &mut self,
        mut accept: impl FnMut(HostMessage<'_>) -> Option<T>,
    ) -> Option<(T, u32)> {
        let most = match self.listener {
            Listener::Somebody => self.patience.polls(),
            Listener::Nobody => self.patience.usual_polls(),
        };
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
