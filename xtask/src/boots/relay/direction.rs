//! One direction of a line.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use fastrand::Rng;
use wire::{Decoded, Envelope, FrameDecoder, GuestMessage};

/// How far back a line repeats itself, in bytes.
const MEMORY: usize = 700;

/// What comes in between although no guest sent it.
const STRAYS: [&[u8]; 2] = [&[0, 0, 0], b"[  12.3456] ACPI Error: no handler for region\r\n"];

/// What a direction does to its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Harm {
    None,
    Bytes { one_in: u32 },
    Bursts { per_cent: u32 },
    Strays { per_cent: u32 },
    Repeats { per_cent: u32 },
    Stalls { times: u32, every: u64, each: Duration },
    Cut { after: u64, time: Duration },
    Death { after: u64, frames: u32, dead: u64 },
}

/// What happens to the line as a whole.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// It stands still.
    Stall(Duration),
    /// Nothing passes either way.
    Cut(Duration),
    /// Nothing passes back any more.
    NoWayBack,
    /// This stretch of the record stream never arrives.
    TakenOut(Range<u32>),
    /// The guest says that its run is over.
    Done,
}

/// Carries bytes and remembers what it needs to.
#[derive(Debug)]
pub(super) struct Wire {
    harm: Harm,
    random: Rng,
    carried: u64,
    recent: VecDeque<u8>,
    last: u8,
    /// Bytes that pass before a burst, and its length.
    burst: (u32, u32),
    /// What has come of the next frame, where only whole ones pass.
    frame: Vec<u8>,
    decoder: FrameDecoder,
}

impl Wire {
    pub(super) fn new(harm: Harm, seed: u64) -> Self {
        Self {
            harm,
            random: Rng::with_seed(seed),
            carried: 0,
            recent: VecDeque::new(),
            last: 0,
            burst: (0, 0),
            frame: Vec::new(),
            decoder: FrameDecoder::default(),
        }
    }

    /// What arrives of some bytes.
    pub(super) fn carry(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Vec<u8> {
        let mut arrived = Vec::new();
        for &byte in bytes {
            let frame_begins = self.last == 0 && byte != 0;
            self.last = byte;
            self.carried += 1;
            let content = self.decoder.push(byte).and_then(Content::of);
            events.extend((content == Some(Content::Done)).then_some(Event::Done));
            match self.harm {
                Harm::Death { .. } => self.pass_dying(byte, content, &mut arrived, events),
                _ => self.pass(byte, frame_begins, &mut arrived, events),
            }
        }
        self.recent.extend(&arrived);
        self.recent.drain(..self.recent.len().saturating_sub(MEMORY));
        arrived
    }

    fn pass(&mut self, byte: u8, begins: bool, arrived: &mut Vec<u8>, events: &mut Vec<Event>) {
        match &mut self.harm {
            Harm::None | Harm::Death { .. } => {}
            Harm::Bytes { one_in } => {
                if self.random.u32(..*one_in) == 0 {
                    arrived.extend(harmed(byte, &mut self.random));
                    return;
                }
            }
            Harm::Bursts { per_cent } => {
                if begins && self.random.u32(..100) < *per_cent {
                    self.burst = (self.random.u32(..400), self.random.u32(20..=60));
                }
                arrived.push(self.within_burst(byte));
                return;
            }
            Harm::Strays { per_cent } => {
                if begins && self.random.u32(..100) < *per_cent {
                    arrived.extend(STRAYS[self.random.usize(..STRAYS.len())]);
                }
            }
            Harm::Repeats { per_cent } => {
                if begins && self.random.u32(..100) < *per_cent {
                    let from = self.random.usize(..=self.recent.len());
                    arrived.extend(self.recent.range(from..));
                }
            }
            Harm::Stalls { times, every, each } => {
                if *times > 0 && self.carried.is_multiple_of(*every) {
                    *times -= 1;
                    events.push(Event::Stall(*each));
                }
            }
            Harm::Cut { after, time } => {
                if self.carried == *after {
                    events.push(Event::Cut(*time));
                }
            }
        }
        arrived.push(byte);
    }

    fn within_burst(&mut self, byte: u8) -> u8 {
        match &mut self.burst {
            (0, 0) => byte,
            (0, left) => {
                *left -= 1;
                self.random.u8(..)
            }
            (skip, _) => {
                *skip -= 1;
                byte
            }
        }
    }

    /// Passes whole frames only, so that it can tell what it takes out.
    fn pass_dying(
        &mut self,
        byte: u8,
        content: Option<Content>,
        arrived: &mut Vec<u8>,
        events: &mut Vec<Event>,
    ) {
        let Harm::Death { after, frames, dead } = &mut self.harm else { return };
        if self.carried == *after {
            events.push(Event::NoWayBack);
        }
        if self.carried == *dead {
            events.push(Event::Cut(Duration::MAX));
        }
        self.frame.push(byte);
        if byte != 0 {
            return;
        }
        let frame = std::mem::take(&mut self.frame);
        match content {
            Some(Content::Data(stretch)) if self.carried > *after && *frames > 0 => {
                *frames -= 1;
                events.push(Event::TakenOut(stretch));
            }
            _ if self.carried < *dead => arrived.extend(frame),
            _ => {}
        }
    }
}

fn harmed(byte: u8, random: &mut Rng) -> Vec<u8> {
    match random.u8(..3) {
        0 => Vec::new(),
        1 => vec![byte ^ 1 << random.u8(..8)],
        _ => vec![byte, byte],
    }
}

/// What a frame of the guest's is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Data(Range<u32>),
    Done,
}

impl Content {
    fn of(decoded: Decoded<'_>) -> Option<Self> {
        let Decoded::Frame(payload) = decoded else { return None };
        let envelope: Envelope<GuestMessage<'_>> = postcard::from_bytes(payload).ok()?;
        match envelope.message {
            GuestMessage::Data { offset, bytes } => {
                Some(Self::Data(offset.0..offset.0 + bytes.len() as u32))
            }
            GuestMessage::Done { .. } => Some(Self::Done),
            _ => None,
        }
    }
}
