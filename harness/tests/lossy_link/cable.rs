//! A serial cable between the guest's link and the host's receiver, in one thread and in a time of its
//! own: a 16550 at the guest's end, 115200 baud, an adapter and a host that take their time.

use std::collections::VecDeque;
use std::time::Duration;

use harness::link::{Answer, Notice, Receiver};
use wire::guest::{LineStuck, SerialPort};

use crate::noise::{Noise, Wire};

/// Bytes that a 16550 holds in each direction.
const FIFO: usize = 16;

/// Ten bits at 115200 baud.
pub const BYTE: Duration = Duration::from_nanos(86_806);

/// A look at the receiver. Coarser than hardware, to be quick, and still much shorter than a byte.
const POLL: Duration = Duration::from_micros(10);

/// A host answers when the line was quiet for so long, as `session` does.
const QUIET: Duration = Duration::from_millis(2);

/// A host looks at what it has at least this often.
const BATCH: Duration = Duration::from_millis(100);

/// A link that got nowhere for so long never will.
const PATIENCE: Duration = Duration::from_mins(20);

/// What stands between the wire and the host's process.
#[derive(Clone, Copy, Debug)]
pub struct Adapter {
    /// Bytes wait so long for more to come,
    pub hold: Duration,
    /// unless there are as many.
    pub full: usize,
}

impl Adapter {
    /// A UART on the host's own bus.
    pub const NONE: Self = Self { hold: Duration::ZERO, full: 1 };
    /// An FTDI chip as Linux sets it up.
    pub const USB: Self = Self { hold: Duration::from_millis(16), full: 62 };
}

/// What a host made of a run.
#[derive(Debug, Default)]
pub struct Heard {
    pub notices: Vec<Notice>,
    pub records: Vec<Vec<u8>>,
    /// Every byte received, as in `raw.bin`.
    pub raw: Vec<u8>,
}

/// A byte on its way to the guest.
#[derive(Clone, Copy, Debug)]
struct Incoming {
    due: Duration,
    byte: u8,
}

/// What happened at the guest's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bytes that the guest sent.
    pub sent: u64,
    /// Bytes that came while the guest was sending, when nobody reads the receiver.
    pub outside_turns: u64,
    /// Bytes that found the receiver's FIFO full.
    pub overruns: u64,
}

/// The guest's serial port with the host behind it.
#[derive(Debug)]
pub struct Cable {
    /// `None`: nobody is plugged in, and what is sent is gone.
    pub host: Option<Receiver>,
    pub heard: Heard,
    pub counts: Counts,
    pub adapter: Adapter,
    /// How long the host takes to answer.
    pub latency: Duration,
    /// The host's process does not run before.
    awake: Duration,
    out: Wire,
    back: Wire,
    now: Duration,
    /// When the last byte in the transmitter will have left.
    transmitted: Duration,
    /// Bytes that left, and when; the host has not read them yet.
    to_host: VecDeque<(Duration, u8)>,
    /// When the last byte of the host's last answer arrives.
    answered: Duration,
    to_guest: VecDeque<Incoming>,
    receiver: VecDeque<u8>,
}

impl Cable {
    /// With the same noise both ways.
    pub fn new(host: Option<Answer>, noise: Noise, seed: u64) -> Self {
        Self::with_noise(host, noise, noise, seed)
    }

    pub fn with_noise(host: Option<Answer>, out: Noise, back: Noise, seed: u64) -> Self {
        Self {
            host: host.map(Receiver::new),
            heard: Heard::default(),
            counts: Counts::default(),
            adapter: Adapter::NONE,
            latency: Duration::ZERO,
            awake: Duration::ZERO,
            out: Wire::new(out, seed),
            back: Wire::new(back, !seed),
            now: Duration::ZERO,
            transmitted: Duration::ZERO,
            to_host: VecDeque::new(),
            answered: Duration::ZERO,
            to_guest: VecDeque::new(),
            receiver: VecDeque::new(),
        }
    }

