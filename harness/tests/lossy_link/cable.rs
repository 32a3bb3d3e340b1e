//! A serial cable between the guest's link and the host's receiver, in one thread: the host hears
//! what the guest sent and answers when the guest looks for an answer.

use std::collections::VecDeque;

use harness::link::{Answer, Notice, Receiver};
use wire::guest::{LineStuck, SerialPort};

/// Bytes that a 16550 receives without being read.
const FIFO: usize = 16;

/// At 115200 baud a byte takes 87 us.
const POLLS_PER_BYTE: u64 = 87;

/// A link that got nowhere in so many polls, which is two minutes, never will.
const PATIENCE: u64 = 1 << 27;

/// What a cable does to the bytes it carries.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    /// How many bytes in a thousand are dropped, flipped or doubled.
    pub per_mille: u64,
    /// How many transmissions in a thousand are led by stray zeros or text, or repeat what the
    /// cable carried last.
    pub strays_per_mille: u64,
}

impl Noise {
    pub const NONE: Self = Self { per_mille: 0, strays_per_mille: 0 };
    pub const BAD: Self = Self { per_mille: 10, strays_per_mille: 20 };
}

/// One direction of a cable.
#[derive(Debug)]
struct Wire {
    noise: Noise,
    /// Of a `SplitMix64`.
    state: u64,
    carried: Vec<u8>,
}

impl Wire {
    fn new(noise: Noise, seed: u64) -> Self {
        Self { noise, state: seed, carried: Vec::new() }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % below
    }

    /// What arrives of some bytes.
    fn carry(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut arrived = self.stray();
        for &byte in bytes {
            if self.random(1000) >= self.noise.per_mille {
                arrived.push(byte);
                continue;
            }
            match self.random(3) {
                0 => {}
                1 => arrived.push(byte ^ (1 << self.random(8))),
                _ => arrived.extend([byte, byte]),
            }
        }
        self.carried.extend(&arrived);
        arrived
    }

    fn stray(&mut self) -> Vec<u8> {
        if self.random(1000) >= self.noise.strays_per_mille {
            return Vec::new();
        }
        let back = self.random(700) as usize;
        match self.random(4) {
            0 => vec![0; 3],
            1 => b"firmware: a line of text\r\n".to_vec(),
            2 => b"and half a line".to_vec(),
            _ => self.carried[self.carried.len().saturating_sub(back)..].to_vec(),
        }
    }
}

/// What a host made of a run.
#[derive(Debug, Default)]
pub struct Heard {
    pub notices: Vec<Notice>,
    pub records: Vec<Vec<u8>>,
    /// Every byte received, as in `raw.bin`.
    pub raw: Vec<u8>,
}

/// The guest's serial port with the host behind it.
#[derive(Debug)]
pub struct Cable {
    /// `None`: nobody is plugged in, and what is sent is gone.
    pub host: Option<Receiver>,
    pub heard: Heard,
    out: Wire,
    back: Wire,
    to_host: Vec<u8>,
    /// What the guest has not read yet, and when it arrives.
    to_guest: VecDeque<(u64, u8)>,
    /// In polls, which is about microseconds.
    now: u64,
    /// How long the host takes to answer, in polls.
    pub latency: u64,
}

impl Cable {
    pub fn new(host: Option<Answer>, noise: Noise, seed: u64) -> Self {
        Self {
            host: host.map(Receiver::new),
            heard: Heard::default(),
            out: Wire::new(noise, seed),
            back: Wire::new(noise, !seed),
            to_host: Vec::new(),
            to_guest: VecDeque::new(),
            now: 0,
            latency: 0,
        }
    }

    /// Lets the host hear what it has not heard yet.
    pub fn deliver(&mut self) {
        let bytes = std::mem::take(&mut self.to_host);
        let Some(host) = &mut self.host else { return };
        if bytes.is_empty() {
            return;
        }
        self.heard.raw.extend(&bytes);
        for notice in host.push(&bytes) {
            match notice {
                Notice::Reply(frame) => {
                    let due = self.now + self.latency;
                    let bytes = self.back.carry(&frame);
                    self.to_guest.extend(bytes.into_iter().map(|byte| (due, byte)));
                }
                Notice::Record(record) => self.heard.records.push(record),
                other => self.heard.notices.push(other),
            }
        }
    }
}

impl Cable {
    /// While the guest sends nobody reads its receiver, and what does not fit is lost.
    fn overrun(&mut self) {
        let arrived = self.to_guest.partition_point(|&(due, _)| due <= self.now);
        if arrived > FIFO {
            self.to_guest.drain(FIFO..arrived);
        }
    }
}

impl SerialPort for Cable {
    /// A cable of no length: answers are there at once, and only lost ones are waited for.
    const POLLS_PER_TURN: u32 = 1 << 14;

    fn send(&mut self, bytes: &[u8]) -> Result<(), LineStuck> {
        let arrived = self.out.carry(bytes);
        self.to_host.extend(arrived);
        self.now += POLLS_PER_BYTE * bytes.len() as u64;
        self.overrun();
        Ok(())
    }

    fn poll(&mut self) -> Option<u8> {
        self.now += 1;
        assert!(self.now < PATIENCE, "guest and host do not come to an end");
        self.deliver();
        let (due, byte) = *self.to_guest.front()?;
        if due > self.now {
            return None;
        }
        self.to_guest.pop_front();
        Some(byte)
    }
}