    /// Time since the cable was made.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// Plugs another host in.
    pub fn plug(&mut self, answer: Answer) {
        self.host = Some(Receiver::new(answer));
        self.heard = Heard::default();
        self.to_host.clear();
    }

    /// Stops the host's process for a while; the adapter and its driver keep what comes.
    pub fn sleep(&mut self, time: Duration) {
        self.awake = self.now + time;
    }

    /// Lets the host hear all that was sent.
    pub fn deliver(&mut self) {
        self.pass(Duration::from_secs(1));
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        assert!(self.now < PATIENCE, "guest and host do not come to an end");
        while let Some((when, bytes)) = self.batch_for_host() {
            self.hear(when, &bytes);
        }
    }

    /// What the host has read by now in one go, and when it looks at it.
    fn batch_for_host(&mut self) -> Option<(Duration, Vec<u8>)> {
        if self.now < self.awake {
            return None;
        }
        let (first, mut count) = self.chunk_of_adapter(0)?;
        let mut last = first;
        while let Some((when, more)) = self.chunk_of_adapter(count)
            && when <= last + QUIET
            && when <= first + BATCH
        {
            count += more;
            last = when;
        }
        if last + QUIET > self.now {
            return None;
        }
        Some((last + QUIET, self.to_host.drain(..count).map(|(_, byte)| byte).collect()))
    }

    /// What the adapter hands on together behind the first `skip` bytes: when, and how many.
    fn chunk_of_adapter(&self, skip: usize) -> Option<(Duration, usize)> {
        let Adapter { hold, full } = self.adapter;
        let waiting = self.to_host.range(skip..);
        let deadline = waiting.clone().next()?.0 + hold;
        let count = waiting.clone().take(full).take_while(|(when, _)| *when <= deadline).count();
        let filled = waiting.clone().nth(full - 1).filter(|(when, _)| *when <= deadline);
        let when = filled.map_or(deadline, |(when, _)| *when);
        Some((when.max(self.awake), count))
    }

    fn hear(&mut self, when: Duration, bytes: &[u8]) {
        let Some(host) = &mut self.host else { return };
        self.heard.raw.extend(bytes);
        for notice in host.push(bytes) {
            match notice {
                Notice::Reply(frame) => {
                    self.answered = self.answered.max(when + self.latency);
                    for byte in self.back.carry(&frame) {
                        self.answered += BYTE;
                        self.to_guest.push_back(Incoming { due: self.answered, byte });
                    }
                }
                Notice::Record(record) => self.heard.records.push(record),
                other => self.heard.notices.push(other),
            }
        }
    }

    /// What has arrived at the guest by now goes into the FIFO, or is lost.
    fn receive(&mut self) {
        while let Some(incoming) = self.to_guest.pop_front_if(|incoming| incoming.due <= self.now) {
            if self.receiver.len() < FIFO {
                self.receiver.push_back(incoming.byte);
            } else {
                self.counts.overruns += 1;
            }
        }
    }

    fn transmit(&mut self, byte: u8) {
        let full = self.transmitted.saturating_sub(BYTE * (FIFO as u32 - 1));
        self.pass(full.saturating_sub(self.now));
        self.transmitted = self.transmitted.max(self.now) + BYTE;
        self.counts.sent += 1;
        for byte in self.out.carry_byte(byte) {
            self.to_host.push_back((self.transmitted, byte));
        }
    }
}

impl SerialPort for Cable {
    /// 100 ms, as everywhere.
    const POLLS_PER_TURN: u32 = 10_000;

    fn send(&mut self, bytes: &[u8]) -> Result<(), LineStuck> {
        self.receive();
        let stray = self.out.stray();
        self.to_host.extend(stray.into_iter().map(|byte| (self.transmitted.max(self.now), byte)));
        for &byte in bytes {
            self.transmit(byte);
        }
        let early = self.to_guest.iter().take_while(|incoming| incoming.due <= self.now).count();
        self.counts.outside_turns += early as u64;
        self.receive();
        Ok(())
    }

    fn poll(&mut self) -> Option<u8> {
        self.pass(POLL);
        self.receive();
        self.receiver.pop_front()
    }
}
